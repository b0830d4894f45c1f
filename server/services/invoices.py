"""Issued documents as their two ends see them: in a list, one with its lines, as PDF and XML. Nobody else sees any."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from peewee import JOIN, Expression

from server.documents.invoice import invoice_pdf
from server.documents.invoice_xml import zugferd_xml
from server.documents.xrechnung import xrechnung_xml
from server.domain.errors import NotFound, RuleBroken
from server.domain.invoice import Invoice, InvoiceKind
from server.domain.listing import ListWish
from server.domain.rights import Right
from server.domain.sentence import N_
from server.gateways.files import FileStore
from server.models.money import Invoice as InvoiceRow
from server.models.money import Receivable
from server.models.party import Party
from server.services.invoice_body import decode
from server.services.invoice_files import whole
from server.services.paging import Page, cut
from server.services.scope import Actor

_COLUMNS = {
    "number": InvoiceRow.number, "issued": InvoiceRow.issued_on, "due": InvoiceRow.due, "gross": InvoiceRow.gross,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class InvoiceInList:
    """One document in a list."""

    id: int
    number: str
    kind: InvoiceKind
    other: str
    """the party on the other end"""
    issued_on: date
    due: date
    gross: int
    open_cents: int
    """0 where nothing is open"""


@dataclass(frozen=True, slots=True)
class InvoicePage:
    """One document with all that is known of it."""

    id: int
    document: Invoice
    open_cents: int
    cancelled_by: int | None
    cancelled_number: str
    corrects_id: int | None
    may_cancel: bool
    has_pdf: bool
    """it is drawn already"""


@dataclass(frozen=True, slots=True)
class File:
    """Something to be downloaded."""

    name: str
    content: bytes


def list_invoices(actor: Actor, wish: ListWish, *, received: bool) -> Page[InvoiceInList]:
    """Return the documents that the actor's party received, or issued; searched by number and by the other end's name."""
    actor.need(Right.SEE_MONEY)
    mine, other = (
        (InvoiceRow.recipient, InvoiceRow.issuer) if received else (InvoiceRow.issuer, InvoiceRow.recipient)
    )  # fmt: skip
    party = Party.alias()
    column: Any = party.legal_name if wish.sort == "other" else _COLUMNS.get(wish.sort, InvoiceRow.issued_on)
    order = column.desc() if wish.is_descending else column.asc()
    query = (
        InvoiceRow.select(InvoiceRow, party.legal_name.alias("other_name"), Receivable.open_cents.alias("open_now"))
        .join(party, on=other == party.id)
        .switch(InvoiceRow)
        .join(Receivable, JOIN.LEFT_OUTER, on=Receivable.invoice == InvoiceRow.id)
        .where(mine == actor.party_id)
    )
    counted = InvoiceRow.select().where(mine == actor.party_id)
    if wish.search:
        found = InvoiceRow.number.contains(wish.search) | party.legal_name.contains(wish.search)
        query = query.where(found)
        counted = query
    turned = InvoiceRow.id.desc() if wish.is_descending else InvoiceRow.id
    return cut(query.order_by(order, turned).objects(), _in_list, page=wish.page, counted=counted)


def invoice_page(actor: Actor, invoice_id: int) -> InvoicePage:
    """Return one document. Raises NotFound, NotAllowed."""
    row = _visible(actor, invoice_id)
    owed = Receivable.get_or_none(Receivable.invoice == row.id)
    by = InvoiceRow.get_or_none(InvoiceRow.corrects == row.id)
    is_cancellable = row.kind is InvoiceKind.INVOICE and by is None and row.issuer_id == actor.party_id
    return InvoicePage(
        id=row.id,
        document=decode(row.body),
        open_cents=owed.open_cents if owed else 0,
        cancelled_by=by.id if by else None,
        cancelled_number=by.number if by else "",
        corrects_id=row.corrects_id,
        may_cancel=is_cancellable and actor.may(Right.MANAGE_MONEY),
        has_pdf=bool(row.pdf),
    )


def pdf_of(actor: Actor, invoice_id: int, files: FileStore, *, now: datetime) -> File:
    """Return a document as it was drawn; drawn now where it was not yet. Raises NotFound, NotAllowed, FileMissing."""
    row = _visible(actor, invoice_id)
    content = files.get(row.pdf) if row.pdf else invoice_pdf(whole(row, files, now=now))
    return File(f"{_safe(row.number)}.pdf", content)


def xml_of(actor: Actor, invoice_id: int, files: FileStore, *, now: datetime) -> File:
    """Return a document as XRechnung where it has all that this demands, else as the XML that is in its PDF."""
    row = _visible(actor, invoice_id)
    document = whole(row, files, now=now)
    try:
        content = xrechnung_xml(document)
    except RuleBroken:
        content = zugferd_xml(document)
    return File(f"{_safe(row.number)}.xml", content)


def _visible(actor: Actor, invoice_id: int) -> InvoiceRow:
    actor.need(Right.SEE_MONEY)
    mine: Expression = (InvoiceRow.issuer == actor.party_id) | (InvoiceRow.recipient == actor.party_id)
    row: InvoiceRow | None = InvoiceRow.get_or_none((InvoiceRow.id == invoice_id) & mine)
    if row is None:
        raise NotFound(N_("There is no such invoice."))
    return row


def _in_list(row: Any) -> InvoiceInList:
    return InvoiceInList(
        id=row.id, number=row.number, kind=row.kind, other=row.other_name, issued_on=row.issued_on, due=row.due, gross=row.gross,
        open_cents=row.open_now or 0,
    )  # fmt: skip


def _safe(number: str) -> str:
    """Return a number as the name of a file: an issuer chooses its prefix."""
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in number)
