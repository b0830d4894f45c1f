"""Sellers with accounts at a fake PayPal, and what their customers owe them; for tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from server.domain.invoice import InvoiceKind, PaidBy
from server.domain.ledger import ReceivableKind
from server.gateways.paypal.client import PayPal
from server.gateways.paypal.transport import Transport
from server.gateways.sealing import Sealer
from server.models.money import Invoice, LedgerEntry, Receivable
from server.models.paypal import PaypalAccount, PaypalOrder
from server.services import ledger, paypal_accounts, paypal_events, paypal_orders
from server.services.ledger import Owing
from server.services.pay_links import pay_link
from server.services.paypal_accounts import AccountFacts
from server.services.paypal_orders import Now
from tests.server.family import NOW, Family
from tests.server.paypal_fake import Account, FakePayPal, serving

TODAY = date(2026, 11, 24)
AT = Now(NOW, TODAY)


def at(moment: datetime) -> Now:
    """Return a moment with its day."""
    return Now(moment.astimezone(UTC), moment.date())


@dataclass
class PayPalShop:
    """A fake PayPal with the accounts of some parties."""

    family: Family
    fake: FakePayPal
    paypal: PayPal
    accounts: dict[str, Account] = field(default_factory=dict)

    def open_account(self, seller: str, *, saves_methods: bool = False) -> Account:
        """Let a party take PayPal."""
        account = self.accounts[seller] = self.fake.open_account(seller)
        facts = AccountFacts(account.client_id, account.secret, account.webhook_id, saves_methods, is_on=True)
        paypal_accounts.set_account(self.family.actor(seller), self.paypal, facts, version=0, now=NOW)
        account.hook_url = PaypalAccount.get(PaypalAccount.party == self.family[seller]).hook
        return account

    def owe(
        self, cents: int = 1438, *, number: str = "R-1", seller: str = "alpha", buyer: str = "anna", due: date = TODAY,
        kind: ReceivableKind = ReceivableKind.INVOICE, paid_by: PaidBy = PaidBy.PAYPAL,
    ) -> int:  # fmt: skip
        """Let somebody owe something; return the receivable's id."""
        invoice = None
        if kind is ReceivableKind.INVOICE:
            invoice = Invoice.create(
                issuer=self.family[seller], recipient=self.family[buyer], kind=InvoiceKind.INVOICE, number=number,
                period=f"test-{number}", issued_on=TODAY, due=due, paid_by=paid_by, net=cents, vat=0, gross=cents, body="{}",
                created_at=NOW,
            ).id  # fmt: skip
        owing = Owing(self.family[seller], self.family[buyer], kind, number, cents, TODAY, due, invoice_id=invoice)
        return ledger.issue(owing, now=NOW)

    def token(self, receivable_id: int) -> str:
        """Return the last part of the address of a receivable's page."""
        return pay_link(receivable_id, now=NOW).rpartition("/")[2]

    def begin(self, receivable_id: int, *, saves: bool = False, when: Now = AT) -> str:
        """Go to PayPal; return PayPal's id of the order."""
        url = paypal_orders.begin(self.paypal, self.token(receivable_id), saves=saves, locale="de-DE", at=when)
        return url.rpartition("=")[2]

    def agree(self, receivable_id: int, *, saves: bool = False) -> str:
        """Go to PayPal and agree there, without coming back yet; return PayPal's id of the order."""
        order_id = self.begin(receivable_id, saves=saves)
        self.fake.approve(order_id)
        return order_id

    def pay(self, receivable_id: int, *, saves: bool = False) -> str:
        """Go to PayPal, agree and come back; return the id of the payment."""
        order_id = self.agree(receivable_id, saves=saves)
        paypal_orders.come_back(self.paypal, self.token(receivable_id), order_id, at=AT)
        return self.captures(order_id)[-1]

    def captures(self, order_id: str) -> list[str]:
        """Return PayPal's payments of an order."""
        return [one["id"] for one in self.fake.captures.values() if one["_order"] == order_id]

    def deliver(self, number: int, *, seller: str = "", when: Now = AT) -> str:
        """Bring a message of the fake to whom it is for, or to another seller; return what became of it."""
        account, body, headers = self.fake.events[number]
        wanted = self.accounts[seller] if seller else next(one for one in self.accounts.values() if one.client_id == account)
        return str(paypal_events.receive(self.paypal, wanted.hook_url, body, headers, address="192.0.2.1", at=when))

    def events(self, kind: str) -> list[int]:
        """Return the numbers of the fake's messages of a kind."""
        return [number for number, (_who, body, _headers) in enumerate(self.fake.events) if kind.encode() in body]


@contextmanager
def paypal_shop(family: Family, folder: Path, *, saves_methods: bool = False) -> Iterator[PayPalShop]:
    """Let a fake PayPal work, and alpha take it."""
    with serving() as fake:
        shop = PayPalShop(family, fake, make_paypal(fake.url, folder))
        shop.open_account("alpha", saves_methods=saves_methods)
        yield shop


def make_paypal(url: str, folder: Path) -> PayPal:
    """Return PayPal at a fake's address, which is not waited for long."""
    return PayPal(Transport(url, read_seconds=5, pause_seconds=0.01), Sealer(folder / "sealing-key"))


def left(receivable_id: int) -> int:
    """Return what is open of something, in cents, after checking that its book says the same."""
    row = Receivable.get_by_id(receivable_id)
    booked = sum(entry.cents for entry in LedgerEntry.select().where(LedgerEntry.receivable == receivable_id))
    assert row.open_cents == booked
    return int(row.open_cents)


def entries(receivable_id: int) -> list[tuple[str, int, str]]:
    """Return what changed a receivable after it was issued: kind, cents, source."""
    rows = LedgerEntry.select().where(LedgerEntry.receivable == receivable_id).order_by(LedgerEntry.id)
    return [(str(row.kind), row.cents, row.source) for row in rows if row.kind != "issued"]


def states() -> list[str]:
    """Return how every attempt stands, in order."""
    return [str(row.state) for row in PaypalOrder.select().order_by(PaypalOrder.id)]
