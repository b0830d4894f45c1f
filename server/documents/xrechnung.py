"""An invoice as XRechnung 3.0: the XML alone, as the German public administration takes it.

It demands more than EN 16931: whom to ask at the seller, electronic addresses of both, and the buyer's reference (Leitweg-ID).
"""

from server.documents.invoice_xml import XRECHNUNG, XRECHNUNG_PROCESS, document_of, written
from server.domain.errors import RuleBroken
from server.domain.invoice import Invoice
from server.domain.paper import PaperParty
from server.language import N_


def xrechnung_xml(invoice: Invoice) -> bytes:
    """Return the XML, checked against its schema; texts in the language spoken now.

    Raises:
        RuleBroken: something that XRechnung demands is not known; its ``field`` names it.
    """
    _check(invoice)
    document = document_of(invoice, XRECHNUNG)
    document.context.business_parameter.id = XRECHNUNG_PROCESS
    return written(document)


def _check(invoice: Invoice) -> None:
    seller, buyer = invoice.seller, invoice.buyer
    demanded = (
        (invoice.buyer_reference, "buyer_reference", N_("An XRechnung needs the buyer's reference, such as its Leitweg-ID.")),
        (seller.contact, "contact", N_("An XRechnung names whom to ask at the seller.")),
        (seller.phone, "phone", N_("An XRechnung needs the seller's telephone number.")),
        (seller.email, "email", N_("An XRechnung needs the seller's e-mail address.")),
        (buyer.email, "email", N_("An XRechnung needs the buyer's e-mail address.")),
        (_has_town(seller), "city", N_("An XRechnung needs the seller's postal code and town.")),
        (_has_town(buyer), "city", N_("An XRechnung needs the buyer's postal code and town.")),
    )
    for value, field, sentence in demanded:
        if not value:
            raise RuleBroken(sentence, field=field)


def _has_town(party: PaperParty) -> bool:
    return bool(party.address.city and party.address.postal_code)
