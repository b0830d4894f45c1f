"""The documents of what is issued: drawn later, by as many processes as there are; each is kept once, and told of once."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from itertools import islice

import msgspec

from server.documents.invoice import invoice_pdf
from server.documents.invoice_xml import zugferd_xml
from server.domain.errors import ServerError
from server.domain.invoice import Invoice, PaidBy
from server.domain.paper import PaperParty
from server.gateways.files import FileStore
from server.language import LANGUAGES, speaking
from server.models.base import database
from server.models.money import Invoice as InvoiceRow
from server.models.money import Receivable
from server.models.party import Party
from server.services import invoice_letters, pay_links
from server.services.invoice_body import decode

CHUNK = 200
AT_A_TIME = 10  # documents that a runner draws before it looks at the mails again
_log = logging.getLogger("gdpac.invoices")
_left: set[int] = set()
"""what this process could not draw"""


def waiting() -> int:
    """Return how many documents are still to be drawn."""
    return int(InvoiceRow.select().where(InvoiceRow.pdf == "").count())


def to_draw() -> Iterator[int]:
    """Yield what is still to be drawn, the oldest first."""
    last = 0
    rows = InvoiceRow.select(InvoiceRow.id).where(InvoiceRow.pdf == "").order_by(InvoiceRow.id).limit(CHUNK)
    while chunk := [row.id for row in rows.where(InvoiceRow.id > last)]:
        yield from chunk
        last = chunk[-1]


def draw_some(files: FileStore, *, now: datetime) -> bool:
    """Draw the next few documents, so that nothing else waits long for its turn; return whether there was one.

    What cannot be drawn is told of in the log, and tried again by the next process, or by ``gdp-server documents``.
    """
    found = False
    for number in islice((one for one in to_draw() if one not in _left), AT_A_TIME):
        try:
            found |= draw(number, files, now=now)
        except (ServerError, msgspec.ValidationError) as error:
            _left.add(number)
            _log.error("invoice %d cannot be drawn: %s", number, error)
    return found


def draw(invoice_id: int, files: FileStore, *, now: datetime) -> bool:
    """Draw and keep a document unless it is kept; return whether it was done here. Who is told is told with it, once.

    Raises RuleBroken where the issuer's logo or colour cannot be used; SetupError where the file cannot be written.
    """
    row: InvoiceRow = InvoiceRow.get_by_id(invoice_id)
    if row.pdf:
        return False
    document = whole(row, files, now=now)
    with speaking(LANGUAGES[0]):
        name = files.put(invoice_pdf(document))
        xml = sha256(zugferd_xml(document)).hexdigest()
    with database.atomic():
        mine = (InvoiceRow.id == row.id) & (InvoiceRow.pdf == "")
        if InvoiceRow.update(pdf=name, xml=xml).where(mine).execute() != 1:
            return False
        invoice_letters.tell(row, document, now=now)
    return True


def whole(row: InvoiceRow, files: FileStore, *, now: datetime) -> Invoice:
    """Return a document with what is not kept with it: the issuer's logo, and the page on which it is paid by PayPal."""
    document = decode(row.body)
    issuer = Party.get_by_id(row.issuer_id)
    logo = files.get(issuer.brand_logo) if issuer.brand_logo else None
    branded = _branded(document.issuer, logo)
    receivable = Receivable.get_or_none(Receivable.invoice == row.id)
    payment = document.payment
    if payment.by is PaidBy.PAYPAL and receivable is not None and not pay_links.pays_by_itself(row.issuer_id, row.recipient_id):
        payment = replace(payment, link=pay_links.pay_link(receivable.id, now=now))
    if document.issuer is document.seller:
        return replace(document, payment=payment, seller=branded)
    return replace(document, payment=payment, buyer=branded)


def _branded(party: PaperParty, logo: bytes | None) -> PaperParty:
    return replace(party, brand=replace(party.brand, logo=logo))
