"""Payment by PayPal, against a PayPal that takes nothing wrong: once each, whatever breaks."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from server.domain.errors import RuleBroken
from server.domain.ledger import EntryKind, ReceivableKind
from server.domain.paypal import OrderState
from server.gateways.files import FileStore
from server.gateways.outbox import OutboxFolder
from server.gateways.paypal.transport import PayPalAway
from server.jobs.runner import Runner
from server.models.money import Receivable
from server.models.paypal import PaypalCapture, PaypalOrder
from server.services import ledger, paypal_orders
from server.services.pay_links import look_at
from server.services.paypal_work import work_off
from tests.server.family import NOW, Family
from tests.server.services.paypal_shop import AT, TODAY, PayPalShop, at, entries, left, paypal_shop, states


@pytest.fixture
def shop(family: Family, tmp_path: Path) -> Iterator[PayPalShop]:
    """A fake PayPal; alpha takes it."""
    with paypal_shop(family, tmp_path) as shop:
        yield shop


def credit_of(shop: PayPalShop, buyer: str = "anna") -> int:
    """Return what is owed to a buyer, in cents."""
    mine = (Receivable.debtor == shop.family[buyer]) & (Receivable.kind == ReceivableKind.CREDIT)
    return -sum(row.open_cents for row in Receivable.select().where(mine))


def test_the_example_is_paid_with_its_charge(shop: PayPalShop) -> None:
    """The acceptance example: 14.38 came back with a charge of 3.00; 17.38 by PayPal settle both."""
    invoice = shop.owe(1438)
    charge = shop.owe(300, number="B-1", kind=ReceivableKind.BANK_CHARGE)
    other = shop.owe(2000, number="R-2", buyer="axel")
    assert look_at(shop.token(invoice)).cents == 1738

    capture_id = shop.pay(invoice)

    assert (left(invoice), left(charge), left(other)) == (0, 0, 2000)
    assert entries(invoice) == [("paypal", -1438, capture_id)]
    assert entries(charge) == [("paypal", -300, capture_id)]
    capture = PaypalCapture.get()
    assert (capture.cents, capture.fee_cents, capture.booked_on, capture.creditor_id) == (1738, 78, TODAY, shop.family["alpha"])
    assert states() == ["paid"]


def test_coming_back_twice_and_every_message_again_change_nothing(shop: PayPalShop) -> None:
    """A reload, a replay."""
    invoice = shop.owe()
    order_id = shop.agree(invoice)
    for _ in range(2):
        assert paypal_orders.come_back(shop.paypal, shop.token(invoice), order_id, at=AT) is OrderState.PAID
    for number in [*range(len(shop.fake.events)), *range(len(shop.fake.events))]:
        assert shop.deliver(number) == "done"

    assert left(invoice) == 0
    assert len(entries(invoice)) == 1
    assert len(shop.captures(order_id)) == 1


def test_who_never_comes_back_has_paid_nevertheless(shop: PayPalShop) -> None:
    """The browser died after the payer agreed; PayPal tells it."""
    invoice = shop.owe()
    shop.agree(invoice)
    assert shop.deliver(shop.events("ORDER.APPROVED")[0]) == "done"

    assert left(invoice) == 0


def test_without_any_message_the_work_finds_out(shop: PayPalShop) -> None:
    """No webhook is set up, and nobody came back."""
    invoice = shop.owe()
    shop.agree(invoice)
    work_off(shop.paypal, at=at(NOW + timedelta(minutes=3)))

    assert left(invoice) == 0


def test_the_jobs_find_out_by_themselves(shop: PayPalShop, tmp_path: Path) -> None:
    """As they run beside the pages."""
    invoice = shop.owe()
    shop.agree(invoice)
    office, files = OutboxFolder(tmp_path / "outbox", "a@example.com"), FileStore(tmp_path)
    Runner(office, files, lambda: NOW + timedelta(minutes=3), paypal=shop.paypal).work_once()

    assert left(invoice) == 0


def test_pending_is_not_paid_until_paypal_says_so(shop: PayPalShop) -> None:
    """And nobody is asked a second time meanwhile."""
    shop.fake.wishes.next_captures.append("PENDING")
    invoice = shop.owe()
    capture_id = shop.pay(invoice)
    assert (left(invoice), states()) == (1438, ["pending"])
    with pytest.raises(RuleBroken, match="on its way"):
        shop.begin(invoice)

    shop.fake.settle(capture_id, "COMPLETED")
    shop.deliver(shop.events("CAPTURE.COMPLETED")[0])
    assert (left(invoice), states()) == (0, ["paid"])
    assert PaypalCapture.get().fee_cents == 71


def test_pending_that_is_denied_can_be_paid_anew(shop: PayPalShop) -> None:
    """PayPal takes each number of an invoice but once, so that the next attempt carries another."""
    shop.fake.wishes.next_captures.append("PENDING")
    invoice = shop.owe()
    shop.fake.settle(shop.pay(invoice), "DECLINED")
    work_off(shop.paypal, at=at(NOW + timedelta(hours=1)))
    assert (left(invoice), states()) == (1438, ["failed"])

    shop.pay(invoice)
    assert (left(invoice), states()) == (0, ["failed", "paid"])


def test_a_refused_payment_takes_nothing(shop: PayPalShop) -> None:
    """PayPal's word for it stands beside it."""
    shop.fake.wishes.next_captures.append("REFUSED")
    invoice = shop.owe()
    order_id = shop.agree(invoice)
    paypal_orders.come_back(shop.paypal, shop.token(invoice), order_id, at=AT)

    assert left(invoice) == 1438
    assert [(row.state, row.issue) for row in PaypalOrder.select()] == [(OrderState.FAILED, "INSTRUMENT_DECLINED")]


def test_who_has_not_agreed_has_not_paid(shop: PayPalShop) -> None:
    """Somebody types the address of the way back."""
    invoice = shop.owe()
    order_id = shop.begin(invoice)

    assert paypal_orders.come_back(shop.paypal, shop.token(invoice), order_id, at=AT) is OrderState.OPEN
    assert paypal_orders.come_back(shop.paypal, shop.token(invoice), "ORDER999", at=AT) is None
    assert left(invoice) == 1438


def test_two_clicks_lead_to_one_order(shop: PayPalShop) -> None:
    """And a changed amount to another, so that nobody pays what is no longer owed."""
    invoice = shop.owe()
    first = shop.begin(invoice)
    assert shop.begin(invoice) == first
    shop.owe(500, number="M-1", kind=ReceivableKind.FEE)
    second = shop.begin(invoice)

    assert second != first
    assert states() == ["dropped", "open"]


def test_what_was_paid_otherwise_meanwhile_is_not_taken(shop: PayPalShop) -> None:
    """A transfer arrives between agreeing and coming back."""
    invoice = shop.owe()
    order_id = shop.agree(invoice)
    ledger.book(invoice, EntryKind.TRANSFER, -1438, booked_on=TODAY, source="bank-1", now=NOW)

    assert paypal_orders.come_back(shop.paypal, shop.token(invoice), order_id, at=AT) is OrderState.DROPPED
    assert shop.captures(order_id) == []
    with pytest.raises(RuleBroken, match="is paid"):
        shop.begin(invoice)


def test_what_is_paid_too_much_is_kept_for_the_payer(shop: PayPalShop) -> None:
    """The transfer arrives while PayPal takes the money."""
    invoice = shop.owe()
    order_id = shop.agree(invoice)

    def transfer(path: str) -> None:
        if path.endswith("/capture"):
            shop.fake.wishes.while_working = None
            ledger.book(invoice, EntryKind.TRANSFER, -1000, booked_on=TODAY, source="bank-1", now=NOW)

    shop.fake.wishes.while_working = transfer
    paypal_orders.come_back(shop.paypal, shop.token(invoice), order_id, at=AT)

    assert left(invoice) == 0
    assert credit_of(shop) == 1000


@pytest.mark.parametrize("breaks", [["after"], ["before"], ["500"], ["after", "409"], ["429", "after"]])
def test_a_line_that_breaks_is_tried_again_and_takes_once(shop: PayPalShop, breaks: list[str]) -> None:
    """PayPal knows the request again by its key."""
    invoice = shop.owe()
    order_id = shop.agree(invoice)
    shop.fake.wishes.only = "/capture"
    shop.fake.wishes.break_off.extend(breaks)
    paypal_orders.come_back(shop.paypal, shop.token(invoice), order_id, at=AT)

    assert left(invoice) == 0
    assert len(shop.captures(order_id)) == 1


def test_a_paypal_that_stays_away_after_taking_the_money_is_asked_later(shop: PayPalShop) -> None:
    """The payer is told to wait; a second click finds out instead of asking for more."""
    invoice = shop.owe()
    order_id = shop.agree(invoice)
    shop.fake.wishes.only = "/capture"
    shop.fake.wishes.break_off.extend(["after"] * 3)
    with pytest.raises(PayPalAway):
        paypal_orders.come_back(shop.paypal, shop.token(invoice), order_id, at=AT)
    assert left(invoice) == 1438
    with pytest.raises(RuleBroken, match="is paid"):
        shop.begin(invoice)

    assert left(invoice) == 0
    assert len(shop.captures(order_id)) == 1


def test_creating_an_order_that_broke_is_one_order(shop: PayPalShop) -> None:
    """The same key again."""
    invoice = shop.owe()
    shop.fake.wishes.only = "/orders"
    shop.fake.wishes.break_off.extend(["after"] * 3)
    with pytest.raises(PayPalAway):
        shop.begin(invoice)
    shop.begin(invoice)

    assert len(shop.fake.orders) == 1
    assert states() == ["open"]


def test_an_order_that_nobody_agrees_to_is_given_up(shop: PayPalShop) -> None:
    """After days; the page then asks anew."""
    invoice = shop.owe()
    shop.begin(invoice)
    for days in (1, 2, 4):
        work_off(shop.paypal, at=at(NOW + timedelta(days=days)))

    assert states() == ["dropped"]
    assert PaypalOrder.get().look_at is None


def test_money_of_another_currency_pays_nothing(shop: PayPalShop) -> None:
    """Somebody has to look."""
    invoice = shop.owe()
    order_id = shop.agree(invoice)

    def dollars(path: str) -> None:
        for capture in shop.fake.captures.values():
            capture["amount"] = {"currency_code": "USD", "value": "14.38"}
        del path

    shop.fake.wishes.while_working = dollars
    paypal_orders.come_back(shop.paypal, shop.token(invoice), order_id, at=AT)

    assert (left(invoice), states()) == (1438, ["unclear"])


def test_less_than_was_asked_pays_as_much_as_it_is(shop: PayPalShop) -> None:
    """What PayPal says has come, not what we have asked for."""
    invoice = shop.owe()
    order_id = shop.agree(invoice)

    def less(path: str) -> None:
        for capture in shop.fake.captures.values():
            capture["amount"] = {"currency_code": "EUR", "value": "10.00"}
        del path

    shop.fake.wishes.while_working = less
    paypal_orders.come_back(shop.paypal, shop.token(invoice), order_id, at=AT)

    assert left(invoice) == 438
