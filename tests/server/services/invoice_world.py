"""The acceptance example's parties, contract and usage as rows, for the tests of invoices."""

from datetime import UTC, date, datetime
from decimal import Decimal

from server.domain.contract import ContractState
from server.domain.invoice import InvoiceKind, PaidBy
from server.domain.mandate import Scheme
from server.domain.month import Month
from server.domain.order import OrderKind, OrderState
from server.domain.party import SalesMode
from server.models.base import database
from server.models.catalogue import Package, PackageVersion
from server.models.contract import AgreedPrice, Contract, ContractItem, Mandate, UsageRow
from server.models.customer import BankAccount
from server.models.money import Invoice, InvoiceLine
from server.models.order import Order
from server.models.party import Party
from server.models.terms import SellerTerms
from server.services import first_invoice, invoice_run
from server.services.invoice_run import Step
from tests.server.domain.example import CHANGE, NOVEMBER, PRICES, SINCE, usage
from tests.server.family import Family
from tests.server.services.shop import open_shop

ORDERED = datetime(2026, 10, 26, 10, tzinfo=UTC)
DECEMBER_FIRST = date(2026, 12, 1)
RUN_AT = datetime(2026, 12, 1, 5, tzinfo=UTC)
IBAN = "DE02120300000000202051"
PREFIXES = {"alpha": "RW-", "north": "NL-", "operator": "GDP-"}


class InvoiceWorld:
    """Alpha resells to anna and axel; beta is an agent of north, with berta; gamma resells for south."""

    def __init__(self, family: Family) -> None:
        self.family = family
        for number, (name, party_id) in enumerate(family.ids.items(), 1):
            Party.update(
                street="Hauptstraße", house_number=str(number), postal_code="50667", city="Köln",
                tax_number=f"21/815/0815{number}",
                vat_id=f"DE12345678{number % 10}", creditor_id=f"DE{number:02}ZZZ09999999999", email=f"post@{name}.example",
                phone="+49 221 555",
            ).where(Party.id == party_id).execute()  # fmt: skip
            BankAccount.create(party=party_id, iban=IBAN, holder=f"{name} GmbH", valid_from=ORDERED)
            SellerTerms.create(party=party_id, invoice_prefix=PREFIXES.get(name, f"{name}-"), contact_name="Sabine Krüger")
        Party.update(mode=SalesMode.AGENCY).where(Party.id == family["beta"]).execute()
        small = PackageVersion.get_by_id(open_shop(family).version_id)
        middle = Package.create(owner=family["operator"], code="m", name="Backup M")
        self.versions = (small, PackageVersion.create(**{**small.__data__, "id": None, "package": middle.id, "included_gb": 250}))
        self.contracts: dict[str, Contract] = {}
        self.items: dict[str, list[ContractItem]] = {}

    def contract(self, customer: str = "anna", *, starts: date | None = SINCE, paid_by: PaidBy = PaidBy.DEBIT) -> Contract:
        """Let a customer have package S, at the example's prices on every edge."""
        party = Party.get_by_id(self.family[customer])
        is_agency = party.parent.mode is SalesMode.AGENCY
        seller = party.parent.parent if is_agency else party.parent
        number = f"V-2026-{len(self.contracts) + 1:05}"
        mandate = Mandate.create(
            creditor=seller, debtor=party, reference=f"M-{customer}", scheme=Scheme.CORE, holder=customer, iban=IBAN,
            prenotification_days=14, signed_on=date(2026, 10, 20), valid_from=ORDERED, created_at=ORDERED,
        )  # fmt: skip
        self.contracts[customer] = Contract.create(
            customer=party, seller=seller, number=number, repository=number.lower(), state=ContractState.ACTIVE, paid_by=paid_by,
            mandate=mandate if paid_by is PaidBy.DEBIT else None, notice_months=1, starts=starts, created_at=ORDERED,
        )  # fmt: skip
        self.item(customer, 0, starts)
        return self.contracts[customer]

    def item(self, customer: str, size: int, starts: date | None, ends: date | None = None) -> ContractItem:
        """Let a contract go on with package S (0) or M (1)."""
        contract = self.contracts[customer]
        made = ContractItem.create(contract=contract, package_version=self.versions[size], starts=starts, ends=ends)
        self.items.setdefault(customer, []).append(made)
        reseller = contract.customer.parent
        distributor = reseller.parent
        edges = [(distributor.parent, distributor, "operator"), (contract.seller, contract.customer, "reseller")]
        if contract.seller_id != distributor.id:
            edges.append((distributor, reseller, "distributor"))
        for seller, buyer, tier in edges:
            base, overage = PRICES[tier][size]
            AgreedPrice.create(item=made, seller=seller, buyer=buyer, base=Decimal(base), overage=Decimal(overage))
        return made

    def upgrade(self, customer: str = "anna", on: date = CHANGE) -> None:
        """Let M take the place of S."""
        ContractItem.update(ends=on).where(ContractItem.id == self.items[customer][-1].id).execute()
        self.item(customer, 1, on)

    def first(self, customer: str = "anna", starts: date = SINCE) -> int | None:
        """Issue the invoice of the order that the contract came of. Returns the receivable's number."""
        contract = self.contracts[customer]
        order = Order.create(
            number=f"A-2026-{contract.id:05}", customer=contract.customer, reseller=contract.customer.parent,
            seller=contract.seller, distributor=contract.customer.parent.parent, kind=OrderKind.NEW, state=OrderState.RELEASED,
            contract=contract, item=self.items[customer][0], package_version=self.versions[0], paid_by=contract.paid_by,
            mandate=contract.mandate, created_at=ORDERED,
        )  # fmt: skip
        with database.atomic():
            return first_invoice.issue_first(order, starts=starts, due=starts, now=ORDERED)

    def store(self, customer: str = "anna") -> None:
        """Let the example's days be measured."""
        for one in usage():
            UsageRow.create(
                contract=self.contracts[customer], day=one.day, stored_bytes=one.stored_bytes, metering=one.metering,
                recorded_at=ORDERED,
            )  # fmt: skip

    def example(self, customer: str = "anna") -> None:
        """Let everything of the example have happened but the run of November."""
        self.contract(customer)
        self.first(customer)
        self.upgrade(customer)
        self.store(customer)

    def run(self, month: Month = NOVEMBER, *, today: date = DECEMBER_FIRST, now: datetime = RUN_AT) -> list[object]:
        """Issue a month; returns what came of each."""
        return [
            one.issued.number if isinstance(one, Step) else str(one.error) for one in invoice_run.run(month, today=today, now=now)
        ]

    def document(self, issuer: str, recipient: str, period: str = "2026-11", kind: InvoiceKind = InvoiceKind.INVOICE) -> Invoice:
        """Return a document."""
        between = (Invoice.issuer == self.family[issuer]) & (Invoice.recipient == self.family[recipient])
        found: Invoice = Invoice.get(between & (Invoice.period == period) & (Invoice.kind == kind))
        return found


def sums(row: Invoice) -> tuple[int, int, int]:
    """Return net, VAT and gross, in cents."""
    return row.net, row.vat, row.gross


def cents(row: Invoice) -> list[int]:
    """Return the amounts of the lines."""
    return [line.cents for line in InvoiceLine.select().where(InvoiceLine.invoice == row.id).order_by(InvoiceLine.id)]
