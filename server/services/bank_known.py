"""What the rules about bank messages may rely on, read from the rows; and how their facts lie in rows."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from server.domain.errors import RuleBroken
from server.domain.matching import Match, Suggestion, Unmatched, Why
from server.domain.party import PartyKind
from server.domain.sentence import N_
from server.domain.settlement import Item, Known, Share
from server.domain.statement import Detail, Direction, Entry
from server.models.bank import BankFile, BankNotice, CollectionItem, QueuedPart, SeenBooking
from server.models.contract import Mandate
from server.models.customer import BankAccount
from server.models.money import Receivable
from server.models.party import Party
from server.services import ledger

REMEMBERED = timedelta(days=550)  # a debit without a mandate can be taken back for 13 months


def creditor_of(account: str) -> int:
    """Return the party whose account a bank writes about. Raises RuleBroken where it is nobody's who collects."""
    mine = (BankAccount.iban == account) & (Party.kind != PartyKind.CUSTOMER)
    row = BankAccount.select().join(Party).where(mine).order_by(BankAccount.replaced_at.is_null().desc(), BankAccount.id).first()
    if row is None:
        raise RuleBroken(
            N_("The account {masked} belongs to no party here."),
            N_("Enter it as the bank account of the party whose statement this is."),
            masked=f"{account[:4]}...{account[-4:]}",
        )
    return int(row.party_id)


def known(creditor_id: int, account: str, keys: Iterable[str], day: date) -> Known:
    """Return what is known when a message about an account is looked at.

    Args:
        creditor_id: whose account.
        account: IBAN.
        keys: of the bookings in question.
        day: of the oldest of them.
    """
    mine = (Receivable.creditor == creditor_id) & (Receivable.open_cents > 0)
    opened = tuple(ledger.as_open(row) for row in Receivable.select().where(mine).order_by(Receivable.id))
    return Known(
        account,
        items_since(creditor_id, day - REMEMBERED),
        opened,
        _accounts(creditor_id),
        _seen(account, keys),
        tuple(read_entry(row.body) for row in BankNotice.select().where(BankNotice.account == account).order_by(BankNotice.id)),
    )


def items_since(creditor_id: int, since: date) -> tuple[Item, ...]:
    """Return a creditor's debits that fell due since a day."""
    rows = (
        CollectionItem.select(CollectionItem, BankFile)
        .join(BankFile)
        .where((CollectionItem.creditor == creditor_id) & (CollectionItem.due >= since))
        .order_by(CollectionItem.id)
    )
    return tuple(item_of(row) for row in rows)


def item_of(row: CollectionItem) -> Item:
    """Return a debit as the rules see it."""
    return Item(
        row.end_to_end_id, row.payment_id, row.file.message_id, row.mandate, row.debtor_id, row.iban, row.cents, row.due,
        read_shares(row.shares), row.state, read_shares(row.settled),
    )  # fmt: skip


def read_shares(text: str) -> tuple[Share, ...]:
    """Return what ``write_shares`` wrote."""
    return tuple(Share(str(receivable), cents) for receivable, cents in json.loads(text))


def write_shares(shares: Iterable[Share]) -> str:
    """Return shares as JSON: pairs of a receivable's id and cents."""
    return json.dumps([[int(one.receivable), one.cents] for one in shares])


def read_entry(text: str) -> Entry:
    """Return what ``write_entry`` wrote."""
    told: dict[str, Any] = json.loads(text)
    details = tuple(Detail(**one | {"direction": Direction(one["direction"])}) for one in told["details"])
    shaped = {"booked": date.fromisoformat(told["booked"]), "direction": Direction(told["direction"]), "details": details}
    return Entry(**told | shaped)


def write_entry(entry: Entry) -> str:
    """Return a booking as JSON."""
    return json.dumps(asdict(entry), ensure_ascii=False, default=str)


def read_part(row: QueuedPart) -> Unmatched:
    """Return what waits for a person, as the rules told it."""
    suggestions = tuple(Suggestion(owed, debtor, cents, Match(by)) for owed, debtor, cents, by in json.loads(row.suggestions))
    return Unmatched(row.key, row.cents, Why(row.why), suggestions)


def write_suggestions(suggestions: Iterable[Suggestion]) -> str:
    """Return suggestions as JSON."""
    return json.dumps([[one.receivable, one.debtor, one.cents, str(one.by)] for one in suggestions])


def _accounts(creditor_id: int) -> dict[str, frozenset[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for mandate in Mandate.select(Mandate.iban, Mandate.debtor).where(Mandate.creditor == creditor_id):
        found[mandate.iban].add(mandate.debtor_id)
    debtors = Receivable.select(Receivable.debtor).where((Receivable.creditor == creditor_id) & (Receivable.open_cents > 0))
    for row in BankAccount.select(BankAccount.iban, BankAccount.party).where(BankAccount.party.in_(debtors)):
        found[row.iban].add(row.party_id)
    return {iban: frozenset(debtors) for iban, debtors in found.items()}


def _seen(account: str, keys: Iterable[str]) -> frozenset[str]:
    """Return what was decided of some bookings: they, and payments of theirs."""
    wanted = set(keys)
    rows = SeenBooking.select(SeenBooking.key).where(SeenBooking.account == account)
    return frozenset(row.key for row in rows if row.key in wanted or row.key.rpartition("#")[0] in wanted)
