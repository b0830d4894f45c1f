"""The book of what is owed: the only place where the open part of a receivable changes, always together with an entry.

A receivable's key in ``settlement`` (``Share``, ``Open``) is its number as text. Everything here is called within the transaction
of what it follows from.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from server.domain.ledger import EntryKind, ReceivableKind
from server.domain.settlement import Open, Share
from server.models.base import database
from server.models.money import LedgerEntry, Receivable


@dataclass(frozen=True, slots=True)
class Owing:
    """Something that is to be owed."""

    creditor_id: int
    debtor_id: int
    kind: ReceivableKind
    number: str
    cents: int
    """negative: the creditor owes it"""
    issued_on: date
    due: date
    contract_id: int | None = None
    invoice_id: int | None = None
    reason: str = ""


def issue(owing: Owing, *, now: datetime) -> int:
    """Enter what is owed from now on. Returns the receivable's id. Raises IntegrityError for a number that is there already."""
    with database.atomic():
        row = Receivable.create(
            creditor=owing.creditor_id, debtor=owing.debtor_id, contract=owing.contract_id, invoice=owing.invoice_id,
            kind=owing.kind, number=owing.number, reason=owing.reason, issued_on=owing.issued_on, due=owing.due,
            cents=owing.cents, open_cents=0,
        )  # fmt: skip
        book(row.id, EntryKind.ISSUED, owing.cents, booked_on=owing.issued_on, source=owing.number, now=now)
        return int(row.id)


def book(receivable_id: int, kind: EntryKind, cents: int, *, booked_on: date, source: str, now: datetime, note: str = "") -> None:
    """Change what is open of a receivable by signed cents. Raises IntegrityError where the same source did so before."""
    with database.atomic():
        LedgerEntry.create(
            receivable=receivable_id, kind=kind, cents=cents, booked_on=booked_on, source=source, note=note, at=now
        )
        changed = Receivable.update(open_cents=Receivable.open_cents + cents).where(Receivable.id == receivable_id).execute()
        if changed != 1:
            raise LookupError(f"there is no receivable {receivable_id}")


def pay(shares: Iterable[Share], kind: EntryKind, *, booked_on: date, source: str, now: datetime) -> None:
    """Enter what a payment goes to."""
    for share in shares:
        book(int(share.receivable), kind, -share.cents, booked_on=booked_on, source=source, now=now)


def open_between(creditor_id: int, debtor_id: int) -> tuple[Receivable, ...]:
    """Return what is open between two parties, credits (negative) too, what falls due first first."""
    mine = (Receivable.creditor == creditor_id) & (Receivable.debtor == debtor_id) & (Receivable.open_cents != 0)
    return tuple(Receivable.select().where(mine).order_by(Receivable.due, Receivable.id))


def as_open(row: Receivable) -> Open:
    """Return what payments are matched with."""
    return Open(str(row.id), row.debtor_id, row.number, row.open_cents, row.due)
