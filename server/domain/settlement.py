"""What is open between a creditor and its debtors, and what is known of the ways in which it is paid. Pure facts.

Amounts are whole cents. A debit that was given to the bank is an item; a receivable is an invoice or a claim.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from server.domain.sentence import N_, Word
from server.domain.statement import Entry


@dataclass(frozen=True, slots=True)
class Share:
    """What part of a payment goes to a receivable."""

    receivable: str
    cents: int


@dataclass(frozen=True, slots=True)
class Open:
    """A receivable that is not, or not wholly, paid."""

    receivable: str
    debtor: int
    number: str
    """what a debtor quotes when it pays"""
    cents: int
    """what is left of it"""
    due: date


class ItemState(Word):
    """Where a debit stands that was given to the bank."""

    EXPORTED = "exported", N_("at the bank")
    REJECTED = "rejected", N_("rejected by the bank")
    """the bank will not collect it, or so it said before it booked"""
    PAID = "paid", N_("paid")
    RETURNED = "returned", N_("returned")


@dataclass(frozen=True, slots=True)
class Item:
    """One debit that was given to the bank."""

    end_to_end_id: str
    payment_id: str
    message_id: str
    mandate: str
    debtor: int
    iban: str
    cents: int
    due: date
    shares: tuple[Share, ...]
    """what it collects; together its cents"""
    state: ItemState = ItemState.EXPORTED
    settled: tuple[Share, ...] = ()
    """what its payment went to; less than its cents where that was paid otherwise meanwhile"""


@dataclass(frozen=True, slots=True)
class Known:
    """All that a decision about a bank's message may rely on. For one account of one creditor."""

    account: str
    """IBAN"""
    items: tuple[Item, ...] = ()
    opened: tuple[Open, ...] = ()
    accounts: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """by IBAN: the debtors who pay from it"""
    seen: frozenset[str] = frozenset()
    """keys of what was decided already; see ``Outcome.keys``"""
    notices: tuple[Entry, ...] = ()
    """bookings as camt.054 told them"""


def spread(cents: int, opened: Iterable[Open]) -> tuple[tuple[Share, ...], int]:
    """Return how a payment is divided among receivables, in their order, and what is left of it."""
    shares: list[Share] = []
    for one in opened:
        if (part := min(cents, one.cents)) > 0:
            shares.append(Share(one.receivable, part))
            cents -= part
    return tuple(shares), cents


def oldest_first(opened: Iterable[Open]) -> list[Open]:
    """Return receivables in the order in which a payment without a word goes to them (§ 366 BGB: what fell due first)."""
    return sorted(opened, key=lambda one: (one.due, one.number, one.receivable))
