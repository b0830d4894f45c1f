"""An invoice as Cross Industry Invoice (UN/CEFACT), the XML of ZUGFeRD and XRechnung, by the rules of EN 16931.

Exact: quantities are days, months or GB-days, and a price is for so many of them (BT-149), so that quantity times price, rounded
half away from zero, is the line's amount to the cent.
"""

from decimal import Decimal

from drafthorse.models.accounting import ApplicableTradeTax
from drafthorse.models.document import Document
from drafthorse.models.note import IncludedNote
from drafthorse.models.party import TaxRegistration, TradeParty
from drafthorse.models.payment import PaymentMeans, PaymentTerms
from drafthorse.models.tradelines import LineItem

from server.documents import invoice_words, words
from server.domain.invoice import Invoice, InvoiceLine, PaidBy
from server.domain.lines import LineKind
from server.domain.money import euros
from server.domain.paper import PaperParty
from server.domain.tax import TaxCategory, TaxGroup, TaxRule

ZUGFERD = "urn:cen.eu:en16931:2017"
XRECHNUNG = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
XRECHNUNG_PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
_SCHEMA = "FACTUR-X_EN16931"
_MONTH, _DAY, _ONE = "MON", "DAY", "C62"  # UN/ECE recommendation 20; it knows no GB-days
_MEANS = {PaidBy.TRANSFER: "58", PaidBy.DEBIT: "59", PaidBy.PAYPAL: "68", PaidBy.OFFSET: "97"}  # UNTDID 4461
_REASONS = {TaxCategory.REVERSE_CHARGE: "VATEX-EU-AE", TaxCategory.OUTSIDE: "VATEX-EU-O"}


def zugferd_xml(invoice: Invoice) -> bytes:
    """Return the XML that lies in the PDF, checked against its schema; texts in the language spoken now."""
    return written(document_of(invoice, ZUGFERD))


def written(document: Document) -> bytes:
    """Return a document as XML, checked against the schema of EN 16931."""
    xml = document.serialize(schema=_SCHEMA)
    assert isinstance(xml, bytes)
    return xml


def document_of(invoice: Invoice, guideline: str) -> Document:
    """Return an invoice by a guideline (BT-24), texts in the language spoken now."""
    document = Document()
    document.context.guideline_parameter.id = guideline
    header = document.header
    header.id, header.type_code, header.issue_date_time = invoice.number, str(invoice.kind), invoice.issued
    for text in (invoice_words.title(invoice), *invoice_words.opening(invoice), *invoice_words.overage_rule(invoice)):
        header.notes.add(IncludedNote(content=text))
    agreement = document.trade.agreement
    agreement.buyer_reference = invoice.buyer_reference
    _fill_party(agreement.seller, invoice.seller, invoice, is_seller=True)
    _fill_party(agreement.buyer, invoice.buyer, invoice, is_seller=False)
    for number, line in enumerate(invoice.lines, 1):
        document.trade.items.add(_line(number, line, invoice))
    _settle(document, invoice)
    return document


def _fill_party(element: TradeParty, party: PaperParty, invoice: Invoice, *, is_seller: bool) -> None:
    element.name = party.name
    if party is invoice.recipient and party.number:
        element.id = party.number
    elif is_seller and (invoice.names_no_vat_ids or not party.vat_id):
        element.id = party.creditor_id or party.tax_number  # without a VAT id the rules want another (BR-CO-26)
    place = party.address
    element.address.line_one, element.address.postcode = words.street(place), place.postal_code
    element.address.city_name, element.address.country_id = place.city, place.country
    if party.email:
        element.electronic_address.uri_ID = ("EM", party.email)
    if party.contact or is_seller:
        element.contact.person_name = party.contact or party.name
    if party.phone:
        element.contact.telephone.number = party.phone
    if party.email:
        element.contact.email.address = party.email
    if party.tax_number and is_seller:
        element.tax_registrations.add(TaxRegistration(id=("FC", party.tax_number)))
    if party.vat_id and not invoice.names_no_vat_ids:
        element.tax_registrations.add(TaxRegistration(id=("VA", party.vat_id)))


def _line(number: int, line: InvoiceLine, invoice: Invoice) -> LineItem:
    item = LineItem()
    item.document.line_id = str(number)
    item.product.name = invoice_words.line_name(line, invoice.kind)
    item.product.description = " · ".join(text for text in (line.contract, invoice_words.line_detail(line)) if text)
    unit = _unit(line)
    item.agreement.net.amount = Decimal(_plain(line.line.price))
    item.agreement.net.basis_quantity = (str(line.price_for), unit)
    item.delivery.billed_quantity = (_plain(line.counted), unit)
    item.settlement.trade_tax.type_code = "VAT"
    item.settlement.trade_tax.category_code = str(line.rule.category)
    if line.rule.category is not TaxCategory.OUTSIDE:
        item.settlement.trade_tax.rate_applicable_percent = Decimal(line.rule.percent)
    item.settlement.period.start, item.settlement.period.end = line.first, line.last
    item.settlement.monetary_summation.total_amount = euros(line.cents)
    return item


def _settle(document: Document, invoice: Invoice) -> None:
    settlement = document.trade.settlement
    settlement.currency_code = "EUR"
    settlement.payment_reference = invoice.number
    _pay(document, invoice)
    for group in invoice.groups:
        settlement.trade_tax.add(_group(group))
    settlement.period.start, settlement.period.end = invoice.period
    document.trade.delivery.event.occurrence = invoice.period[1]
    if invoice.corrects is not None:
        settlement.invoice_referenced_document.issuer_assigned_id = invoice.corrects.number
        settlement.invoice_referenced_document.issue_date_time = invoice.corrects.issued
    sums = settlement.monetary_summation
    sums.line_total, sums.tax_basis_total = euros(invoice.net), euros(invoice.net)
    sums.tax_total = (euros(invoice.vat), "EUR")
    sums.grand_total, sums.due_amount = euros(invoice.gross), euros(invoice.gross)


def _pay(document: Document, invoice: Invoice) -> None:
    payment, settlement = invoice.payment, document.trade.settlement
    means = PaymentMeans()
    means.type_code = _MEANS[payment.by]
    terms = PaymentTerms()
    terms.description = invoice_words.payment_text(invoice)
    if payment.by is PaidBy.DEBIT and payment.account is not None:
        means.payer_account.iban = payment.account.iban
        settlement.creditor_reference_id = invoice.seller.creditor_id
        terms.debit_mandate_id = payment.mandate
    if payment.by is PaidBy.TRANSFER and payment.account is not None:
        means.payee_account.iban, means.payee_account.account_name = payment.account.iban, payment.account.holder
        if payment.account.bic:
            means.payee_institution.bic = payment.account.bic
    if payment.by is PaidBy.PAYPAL:
        means.information.add("PayPal")
    if payment.by is not PaidBy.OFFSET:
        terms.due = payment.due
    settlement.payment_means.add(means)
    settlement.terms.add(terms)


def _group(group: TaxGroup) -> ApplicableTradeTax:
    tax = ApplicableTradeTax()
    tax.calculated_amount, tax.basis_amount = euros(group.vat), euros(group.net)
    tax.type_code, tax.category_code = "VAT", str(group.rule.category)
    _except(tax, group.rule)
    return tax


def _except(tax: ApplicableTradeTax, rule: TaxRule) -> None:
    if rule.category is not TaxCategory.STANDARD:
        tax.exemption_reason = words.tax_note(rule)
    if rule.category in _REASONS:
        tax.exemption_reason_code = _REASONS[rule.category]
    if rule.category is not TaxCategory.OUTSIDE:
        tax.rate_applicable_percent = Decimal(rule.percent)


def _unit(line: InvoiceLine) -> str:
    if line.line.kind is LineKind.OVERAGE:
        return _ONE
    return _MONTH if line.is_whole_months else _DAY


def _plain(value: Decimal) -> str:
    """Return a number without an exponent and without needless zeros; a decimal of its own would write a byte as 1E-9 GB."""
    return f"{value.normalize():f}"
