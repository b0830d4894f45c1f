"""An invoice is taken back whole: by a document with a number of its own. What was not paid is set off, the rest is a credit."""

from datetime import date, datetime

from server.domain.actions import Action
from server.domain.addresses import clean_text
from server.domain.errors import NotFound, RuleBroken
from server.domain.invoice import Invoice, InvoiceKind, cancellation
from server.domain.ledger import EntryKind, ReceivableKind
from server.domain.rights import Right
from server.domain.sentence import N_
from server.models.base import database
from server.models.money import Invoice as InvoiceRow
from server.models.money import Receivable
from server.services import audit, ledger
from server.services.invoice_body import decode
from server.services.issuing import Planned, draw_number, store
from server.services.scope import Actor, hold

REASON_LENGTH = 300


def cancel(actor: Actor, invoice_id: int, reason: str, *, today: date, now: datetime) -> int:
    """Take an invoice back that the actor's party has issued; return the number of the cancellation's row.

    What it billed counts as not billed from now on: the next run bills it again, as it is right then.
    Raises NotFound, NotAllowed; RuleBroken without a reason, or where it is cancelled already.
    """
    told = clean_text(reason, field="reason", longest=REASON_LENGTH)
    with database.atomic():
        row = to_cancel(actor, invoice_id)
        hold(row.issuer_id)
        if not told:
            raise RuleBroken(N_("Say why; it stands on the cancellation."), field="reason")
        if InvoiceRow.select().where(InvoiceRow.corrects == row.id).exists():
            raise RuleBroken(N_("{number} is cancelled already."), number=row.number)
        document = cancellation(decode(row.body), number=draw_number(row.issuer_id, today), issued=today, reason=told)
        made = store(document, _planned(row, document), now=now, corrects_id=row.id)
        _settle(row, document, made, now=now)
        audit.record(
            actor, Action.INVOICE_CANCELLED, now=now, party_id=row.issuer_id, subject=("invoice", row.id),
            details={"number": row.number, "cancellation": document.number},
        )  # fmt: skip
        return made


def to_cancel(actor: Actor, invoice_id: int) -> InvoiceRow:
    """Return an invoice that the actor may take back. Raises NotFound, NotAllowed, RuleBroken for what is no invoice."""
    actor.need(Right.MANAGE_MONEY)
    row: InvoiceRow | None = InvoiceRow.get_or_none((InvoiceRow.id == invoice_id) & (InvoiceRow.issuer == actor.party_id))
    if row is None:
        raise NotFound(N_("There is no such invoice."))
    if row.kind is not InvoiceKind.INVOICE:
        raise RuleBroken(N_("{number} is no invoice that could be cancelled."), number=row.number)
    return row


def _planned(row: InvoiceRow, document: Invoice) -> Planned:
    return Planned(
        document.kind, row.issuer_id, row.recipient_id, row.period, document.lines, contract_id=row.contract_id
    )  # fmt: skip


def _settle(row: InvoiceRow, document: Invoice, made: int, *, now: datetime) -> None:
    """Set off what is still open of the invoice; what was paid of it stays as a credit."""
    owed = Receivable.get_or_none(Receivable.invoice == row.id)
    if owed is None:
        return
    owing = ledger.Owing(
        row.issuer_id, row.recipient_id, ReceivableKind.CREDIT, document.number, document.gross, document.issued,
        document.issued, row.contract_id, made,
    )  # fmt: skip
    back = ledger.issue(owing, now=now)
    if owed.open_cents:
        day = document.issued
        ledger.book(owed.id, EntryKind.OFFSET, -owed.open_cents, booked_on=day, source=document.number, now=now)
        ledger.book(back, EntryKind.OFFSET, owed.open_cents, booked_on=day, source=row.number, now=now)
