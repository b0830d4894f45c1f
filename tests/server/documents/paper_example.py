"""The acceptance example's people, and its invoices as they are issued."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from server.domain.invoice import Invoice, InvoiceKind, InvoiceLine, PaidBy, Payment, UsageTable, invoice_line
from server.domain.lines import Line, plan_customer, plan_start, plan_upstream
from server.domain.mandate import Scheme
from server.domain.order import OrderKind
from server.domain.paper import Account, Address, Brand, OrderedPackage, PaperMandate, PaperOrder, PaperParty
from server.domain.service import Service
from server.domain.tax import TaxFacts, TaxRule, tax_rule
from tests.server.domain.example import GERMAN, NOVEMBER, services, usage

ISSUED = date(2026, 12, 1)
NAMES = {"S": "Online-Backup S", "M": "Online-Backup M"}

CUSTOMER = PaperParty(
    name="Tischlerei Groß & Söhne GmbH",
    address=Address("Königstraße", "12 a", "50667", "Köln"),
    number="K-10017",
    contact="Jürgen Groß",
    email="buero@tischlerei-gross.example",
    phone="+49 221 555 0117",
    vat_id="DE123456789",
    account=Account("Tischlerei Groß & Söhne GmbH", "DE02120300000000202051", "BYLADEM1001", "DKB Berlin"),
)
RESELLER = PaperParty(
    name="Rheinwerk Systemhaus GmbH",
    address=Address("Am Hafen", "7", "50678", "Köln"),
    number="P-204",
    contact="Sabine Krüger",
    email="rechnung@rheinwerk.example",
    phone="+49 221 555 0204",
    tax_number="215/5820/0417",
    vat_id="DE234567891",
    creditor_id="DE98ZZZ09999999999",
    account=Account("Rheinwerk Systemhaus GmbH", "DE75512108001245126199", "SOGEDEFFXXX", "Société Générale"),
    legal_notice=("Amtsgericht Köln, HRB 40417", "Geschäftsführung: Sabine Krüger"),
    brand=Brand("Rheinwerk Systemhaus", "#8A1C3B"),
)
DISTRIBUTOR = PaperParty(
    name="Nordlicht Distribution AG",
    address=Address("Speicherweg", "3", "20457", "Hamburg"),
    number="D-3",
    contact="Lars Petersen",
    email="orders@nordlicht.example",
    phone="+49 40 555 0300",
    tax_number="48/712/00345",
    vat_id="DE345678912",
    creditor_id="DE74ZZZ09999999998",
    account=Account("Nordlicht Distribution AG", "DE12500105170648489890", "INGDDEFFXXX", "ING"),
    legal_notice=("Amtsgericht Hamburg, HRB 71234", "Vorstand: Lars Petersen"),
)
OPERATOR = PaperParty(
    name="GlobalDataProtect Rechenzentrum GmbH",
    address=Address("Serverallee", "1", "60327", "Frankfurt am Main"),
    contact="Miriam Vogel",
    email="billing@gdp.example",
    phone="+49 69 555 0001",
    tax_number="45/230/11223",
    vat_id="DE456789123",
    creditor_id="DE51ZZZ09999999997",
    account=Account("GlobalDataProtect Rechenzentrum GmbH", "DE27100777770209299700", "NORSDE51XXX", "norisbank"),
    legal_notice=("Amtsgericht Frankfurt am Main, HRB 99887",),
)


def debit(account: Account, due: date = date(2026, 12, 15)) -> Payment:
    """Return the payment by a debit from an account."""
    return Payment(PaidBy.DEBIT, due, account, mandate="M-10017-1")


def lines_of(planned: Sequence[Line], delivered: Sequence[Service], rule: TaxRule, contract: str = "") -> tuple[InvoiceLine, ...]:
    """Return planned lines as an invoice has them."""
    return tuple(invoice_line(one, delivered, rule, NAMES[one.package], contract) for one in planned)


def usage_of(delivered: Sequence[Service], contract: str = "") -> tuple[UsageTable, ...]:
    """Return November's table."""
    return (UsageTable(contract, NOVEMBER, usage(), tuple(delivered)),)


def first_lines() -> tuple[Line, ...]:
    """Return the plan of the customer's first invoice."""
    return plan_start(services("reseller", change=None), NOVEMBER, {})


def first_invoice() -> Invoice:
    """Return the customer's first invoice."""
    delivered = services("reseller", change=None)
    return Invoice(
        kind=InvoiceKind.INVOICE,
        number="RW-2026-00107",
        issued=date(2026, 10, 26),
        seller=RESELLER,
        buyer=CUSTOMER,
        lines=lines_of(first_lines(), delivered, tax_rule(GERMAN, GERMAN, date(2026, 11, 30))),
        payment=debit(_account(CUSTOMER), date(2026, 11, 2)),
    )


def second_invoice(
    *,
    seller: PaperParty = RESELLER,
    buyer: PaperParty = CUSTOMER,
    issuer_facts: TaxFacts = GERMAN,
    recipient_facts: TaxFacts = GERMAN,
    payment: Payment | None = None,
) -> Invoice:
    """Return the customer's second invoice, or a variant of it."""
    delivered = services("reseller")
    billed = {(one.item, one.month): one.quantity for one in first_lines()}
    rule = tax_rule(issuer_facts, recipient_facts, date(2026, 12, 31))
    return Invoice(
        kind=InvoiceKind.INVOICE,
        number="RW-2026-00131",
        issued=ISSUED,
        seller=seller,
        buyer=buyer,
        lines=lines_of(plan_customer(delivered, usage(), NOVEMBER, billed), delivered, rule),
        payment=payment or debit(_account(CUSTOMER)),
        usage=usage_of(delivered),
    )


def upstream_invoice(tier: str) -> Invoice:
    """Return what the distributor invoices to the reseller, or the operator to the distributor."""
    seller, buyer, number = {
        "distributor": (DISTRIBUTOR, RESELLER, "NL-2026-4711"),
        "operator": (OPERATOR, DISTRIBUTOR, "GDP-2026-00042"),
    }[tier]
    delivered, contract = services(tier), "K-10017 · Tischlerei Groß & Söhne GmbH"
    return Invoice(
        kind=InvoiceKind.INVOICE,
        number=number,
        issued=ISSUED,
        seller=seller,
        buyer=buyer,
        lines=lines_of(
            plan_upstream(delivered, usage(), NOVEMBER, {}), delivered, tax_rule(GERMAN, GERMAN, date(2026, 11, 30)), contract
        ),
        payment=debit(_account(buyer)),
        usage=usage_of(delivered, contract),
    )


def commission() -> Invoice:
    """Return a commission document: the distributor writes it, the reseller has earned it."""
    small, middle = services("reseller")
    earned = (
        Service(1, "S", type(small.terms)(100, Decimal("2.50"), Decimal("0.02")), small.starts, small.ends),
        Service(2, "M", type(small.terms)(250, Decimal("4.90"), Decimal("0.015")), middle.starts),
    )
    return Invoice(
        kind=InvoiceKind.COMMISSION,
        number="NL-G-2026-0009",
        issued=ISSUED,
        seller=RESELLER,
        buyer=DISTRIBUTOR,
        lines=lines_of(
            plan_upstream(earned, usage(), NOVEMBER, {}),
            earned,
            tax_rule(GERMAN, GERMAN, date(2026, 11, 30)),
            "K-10017 · Tischlerei Groß & Söhne GmbH",
        ),
        payment=Payment(PaidBy.TRANSFER, date(2026, 12, 15), RESELLER.account),
    )


def order(*, version: int = 1, kind: OrderKind = OrderKind.NEW, scheme: Scheme = Scheme.CORE) -> PaperOrder:
    """Return the customer's order of package S."""
    package = OrderedPackage(
        "S-100", NAMES["S"], 100, Decimal("12.50"), Decimal("0.119"), workstations=2, servers=1, agents=(("PostgreSQL", 1),)
    )
    return PaperOrder(
        number="A-2026-00017",
        version=version,
        kind=kind,
        printed=date(2026, 10, 20),
        customer=CUSTOMER,
        seller=RESELLER,
        adviser=None,
        distributor=DISTRIBUTOR,
        operator=OPERATOR,
        packages=(package,),
        tax=TaxRule(tax_rule(GERMAN, GERMAN, date(2026, 10, 20)).category, 19),
        mandate=PaperMandate("M-10017-1", _account(CUSTOMER), scheme, prenotification_days=5),
    )


def _account(party: PaperParty) -> Account:
    assert party.account is not None
    return party.account
