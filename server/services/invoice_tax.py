"""How an issued document is taxed, for the books and for the summary declaration.

Told from its sums and its two parties, as they are now: a document's own text names the rule, once it is kept with it.
"""

from server.domain.datev import Document
from server.domain.datev_chart import STANDARD_PERCENT
from server.domain.invoice import InvoiceKind
from server.domain.party import TaxStatus
from server.domain.tax import EUROPEAN_UNION, TaxCategory, TaxGroup, TaxRule
from server.models.money import Invoice
from server.models.party import Party

_TAXED = TaxRule(TaxCategory.STANDARD, STANDARD_PERCENT)


def document_of(row: Invoice, known: dict[int, Party]) -> Document:
    """Return what the books must know of an issued document; ``known`` are parties by number, and grows."""
    is_commission = row.kind is InvoiceKind.COMMISSION
    issuer, recipient = (_party(one, known) for one in (row.issuer_id, row.recipient_id))
    seller, buyer = (recipient, issuer) if is_commission else (issuer, recipient)
    group = TaxGroup(_rule(row, seller, buyer), row.net)
    return Document(
        is_cancellation=row.kind is InvoiceKind.CANCELLATION, is_commission=is_commission, groups=(group,), vat_id=buyer.vat_id
    )


def _rule(row: Invoice, seller: Party, buyer: Party) -> TaxRule:
    if row.vat:
        return _TAXED
    if seller.tax_status is TaxStatus.SMALL_BUSINESS:
        return TaxRule(TaxCategory.EXEMPT, 0)
    if buyer.country not in EUROPEAN_UNION:
        return TaxRule(TaxCategory.OUTSIDE, 0)
    if buyer.country == seller.country:
        return _TAXED  # of so little that the tax is no cent
    return TaxRule(TaxCategory.REVERSE_CHARGE, 0)


def _party(number: int, known: dict[int, Party]) -> Party:
    if number not in known:
        known[number] = Party.get_by_id(number)
    return known[number]
