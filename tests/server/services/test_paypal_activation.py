"""The first payment by PayPal lets the contract begin, and nobody clicks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.domain.contract import ContractState
from server.domain.errors import RuleBroken
from server.domain.invoice import InvoiceKind, PaidBy
from server.domain.ledger import ReceivableKind
from server.domain.order import OrderKind, OrderState
from server.models.contract import Contract, ContractItem
from server.models.mail import OutgoingMail
from server.models.money import Invoice
from server.models.order import Order
from server.models.party import Party
from server.services import ledger, order_drawing
from server.services.ledger import Owing
from server.services.order_letters import ask_for_payment
from server.services.order_rules import OrderWish, checked_wish
from server.services.paypal_work import work_off
from tests.server.family import NOW, Family
from tests.server.services.paypal_shop import AT, TODAY, PayPalShop, left, paypal_shop
from tests.server.services.shop import open_shop


@pytest.fixture
def shop(family: Family, tmp_path: Path) -> Iterator[PayPalShop]:
    """A fake PayPal; alpha takes it."""
    with paypal_shop(family, tmp_path) as shop:
        yield shop


def released(family: Family) -> tuple[Order, int]:
    """Return an order of anna's that waits for its first payment of 14.38, and the receivable's id."""
    version_id = open_shop(family).version_id
    Party.update(email="anna@anna.example").where(Party.id == family["anna"]).execute()
    contract = Contract.create(
        customer=family["anna"], seller=family["alpha"], number="V-2026-00001", repository="v-2026-00001",
        state=ContractState.PENDING, paid_by=PaidBy.PAYPAL, notice_months=1, created_at=NOW,
    )  # fmt: skip
    item = ContractItem.create(contract=contract, package_version=version_id)
    order = Order.create(
        number="A-2026-00001", customer=family["anna"], reseller=family["alpha"], seller=family["alpha"],
        distributor=family["north"], kind=OrderKind.NEW, state=OrderState.AWAITING_PAYMENT, contract=contract, item=item,
        package_version=version_id, paid_by=PaidBy.PAYPAL, created_at=NOW,
    )  # fmt: skip
    invoice = Invoice.create(
        issuer=family["alpha"], recipient=family["anna"], contract=contract, kind=InvoiceKind.INVOICE, number="RE-1",
        period=f"start-{order.id}", issued_on=TODAY, due=TODAY, paid_by=PaidBy.PAYPAL, net=1208, vat=230, gross=1438, body="{}",
        created_at=NOW,
    )  # fmt: skip
    owing = Owing(family["alpha"], family["anna"], ReceivableKind.INVOICE, "RE-1", 1438, TODAY, TODAY, contract.id, invoice.id)
    return order, ledger.issue(owing, now=NOW)


def test_paypal_is_a_way_to_pay_where_the_seller_takes_it(shop: PayPalShop) -> None:
    """Alpha does, beta does not: neither offered nor accepted."""
    version_id = open_shop(shop.family).version_id
    wish = OrderWish(version_id, paid_by=PaidBy.PAYPAL)
    offered = {
        seller: order_drawing.choices(shop.family.actor(seller), shop.family[customer], today=TODAY).ways
        for seller, customer in (("alpha", "anna"), ("beta", "berta"))
    }
    assert (PaidBy.PAYPAL in offered["alpha"], PaidBy.PAYPAL in offered["beta"]) == (True, False)
    fields = {"customer": shop.family["berta"], "reseller": shop.family["beta"], "seller": shop.family["beta"]}
    fields |= {"distributor": shop.family["north"]}
    Party.update(tax_number="12/345/67890", street="Weg", postal_code="20457", city="Hamburg").execute()
    order = Order(kind=OrderKind.NEW, **fields)
    with pytest.raises(RuleBroken, match="does not take PayPal"):
        checked_wish(order, wish, today=TODAY)


def test_the_first_payment_activates_once_it_is_completed(shop: PayPalShop) -> None:
    """Not while PayPal is checking it; the mail that asks for it names the page, and no second one comes."""
    order, receivable = released(shop.family)
    ask_for_payment(order, receivable, now=NOW)
    assert f"/pay/{shop.token(receivable)}" in OutgoingMail.get(OutgoingMail.recipient == "anna@anna.example").text

    shop.fake.wishes.next_captures.append("PENDING")
    capture_id = shop.pay(receivable)
    assert Contract.get().state is ContractState.PENDING

    shop.fake.settle(capture_id, "COMPLETED")
    for _ in range(2):
        shop.deliver(shop.events("CAPTURE.COMPLETED")[0])
    work_off(shop.paypal, at=AT)
    assert left(receivable) == 0
    assert Order.get_by_id(order.id).state is OrderState.FULFILLED
    contract = Contract.get()
    assert (contract.state, contract.starts, contract.activated_at) == (ContractState.ACTIVE, TODAY, NOW)
    assert ContractItem.get().starts == TODAY
    asked = OutgoingMail.select().where(OutgoingMail.text.contains("/pay/"))
    assert asked.count() == 1


def test_what_cannot_be_activated_is_not_paid_either(shop: PayPalShop) -> None:
    """Both are one transaction: killed or broken in between, the work begins with the payment again."""
    order, receivable = released(shop.family)
    Order.update(seller=shop.family["alpha"], item=None).where(Order.id == order.id).execute()
    with pytest.raises(Exception, match="ContractItem"):
        shop.pay(receivable)
    assert left(receivable) == 1438

    Order.update(item=ContractItem.get().id).where(Order.id == order.id).execute()
    shop.deliver(shop.events("CAPTURE.COMPLETED")[0])
    assert left(receivable) == 0
    assert Contract.get().state is ContractState.ACTIVE
