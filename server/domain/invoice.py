"""An invoice as it is issued: who, what for, how much, how it is paid. Pure; its amounts are those of its lines, in cents.

Quantities are exact and are written so: a part of a month in days at the price of a month of so many days, storage in GB-days
likewise. Whoever multiplies what stands on an invoice gets the cents that stand on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from server.domain.errors import RuleBroken
from server.domain.lines import Line, LineKind
from server.domain.month import Month
from server.domain.paper import Account, PaperParty
from server.domain.sentence import N_, Word
from server.domain.service import Service
from server.domain.tax import TaxCategory, TaxGroup, TaxRule, tax_groups
from server.domain.usage import UsageDay

DAY = timedelta(days=1)


class InvoiceKind(Word):
    """What an invoice is, by its code in UNTDID 1001."""

    INVOICE = "380", N_("invoice")
    CANCELLATION = "384", N_("cancellation invoice")
    """takes one back whole. 384 with negative quantities, not 381: a 381 has no signs, so its lines would not be those of the
    invoice that it takes back; and its German name, Gutschrift, belongs by § 14 UStG to what a recipient issues"""
    COMMISSION = "389", N_("commission statement")
    """self-billed: the buyer of the service, who pays, issues it"""


class PaidBy(Word):
    """How the money comes."""

    DEBIT = "debit", N_("SEPA direct debit")
    TRANSFER = "transfer", N_("bank transfer")
    PAYPAL = "paypal", N_("PayPal")
    OFFSET = "offset", N_("set off")
    """nothing is to be paid now: what is owed to the buyer is set off or repaid"""


@dataclass(frozen=True, slots=True)
class Payment:
    """How and when an invoice is paid."""

    by: PaidBy
    due: date
    account: Account | None = None
    """DEBIT: from which it is taken; TRANSFER: to which it goes"""
    mandate: str = ""
    """DEBIT: its reference; the creditor is the seller"""
    link: str = ""
    """PAYPAL: where it is paid; empty where a saved payment method is charged"""

    def __post_init__(self) -> None:
        if self.by in {PaidBy.DEBIT, PaidBy.TRANSFER} and self.account is None:
            raise RuleBroken(N_("A debit or a transfer needs an account."), field="account")
        if self.by is PaidBy.DEBIT and not self.mandate:
            raise RuleBroken(N_("A debit needs a mandate."), field="mandate")


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """One line, with what stands in it besides the amount."""

    line: Line
    rule: TaxRule
    name: str
    """of the package"""
    first: date
    last: date
    included_gb: int
    contract: str = ""
    """whose; empty where the invoice is for one contract"""

    @property
    def cents(self) -> int:
        """What it comes to, without VAT."""
        return self.line.cents

    @property
    def is_whole_months(self) -> bool:
        """It is counted in months."""
        return self.line.kind is LineKind.BASE and self.line.quantity.denominator == 1

    @property
    def counted(self) -> Decimal:
        """How many months, days, or GB-days."""
        count = self.line.quantity * self.price_for
        return Decimal(count.numerator) / Decimal(count.denominator)

    @property
    def price_for(self) -> int:
        """For how many of them the price is."""
        return 1 if self.is_whole_months else self.line.month.days


@dataclass(frozen=True, slots=True)
class UsageTable:
    """What was stored day by day, and what it was measured against."""

    contract: str
    month: Month
    days: tuple[UsageDay, ...]
    services: tuple[Service, ...]

    def service_on(self, day: date) -> Service | None:
        """Return what was delivered on a day."""
        return next((one for one in self.services if one.holds_on(day)), None)


@dataclass(frozen=True, slots=True)
class Correction:
    """What a cancellation takes back, and why."""

    number: str
    issued: date
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice, a cancellation, or a commission document."""

    kind: InvoiceKind
    number: str
    issued: date
    seller: PaperParty
    buyer: PaperParty
    lines: tuple[InvoiceLine, ...]
    payment: Payment
    usage: tuple[UsageTable, ...] = ()
    corrects: Correction | None = None
    buyer_reference: str = ""
    """what the buyer wants to read: a Leitweg-ID, an order number"""

    def __post_init__(self) -> None:
        if not self.lines:
            raise RuleBroken(N_("The invoice {number} has no lines."), number=self.number)
        if not (self.seller.vat_id or self.seller.tax_number):
            raise RuleBroken(
                N_("{seller} needs a tax number or a VAT id to send invoices."), field="tax_number", seller=self.seller.name
            )
        if self.is_reverse_charge and not (self.seller.vat_id and self.buyer.vat_id):
            raise RuleBroken(N_("Reverse charge needs the VAT ids of both sides."), field="vat_id")
        if (self.kind is InvoiceKind.CANCELLATION) != (self.corrects is not None):
            raise RuleBroken(N_("{number}: a cancellation, and nothing else, names what it takes back."), number=self.number)

    @property
    def issuer(self) -> PaperParty:
        """Who writes it."""
        return self.buyer if self.kind is InvoiceKind.COMMISSION else self.seller

    @property
    def recipient(self) -> PaperParty:
        """Who gets it."""
        return self.seller if self.kind is InvoiceKind.COMMISSION else self.buyer

    @property
    def groups(self) -> tuple[TaxGroup, ...]:
        """Its VAT, once for all lines under the same rule."""
        return tax_groups((one.rule, one.cents) for one in self.lines)

    @property
    def net(self) -> int:
        """Cents without VAT."""
        return sum(one.cents for one in self.lines)

    @property
    def vat(self) -> int:
        """Cents of VAT."""
        return sum(one.vat for one in self.groups)

    @property
    def gross(self) -> int:
        """Cents to be paid."""
        return self.net + self.vat

    @property
    def period(self) -> tuple[date, date]:
        """From the first to the last day that it is for."""
        return min(one.first for one in self.lines), max(one.last for one in self.lines)

    @property
    def is_reverse_charge(self) -> bool:
        """The buyer owes the VAT."""
        return any(one.rule.category is TaxCategory.REVERSE_CHARGE for one in self.lines)

    @property
    def names_no_vat_ids(self) -> bool:
        """The e-invoice must not name VAT ids where a service is not taxable here."""
        return any(one.rule.category is TaxCategory.OUTSIDE for one in self.lines)


def invoice_line(line: Line, services: Sequence[Service], rule: TaxRule, name: str, contract: str = "") -> InvoiceLine:
    """Return a planned line with the days it is for and what was included."""
    service = next((one for one in services if one.item == line.item), None)
    if service is None:
        raise RuleBroken(N_("No service is known for a line of {month}."), month=str(line.month))
    first, last = _days_of(line, service)
    return InvoiceLine(line, rule, name, first, last, service.terms.included_gb, contract)


def cancellation(of: Invoice, *, number: str, issued: date, reason: str = "") -> Invoice:
    """Return what takes an invoice back whole: the same lines, each quantity with the other sign."""
    if of.kind is not InvoiceKind.INVOICE:
        raise RuleBroken(N_("{number} is no invoice that could be cancelled."), number=of.number)
    lines = tuple(replace(one, line=replace(one.line, quantity=-one.line.quantity)) for one in of.lines)
    return Invoice(
        kind=InvoiceKind.CANCELLATION,
        number=number,
        issued=issued,
        seller=of.seller,
        buyer=of.buyer,
        lines=lines,
        payment=Payment(PaidBy.OFFSET, issued),
        corrects=Correction(of.number, of.issued, reason),
        buyer_reference=of.buyer_reference,
    )


def _days_of(line: Line, service: Service) -> tuple[date, date]:
    """Return the days a line is for: those served, or, of a credit, those that were not after all."""
    month = line.month
    begins, ends = max(service.starts, month.first), min(service.ends or month.end, month.end)
    if line.kind is LineKind.BASE and line.quantity < 0:
        if line.quantity == -month.part((month.end - ends).days):
            return ends, month.end - DAY
        return month.first, month.end - DAY
    return (begins, ends - DAY) if begins < ends else (month.first, month.end - DAY)
