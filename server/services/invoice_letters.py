"""The mail that tells of a document: to those of its recipient who see money, once, when it is drawn."""

from datetime import datetime

from server.domain.invoice import Invoice, InvoiceKind, PaidBy
from server.domain.sentence import N_
from server.language import money, say, speaking
from server.models.money import Invoice as InvoiceRow
from server.models.party import Party
from server.services import letters, links, mails
from server.services.order_letters import money_readers

_FIRST = "start-"  # an order's first invoice was told of when the order was released
_SUBJECTS = {
    InvoiceKind.INVOICE: N_("Invoice {number}: {amount}, due {due}"),
    InvoiceKind.CANCELLATION: N_("Cancellation invoice {number}: {amount}"),
    InvoiceKind.COMMISSION: N_("Commission statement {number}: {amount}"),
}
_SAID = {
    InvoiceKind.INVOICE: N_("{issuer} has sent you the invoice {number} of {issued}: {amount}."),
    InvoiceKind.CANCELLATION: N_("{issuer} has taken back the invoice {corrects}: {number} of {issued}, {amount}."),
    InvoiceKind.COMMISSION: N_("{issuer} has settled your commission: {number} of {issued}, {amount}."),
}
_HOW = {
    PaidBy.DEBIT: N_("The amount is debited on {due} by the mandate {mandate}. You need not do anything."),
    PaidBy.TRANSFER: N_("Please transfer the amount by {due}; the account stands on the invoice."),
    PaidBy.PAYPAL: N_("It is paid by PayPal by {due}: {page}"),
}


def tell(row: InvoiceRow, document: Invoice, *, now: datetime) -> None:
    """Queue the mail of a document, in the transaction that keeps it."""
    if row.period.startswith(_FIRST) and document.kind is InvoiceKind.INVOICE:
        return
    for reader in money_readers(Party.get_by_id(row.recipient_id)):
        with speaking(reader.language):
            facts = {
                "issuer": document.issuer.name, "number": document.number, "issued": document.issued, "due": document.payment.due,
                "amount": money(document.gross), "mandate": document.payment.mandate, "page": document.payment.link,
                "corrects": document.corrects.number if document.corrects else "",
            }  # fmt: skip
            subject = say(_SUBJECTS[document.kind], **facts)
            paragraphs = [say(_SAID[document.kind], **facts)]
            by = document.payment.by
            is_to_pay = document.kind is InvoiceKind.INVOICE and by in _HOW and (by is not PaidBy.PAYPAL or document.payment.link)
            if is_to_pay:
                paragraphs.append(say(_HOW[by], **facts))
            paragraphs.append(say(N_("You find it, with every line, under “Invoices”: {page}"), page=links.invoice_link(row.id)))
            text = letters.whole(*paragraphs)
        mails.queue(
            to=reader.email, subject=subject, text=text, language=reader.language, party_id=reader.party_id, now=now
        )  # fmt: skip
