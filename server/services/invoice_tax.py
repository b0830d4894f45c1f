"""How an issued document is taxed, for the books and for the summary declaration."""

from server.domain.datev import Document
from server.domain.invoice import InvoiceKind
from server.domain.party import TaxStatus
from server.domain.tax import EUROPEAN_UNION, TaxCategory, TaxGroup, TaxRule
from server.models.money import Invoice
from server.models.party import Party


def document_of(row: Invoice) -> Document:
    """Return what the books must know of an issued document."""
    is_commission = row.kind is InvoiceKind.COMMISSION
    seller, buyer = (row.recipient, row.issuer) if is_commission else (row.issuer, row.recipient)
    group = TaxGroup(_rule(row, seller, buyer), row.net)
    return Document(
        is_cancellation=row.kind is InvoiceKind.CANCELLATION, is_commission=is_commission, groups=(group,), vat_id=buyer.vat_id
    )


def _rule(row: Invoice, seller: Party, buyer: Party) -> TaxRule:
    if row.vat:
        return TaxRule(TaxCategory.STANDARD, 19)
    if seller.tax_status is TaxStatus.SMALL_BUSINESS:
        return TaxRule(TaxCategory.EXEMPT, 0)
    if buyer.country not in EUROPEAN_UNION:
        return TaxRule(TaxCategory.OUTSIDE, 0)
    return TaxRule(TaxCategory.REVERSE_CHARGE, 0)
