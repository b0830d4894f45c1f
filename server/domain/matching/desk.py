"""The state of things while the bookings of one message are decided one after the other: what is open, where each debit stands.

Whoever decides takes from here, so that two bookings never pay the same twice. Never leaves ``matching``.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import TypeVar

from server.domain.matching.decisions import Match, Paid, Returned
from server.domain.matching.remittance import bare
from server.domain.settlement import Item, ItemState, Known, Open, Share, oldest_first, spread

K = TypeVar("K")
V = TypeVar("V")

LATEST_BOOKING = timedelta(days=7)  # a batch is booked on its day; over Christmas and weekends the statement may come later


class Desk:
    """What is known, and what has been decided since."""

    def __init__(self, known: Known) -> None:
        self.accounts = known.accounts
        self.seen = set(known.seen)
        self.split = {key.rpartition("#")[0] for key in known.seen if "#" in key}
        self._items = {one.end_to_end_id: one for one in known.items}
        self._by_batch = _grouped((one.payment_id, one.end_to_end_id) for one in known.items)
        self._by_file = _grouped((one.message_id, one.payment_id) for one in known.items)
        self._by_mandate = _grouped((one.mandate, one.end_to_end_id) for one in known.items)
        self._items_of_debtor = _grouped((one.debtor, one.end_to_end_id) for one in known.items)
        self._by_account = _grouped((one.iban, one.end_to_end_id) for one in known.items)
        self._open = {one.receivable: one for one in known.opened}
        self._by_debtor = _grouped((one.debtor, one.receivable) for one in known.opened)
        self._by_cents = _grouped((one.cents, one.receivable) for one in known.opened)
        self.numbers = {number: one.receivable for one in known.opened if (number := bare(one.number))}

    def item(self, end_to_end_id: str) -> Item | None:
        """Return a debit as it stands now."""
        return self._items.get(end_to_end_id)

    def items_of_batch(self, payment_id: str) -> list[Item]:
        """Return the debits of a batch; none for one that is not known."""
        return [self._items[one] for one in self._by_batch.get(payment_id, ())]

    def batches_of_file(self, message_id: str) -> list[str]:
        """Return the batches that a file holds."""
        return list(self._by_file.get(message_id, ()))

    def batches_due(self, booked: date) -> Iterator[str]:
        """Yield the batches that may be booked on a day, and are not."""
        for payment_id, ids in self._by_batch.items():
            first = self._items[next(iter(ids))]
            waits = any(self._items[one].state is ItemState.EXPORTED for one in ids)
            if waits and first.due <= booked <= first.due + LATEST_BOOKING:
                yield payment_id

    def items_of_mandate(self, mandate: str) -> list[Item]:
        """Return the debits that were made by a mandate."""
        return [self._items[one] for one in self._by_mandate.get(mandate, ())]

    def items_of_account(self, iban: str) -> list[Item]:
        """Return the debits that were made from an account."""
        return [self._items[one] for one in self._by_account.get(iban, ())]

    def open_one(self, receivable: str) -> Open | None:
        """Return what is open of a receivable now."""
        return self._open.get(receivable)

    def open_of(self, debtor: int) -> list[Open]:
        """Return what a debtor owes now, oldest first."""
        return oldest_first(self._open[one] for one in self._by_debtor.get(debtor, ()) if one in self._open)

    def open_with(self, cents: int) -> list[Open]:
        """Return the receivables of which just so much is open."""
        return [self._open[one] for one in self._by_cents.get(cents, ()) if one in self._open and self._open[one].cents == cents]

    def collect(self, item: Item, key: str, by: Match) -> Paid:
        """Take a debit for paid."""
        wanted = [
            replace(one, cents=min(one.cents, share.cents)) for share in item.shares if (one := self._open.get(share.receivable))
        ]
        shares, excess = spread(item.cents, wanted)
        self._take(shares)
        self._items[item.end_to_end_id] = replace(item, state=ItemState.PAID, settled=shares)
        return Paid(key, item.debtor, item.cents, shares, excess, by, item.end_to_end_id)

    def settle(self, debtor: int, cents: int, first: Iterable[Open], key: str, by: Match) -> Paid:
        """Take what a debtor paid: for some receivables first, then for the others, oldest first."""
        named, under_way = list(first), self._under_way(debtor)
        others = [one for one in self.open_of(debtor) if one not in named and one.receivable not in under_way]
        shares, excess = spread(cents, [*named, *others])
        self._take(shares)
        return Paid(key, debtor, cents, shares, excess, by)

    def give_back(self, item: Item, key: str, charge: int, code: str, by: Match) -> Returned:
        """Take a debit for returned. What is open again is left alone: nothing that comes is asked after what left."""
        self._items[item.end_to_end_id] = replace(item, state=ItemState.RETURNED, settled=())
        excess = item.cents - sum(share.cents for share in item.settled)
        return Returned(key, item.end_to_end_id, item.debtor, item.cents, item.settled, excess, charge, code, by)

    def _under_way(self, debtor: int) -> set[str]:
        """Return what debits at the bank will collect: nothing but a debtor's own word pays it otherwise."""
        theirs = (self._items[one] for one in self._items_of_debtor.get(debtor, ()))
        waiting = [one for one in theirs if one.state is ItemState.EXPORTED]
        return {share.receivable for one in waiting for share in one.shares}

    def _take(self, shares: Iterable[Share]) -> None:
        for share in shares:
            one = self._open[share.receivable]
            if one.cents == share.cents:
                del self._open[share.receivable]
            else:
                self._open[share.receivable] = replace(one, cents=one.cents - share.cents)


def _grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, dict[V, None]]:
    """Return what belongs to each key, each once and in order."""
    grouped: dict[K, dict[V, None]] = defaultdict(dict)
    for key, value in pairs:
        grouped[key][value] = None
    return dict(grouped)
