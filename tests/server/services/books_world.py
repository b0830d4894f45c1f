"""A seller's month for tests: everything that can happen to money, entered as the services enter it."""

from datetime import date
from decimal import Decimal

from server.domain.contract import ContractState
from server.domain.invoice import InvoiceKind, PaidBy
from server.domain.ledger import EntryKind, ReceivableKind
from server.domain.lines import LineKind
from server.domain.paypal import CaptureState, OrderState, RefundState
from server.models.catalogue import PackageVersion
from server.models.contract import Contract, ContractItem
from server.models.money import Invoice, InvoiceLine
from server.models.party import Party
from server.models.paypal import PaypalCapture, PaypalOrder, PaypalRefund
from server.models.terms import SellerTerms
from server.services import ledger
from server.services.ledger import Owing
from tests.server.family import NOW, Family
from tests.server.services.shop import open_shop


def day(number: int) -> date:
    """Return a day of November 2026."""
    return date(2026, 11, number)


class BooksWorld:
    """Alpha sells to anna (German) and axel (Austrian, confirmed)."""

    def __init__(self, family: Family) -> None:
        self.family = family
        self.alpha = family["alpha"]
        shop = open_shop(family)
        Party.update(country="AT", vat_id="ATU12345675", vat_id_confirmed_on=day(1)).where(Party.id == family["axel"]).execute()
        SellerTerms.create(party=self.alpha, datev_consultant="29098", datev_client="55003")
        self.items: dict[str, ContractItem] = {}
        for number, name in enumerate(("anna", "axel"), 1):
            contract = Contract.create(
                customer=family[name], seller=self.alpha, number=f"V-2026-{number:05}", repository=f"r{number}",
                state=ContractState.ACTIVE, paid_by=PaidBy.DEBIT, notice_months=1, starts=day(1), created_at=NOW,
            )  # fmt: skip
            version = PackageVersion.get_by_id(shop.version_id)
            self.items[name] = ContractItem.create(contract=contract, package_version=version, starts=day(1))

    def document(
        self, to: str, number: str, net: int, vat: int, *, on: date, kind: InvoiceKind = InvoiceKind.INVOICE,
        month: str = "2026-11", corrects: int | None = None, issuer: str = "alpha", period: str = "",
    ) -> int:  # fmt: skip
        """Issue a document, without owing anything for it. Returns its row's number."""
        row = Invoice.create(
            issuer=self.family[issuer], recipient=self.family[to], kind=kind, number=number, period=period or number,
            issued_on=on, due=on, paid_by=PaidBy.DEBIT, net=net, vat=vat, gross=net + vat, corrects=corrects,
            body="{}", created_at=NOW,
        )  # fmt: skip
        if to in self.items:
            InvoiceLine.create(
                invoice=row, item=self.items[to], kind=LineKind.BASE, month=month, numerator=1, denominator=1,
                price=Decimal(net) / 100, cents=net,
            )  # fmt: skip
        return int(row.id)

    def owe(
        self, to: str, number: str, cents: int, *, on: date, kind: ReceivableKind = ReceivableKind.INVOICE,
        invoice: int | None = None,
    ) -> int:  # fmt: skip
        """Let something be owed. Returns the receivable's number."""
        owing = Owing(self.alpha, self.family[to], kind, number, cents, on, on, invoice_id=invoice)
        return ledger.issue(owing, now=NOW)

    def invoice(self, to: str, number: str, net: int, vat: int, *, on: date, month: str = "2026-11") -> int:
        """Issue an invoice that is owed. Returns the receivable's number."""
        return self.owe(to, number, net + vat, on=on, invoice=self.document(to, number, net, vat, on=on, month=month))

    def book(self, owed: int, kind: EntryKind, cents: int, source: str, *, on: date) -> None:
        """Change what is open."""
        ledger.book(owed, kind, cents, booked_on=on, source=source, now=NOW)

    def capture(self, owed: int, to: str, cents: int, fee: int, capture_id: str, *, on: date) -> PaypalCapture:
        """Let a payment come by PayPal, entered in the ledger by whoever calls."""
        order = PaypalOrder.create(
            creditor=self.alpha, debtor=self.family[to], receivable=owed, attempt=1, key=f"key-{capture_id}",
            state=OrderState.PAID, cents=cents, created_at=NOW,
        )  # fmt: skip
        return PaypalCapture.create(
            order=order, creditor=self.alpha, capture_id=capture_id, state=CaptureState.COMPLETED, cents=cents, fee_cents=fee,
            booked_on=on, created_at=NOW,
        )  # fmt: skip

    def whole_month(self) -> None:
        """Let everything happen in November that can; an invoice of October and a payment of December stand beside it."""
        self.invoice("anna", "RE-0", 1000, 190, on=date(2026, 10, 26))
        first = self.invoice("anna", "RE-1", 1208, 230, on=day(2))
        self.book(first, EntryKind.DEBIT, -1438, "D1", on=day(4))
        self.book(first, EntryKind.RETURNED, 1438, "B1", on=day(9))
        charge = self.owe("anna", "G-1", 300, on=day(9), kind=ReceivableKind.BANK_CHARGE)
        capture = self.capture(first, "anna", 1800, 62, "8AB12", on=day(12))
        self.book(first, EntryKind.PAYPAL, -1438, "8AB12", on=day(12))
        self.book(charge, EntryKind.PAYPAL, -300, "8AB12", on=day(12))
        over = self.owe("anna", "PP-8AB12", -62, on=day(12), kind=ReceivableKind.CREDIT)
        PaypalRefund.create(
            capture=capture, key="r1", refund_id="9CD34", state=RefundState.COMPLETED, cents=62, booked_on=day(13), created_at=NOW
        )
        self.book(over, EntryKind.REFUNDED, 62, "9CD34", on=day(13))
        self._of_axel()

    def _of_axel(self) -> None:
        abroad = self.invoice("axel", "RE.2", 3226, 0, on=day(15))
        self.book(abroad, EntryKind.TRANSFER, -3226, "T1", on=day(16))
        self.owe("axel", "Z-1", -1000, on=day(16), kind=ReceivableKind.CREDIT)
        wrong = self.invoice("axel", "RE-3", 1000, 0, on=day(17))
        of = Invoice.get(Invoice.number == "RE-3").id
        paper = self.document("axel", "RE-4", -1000, 0, on=day(18), kind=InvoiceKind.CANCELLATION, corrects=of)
        back = self.owe("axel", "RE-4", -1000, on=day(18), kind=ReceivableKind.CREDIT, invoice=paper)
        self.book(wrong, EntryKind.OFFSET, -1000, "RE-4", on=day(18))
        self.book(back, EntryKind.OFFSET, 1000, "RE-3", on=day(18))
        fee = self.owe("axel", "M-1", 250, on=day(20), kind=ReceivableKind.FEE)
        interest = self.owe("axel", "I-1", 17, on=day(20), kind=ReceivableKind.INTEREST)
        self.book(fee, EntryKind.WRITTEN_OFF, -250, "W1", on=day(21))
        self.book(interest, EntryKind.WRITTEN_OFF, -17, "W2", on=day(21))
        lost = self.invoice("anna", "RE-5", 10000, 1900, on=day(22))
        self.book(lost, EntryKind.WRITTEN_OFF, -11900, "W3", on=day(30))
        late = self.invoice("anna", "RE-6", 100, 19, on=day(30))
        self.book(late, EntryKind.TRANSFER, -119, "T2", on=date(2026, 12, 1))
