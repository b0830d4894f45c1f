"""The summary declaration of an issuer: by the month in which each service was delivered, cancellations taken off."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from peewee import SQL, fn

from server.domain.invoice import InvoiceKind
from server.domain.rights import Right
from server.domain.summary_declaration import DeclaredLine, Sale, Span, declared, write_declaration
from server.domain.tax import TaxCategory
from server.models.base import database
from server.models.money import Invoice, InvoiceLine
from server.models.party import Party
from server.services.books import File, need_issuer
from server.services.invoice_tax import document_of
from server.services.scope import Actor


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is to be declared for a span."""

    span: Span
    lines: tuple[DeclaredLine, ...]

    @property
    def euros(self) -> int:
        """The sum of the amounts as they are declared."""
        return sum(one.euros for one in self.lines)


def declaration(actor: Actor, span: Span) -> Declaration:
    """Return what the actor's party has to declare. Raises NotAllowed, RuleBroken."""
    actor.need(Right.MANAGE_MONEY)
    return declaration_of(actor.party_id, span)


def declaration_file(actor: Actor, span: Span) -> File:
    """Return the same as a file that Mein ELSTER imports. Raises NotAllowed, RuleBroken."""
    return file_of(declaration(actor, span))


def declaration_of(party_id: int, span: Span) -> Declaration:
    """Return what a party has to declare. Raises NotFound; RuleBroken where a VAT id is missing."""
    need_issuer(party_id)
    with database.atomic():
        return Declaration(span, declared(_sales(party_id, span)))


def file_of(made: Declaration) -> File:
    """Return a declaration as a file. Raises RuleBroken where it has too many lines."""
    return File(f"ZM_{made.span}.csv", write_declaration(made.lines))


def _sales(party_id: int, span: Span) -> Iterator[Sale]:
    """Yield, for each invoice and cancellation without VAT, what of it was delivered in the span."""
    months = [str(month) for month in span.months]
    sums: Any = (
        InvoiceLine.select(InvoiceLine.invoice, fn.SUM(InvoiceLine.cents))
        .join(Invoice, on=InvoiceLine.invoice == Invoice.id)
        .where((Invoice.issuer == party_id) & InvoiceLine.month.in_(months) & (Invoice.vat == SQL("0")))
        .where(Invoice.kind.in_([InvoiceKind.INVOICE, InvoiceKind.CANCELLATION]))
        .group_by(InvoiceLine.invoice)
        .order_by(InvoiceLine.invoice)
        .tuples()
    )
    parties: dict[int, Party] = {}
    for invoice_id, cents in list(sums):
        row = Invoice.get_by_id(invoice_id)
        document = document_of(row, parties)
        if any(group.rule.category is TaxCategory.REVERSE_CHARGE for group in document.groups):
            yield Sale(document.vat_id, parties[row.recipient_id].legal_name, row.number, int(cents))
