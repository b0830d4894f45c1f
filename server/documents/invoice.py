"""An invoice as people and programs read it: a letter as PDF/A-3 that carries its ZUGFeRD XML (EN 16931)."""

from facturx import generate_from_binary

from server.documents import invoice_words
from server.documents.invoice_xml import zugferd_xml
from server.documents.letter import write_letter
from server.documents.pictures import giro_code
from server.documents.usage_words import usage_table
from server.documents.words import tax_note
from server.domain.invoice import Invoice, InvoiceKind, PaidBy
from server.language import a_day, current_language, say

_LANGUAGES = {"de": "de-DE", "en": "en-GB"}


def invoice_pdf(invoice: Invoice) -> bytes:
    """Return an invoice as PDF/A-3 with its XML in it (ZUGFeRD, profile EN 16931), in the language spoken now.

    Raises:
        RuleBroken: the issuer's logo or colour cannot be used.
    """
    title = invoice_words.title(invoice)
    letter = write_letter(
        "invoice.html", title=title, sender=invoice.issuer, to=invoice.recipient, facts=_facts(invoice), content=_content(invoice)
    )
    written = generate_from_binary(
        letter,
        zugferd_xml(invoice),
        flavor="factur-x",
        level="en16931",
        check_xsd=False,  # it was, when it was written
        check_schematron=False,
        pdf_metadata={"author": invoice.issuer.name, "title": title, "subject": title, "keywords": "ZUGFeRD, Factur-X"},
        lang=_LANGUAGES[current_language()],
        afrelationship="alternative",  # the XML says all that the pages say
    )
    assert isinstance(written, bytes)
    return written


def _facts(invoice: Invoice) -> list[tuple[str, str]]:
    issuer, recipient = invoice.issuer, invoice.recipient
    return [
        (say("Number"), invoice.number),
        (say("Date"), a_day(invoice.issued)),
        (say("Period"), invoice_words.period(*invoice.period)),
        (say("Partner number") if invoice.kind is InvoiceKind.COMMISSION else say("Customer number"), recipient.number),
        (say("Your VAT id"), recipient.vat_id),
        (say("Your reference"), invoice.buyer_reference),
        (say("Your contact"), issuer.contact),
        (say("Telephone"), issuer.phone),
        (say("E-mail"), issuer.email),
    ]


def _content(invoice: Invoice) -> dict[str, object]:
    payment = invoice.payment
    notes = dict.fromkeys(tax_note(group.rule) for group in invoice.groups)
    content: dict[str, object] = {
        "invoice": invoice,
        "opening": invoice_words.opening(invoice),
        "rows": invoice_words.rows(invoice),
        "total_name": invoice_words.total_name(invoice),
        "tax_notes": [note for note in notes if note],
        "payment_heading": say("Payment"),
        "payment_text": invoice_words.payment_text(invoice),
        "payment_link": payment.link,
        "giro": "",
        "transfer": [],
        "rule_texts": invoice_words.overage_rule(invoice),
        "tables": [usage_table(one) for one in invoice.usage],
    }
    if (
        payment.by is PaidBy.TRANSFER
        and payment.account is not None
        and invoice.kind is InvoiceKind.INVOICE
        and invoice.gross > 0
    ):
        content["giro"] = giro_code(payment.account, invoice.gross, invoice.number)
        content["transfer"] = invoice_words.transfer(invoice, payment.account)
    return content
