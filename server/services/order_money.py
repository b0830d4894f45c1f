"""The first invoice of an order: found by its period, ``start-`` and the order's id."""

from datetime import date, timedelta

from server.domain.ledger import EntryKind
from server.domain.mandate import Scheme
from server.models.money import Invoice, LedgerEntry, Receivable
from server.models.order import Order

REVERSIBLE_WEEKS = 8  # a CORE debit, without a reason
_PERIOD = "start-"


def first_receivable(order: Order) -> Receivable | None:
    """Return what is owed by an order's first invoice; None: it has none."""
    mine = (Invoice.period == f"{_PERIOD}{order.id}") & (Invoice.contract == order.contract_id) & Invoice.corrects.is_null()
    found: Receivable | None = Receivable.select().join(Invoice).where(mine).order_by(Receivable.id).first()
    return found


def order_of(receivable: Receivable) -> Order | None:
    """Return the order whose first invoice this is; None: it is another one, or none."""
    invoice = receivable.invoice
    if invoice is None or not invoice.period.startswith(_PERIOD):
        return None
    found: Order | None = Order.get_or_none(Order.id == int(invoice.period.removeprefix(_PERIOD)))
    return found


def was_debited(receivable: Receivable) -> bool:
    """Say whether the first debit for something paid it: none came back."""
    entries = LedgerEntry.select(LedgerEntry.kind).where(LedgerEntry.receivable == receivable.id)
    kinds = {entry.kind for entry in entries}
    return EntryKind.DEBIT in kinds and EntryKind.RETURNED not in kinds


def reversible_until(order: Order) -> date | None:
    """Return until when the debit that paid an order first can be taken back; None: it was paid otherwise, or not yet."""
    receivable = first_receivable(order)
    if receivable is None or order.mandate is None or order.mandate.scheme is not Scheme.CORE or not was_debited(receivable):
        return None
    return receivable.due + timedelta(weeks=REVERSIBLE_WEEKS)
