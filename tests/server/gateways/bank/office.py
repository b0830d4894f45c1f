"""A creditor's books for tests: keeps what decisions say, as the database will, and nothing more."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from server.domain.matching import (
    Charged,
    Decision,
    Outcome,
    Paid,
    Rejected,
    Returned,
    StatusUnknown,
    Unmatched,
    match_entries,
    match_report,
    match_statement,
)
from server.domain.settlement import Item, ItemState, Known, Open, Share
from server.domain.statement import Entry, Statement, StatementKind
from server.gateways.bank.inbox import read_bank_file


@dataclass
class Office:
    """Items, receivables, and what is in the queue."""

    account: str
    items: dict[str, Item] = field(default_factory=dict)
    invoices: dict[str, Open] = field(default_factory=dict)
    """each with what it came to at first"""
    accounts: dict[str, frozenset[int]] = field(default_factory=dict)
    allocated: Counter[str] = field(default_factory=Counter)
    credit: Counter[int] = field(default_factory=Counter)
    claims: Counter[int] = field(default_factory=Counter)
    seen: frozenset[str] = frozenset()
    notices: tuple[Entry, ...] = ()
    queue: dict[str, Entry] = field(default_factory=dict)
    unmatched: dict[str, Unmatched] = field(default_factory=dict)
    strange: list[StatusUnknown] = field(default_factory=list)
    cash: int = 0
    """what all booked decisions moved on the account"""

    def open_cents(self, receivable: str) -> int:
        """Return what is open of an invoice."""
        return self.invoices[receivable].cents - self.allocated[receivable]

    def owes(self, debtor: int) -> int:
        """Return what a debtor owes: invoices and claims, less what is kept for it."""
        mine = (one.receivable for one in self.invoices.values() if one.debtor == debtor)
        return sum(map(self.open_cents, mine)) + self.claims[debtor] - self.credit[debtor]

    def remember(self, *items: Item, invoices: Iterable[Open] = ()) -> None:
        """Take up what was exported, and what is open."""
        self.items |= {one.end_to_end_id: one for one in items}
        self.invoices |= {one.receivable: one for one in invoices}
        for one in items:
            self.accounts[one.iban] = self.accounts.get(one.iban, frozenset()) | {one.debtor}

    def read(self, data: bytes) -> list[Decision]:
        """Import a file, and look at the queue again. Returns all that was decided about bookings."""
        decided: list[Decision] = []
        for message in read_bank_file("from the bank", data):
            if isinstance(message, Statement):
                decided += self._read_statement(message)
            else:
                for found in match_report(self._known(), message):
                    if isinstance(found, Rejected):
                        self._state(found.end_to_end_id, ItemState.REJECTED)
                    else:
                        self.strange.append(found)
        return decided + self._carry_out(list(self.queue.values()), match_entries(self._known(), list(self.queue.values())))

    def _read_statement(self, statement: Statement) -> list[Decision]:
        if statement.kind is StatementKind.NOTICE:
            self.notices += statement.entries
        return self._carry_out(statement.entries, match_statement(self._known(), statement))

    def _known(self) -> Known:
        opened = (replace(one, cents=self.open_cents(one.receivable)) for one in self.invoices.values())
        return Known(
            self.account,
            tuple(self.items.values()),
            tuple(one for one in opened if one.cents > 0),
            self.accounts,
            self.seen,
            self.notices,
        )

    def _carry_out(self, entries: Iterable[Entry], outcomes: Iterable[Outcome]) -> list[Decision]:
        decided: list[Decision] = []
        for entry, outcome in zip(entries, outcomes, strict=False):
            assert entry.key == outcome.key
            decided += outcome.decisions
            if outcome.changes_nothing:
                continue
            self.queue.pop(entry.key, None)
            self.unmatched = {key: one for key, one in self.unmatched.items() if not key.startswith(entry.key)}
            for one in outcome.decisions:
                self._do(one, entry)
            self.seen |= outcome.keys
        return decided

    def _do(self, decision: Decision, entry: Entry) -> None:
        if isinstance(decision, Unmatched):
            self.queue[entry.key] = entry
            self.unmatched[decision.key] = decision
        elif isinstance(decision, Paid):
            self._paid(decision)
        elif isinstance(decision, Returned):
            self._returned(decision)
        elif isinstance(decision, Charged):
            self.claims[decision.debtor] += decision.cents
            self.cash -= decision.cents

    def _paid(self, paid: Paid) -> None:
        assert sum(one.cents for one in paid.shares) + paid.excess == paid.cents
        self.cash += paid.cents
        self.credit[paid.debtor] += paid.excess
        for share in paid.shares:
            self.allocated[share.receivable] += share.cents
            assert self.open_cents(share.receivable) >= 0
        if paid.end_to_end_id:
            self._state(paid.end_to_end_id, ItemState.PAID, paid)

    def _returned(self, returned: Returned) -> None:
        assert sum(one.cents for one in returned.shares) + returned.excess == returned.cents
        self.cash -= returned.cents + returned.charge
        self.credit[returned.debtor] -= returned.excess
        self.claims[returned.debtor] += returned.charge
        for share in returned.shares:
            self.allocated[share.receivable] -= share.cents
        self._state(returned.end_to_end_id, ItemState.RETURNED)

    def _state(self, end_to_end_id: str, state: ItemState, paid: Paid | None = None) -> None:
        settled = paid.shares if paid else ()
        self.items[end_to_end_id] = replace(self.items[end_to_end_id], state=state, settled=settled)


def item(number: int, cents: int, iban: str, *, due: date, file: int = 1) -> Item:
    """Return what is remembered of ``samples.debit(number, cents)`` in ``samples.file_of(..., number=file)``."""
    message_id = f"GDP-{file:06}"
    shares = (Share(f"R-{number:06}", cents),)
    return Item(f"R-{number:06}-1", f"{message_id}-1", message_id, f"M-{number:06}", number, iban, cents, due, shares)


def invoice(number: int, cents: int, *, due: date) -> Open:
    """Return the invoice that ``item(number, cents)`` collects. Its debtor has the same number."""
    return Open(f"R-{number:06}", number, f"R-2026-{number:04}", cents, due)
