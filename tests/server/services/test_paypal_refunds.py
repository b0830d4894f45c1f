"""What goes back: refunds, what PayPal takes back, complaints; and who may do that."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from server.domain.errors import NotAllowed, NotFound, RuleBroken
from server.domain.ledger import ReceivableKind
from server.domain.paypal import CaptureState, RefundState
from server.domain.rights import Role
from server.models.audit import AuditEntry
from server.models.money import Receivable
from server.models.paypal import PaypalCapture, PaypalRefund
from server.services import paypal_refunds
from server.services.paypal_work import work_off
from tests.server.family import NOW, Family
from tests.server.services.paypal_shop import TODAY, PayPalShop, at, entries, left, paypal_shop


@pytest.fixture
def shop(family: Family, tmp_path: Path) -> Iterator[PayPalShop]:
    """A fake PayPal; alpha takes it."""
    with paypal_shop(family, tmp_path) as shop:
        yield shop


def give_back(shop: PayPalShop, cents: int, submission: str = "form-1") -> RefundState:
    """Pay back a part of the only payment."""
    return paypal_refunds.refund(
        shop.family.actor("alpha"), shop.paypal, PaypalCapture.get().id, cents, submission=submission, now=NOW, day=TODAY
    )


def test_a_refund_opens_the_invoice_again_and_keeps_hands_off(shop: PayPalShop) -> None:
    """In two parts; PayPal's message of each changes nothing; more than came is refused."""
    invoice = shop.owe()
    shop.pay(invoice)
    assert give_back(shop, 438) is RefundState.COMPLETED
    assert (left(invoice), PaypalCapture.get().state) == (438, CaptureState.PARTIALLY_REFUNDED)
    with pytest.raises(RuleBroken, match=r"10\.00"):
        give_back(shop, 1001, "form-2")
    assert give_back(shop, 1000, "form-3") is RefundState.COMPLETED
    for number in shop.events("CAPTURE.REFUNDED"):
        assert shop.deliver(number) == "done"

    assert (left(invoice), PaypalCapture.get().state) == (1438, CaptureState.REFUNDED)
    assert Receivable.get_by_id(invoice).is_held
    assert [cents for _kind, cents, _source in entries(invoice)] == [-1438, 438, 1000]
    assert AuditEntry.select().where(AuditEntry.action == "paypal.refunded").count() == 2


def test_a_form_sent_twice_pays_back_once(shop: PayPalShop) -> None:
    """A double click."""
    invoice = shop.owe()
    shop.pay(invoice)
    assert [give_back(shop, 438), give_back(shop, 438)] == [RefundState.COMPLETED] * 2

    assert left(invoice) == 438
    assert len(shop.fake.refunds) == 1


def test_a_refund_takes_first_what_is_owed_to_the_payer_anyway(shop: PayPalShop) -> None:
    """The invoice was cancelled: the credit is settled, the invoice stays as it is."""
    invoice = shop.owe()
    shop.pay(invoice)
    credit = shop.owe(-1438, number="S-1", kind=ReceivableKind.CREDIT)
    give_back(shop, 1438)

    assert (left(invoice), left(credit)) == (0, 0)
    assert not Receivable.get_by_id(invoice).is_held


@pytest.mark.parametrize("breaks", ["before", "after"])
def test_a_refund_without_an_answer_is_asked_again(shop: PayPalShop, breaks: str) -> None:
    """It is written before; the work says it again with the same key."""
    invoice = shop.owe()
    shop.pay(invoice)
    shop.fake.wishes.only = "/refund"
    shop.fake.wishes.break_off.extend([breaks] * 3)
    assert give_back(shop, 438) is RefundState.NEW
    assert left(invoice) == 0
    work_off(shop.paypal, at=at(NOW + timedelta(minutes=5)))

    assert left(invoice) == 438
    assert len(shop.fake.refunds) == 1


@pytest.mark.parametrize(("breaks", "open_then"), [("before", 0), ("after", 438)])
def test_a_refund_that_paypal_no_longer_knows_by_its_key_is_looked_up(shop: PayPalShop, breaks: str, open_then: int) -> None:
    """The server was off for a day: saying it again could do it twice."""
    invoice = shop.owe()
    shop.pay(invoice)
    shop.fake.wishes.only = "/refund"
    shop.fake.wishes.break_off.extend([breaks] * 3)
    give_back(shop, 438)
    work_off(shop.paypal, at=at(NOW + timedelta(days=1)))

    assert left(invoice) == open_then
    assert PaypalRefund.get().state is (RefundState.COMPLETED if open_then else RefundState.FAILED)
    assert len(shop.fake.refunds) == bool(open_then)


def test_what_the_seller_pays_back_at_paypal_is_booked(shop: PayPalShop) -> None:
    """Not on our page, but on PayPal's."""
    invoice = shop.owe()
    refund_id = shop.fake.give_back(shop.pay(invoice), 1438)
    for _ in range(2):
        shop.deliver(shop.events("CAPTURE.REFUNDED")[0])

    assert entries(invoice)[1:] == [("refunded", 1438, refund_id)]


def test_what_paypal_takes_back_is_owed_again(shop: PayPalShop) -> None:
    """Arrears count from that day; nothing is collected by itself."""
    invoice = shop.owe()
    refund_id = shop.fake.give_back(shop.pay(invoice), 1438, kind="REVERSED")
    shop.deliver(shop.events("CAPTURE.REVERSED")[0])
    work_off(shop.paypal, at=at(NOW + timedelta(hours=1)))

    assert entries(invoice)[1:] == [("returned", 1438, refund_id)]
    row = Receivable.get_by_id(invoice)
    assert (row.is_held, row.overdue_since) == (True, TODAY)
    assert PaypalCapture.get().state is CaptureState.REVERSED
    with pytest.raises(RuleBroken):
        give_back(shop, 100)


def test_a_complaint_holds_and_one_that_is_won_lets_go(shop: PayPalShop) -> None:
    """The page shows it as long as it is open."""
    invoice = shop.owe()
    capture_id = shop.pay(invoice)
    dispute = shop.fake.complain(capture_id)
    shop.deliver(shop.events("DISPUTE.CREATED")[0])
    assert Receivable.get_by_id(invoice).is_held
    assert paypal_refunds.payments(shop.family.actor("alpha")).items[0].is_disputed

    shop.fake.complain(capture_id, dispute_id=dispute, outcome="RESOLVED_SELLER_FAVOUR")
    shop.deliver(shop.events("DISPUTE.RESOLVED")[0])
    assert not Receivable.get_by_id(invoice).is_held
    assert left(invoice) == 0


def test_only_the_creditor_sees_and_pays_back(shop: PayPalShop) -> None:
    """Neither those above, nor neighbours, nor the customer; nor who may only read."""
    shop.pay(shop.owe())
    capture_id = PaypalCapture.get().id
    for party in ("operator", "north", "beta"):
        assert paypal_refunds.payments(shop.family.actor(party)).total == 0
        with pytest.raises(NotFound):
            paypal_refunds.refund(shop.family.actor(party), shop.paypal, capture_id, 1, submission="", now=NOW, day=TODAY)
    for actor in (
        shop.family.actor("alpha", Role.READ_ONLY), shop.family.actor("anna"), shop.family.actor("north", on_behalf_of="alpha"),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            paypal_refunds.refund(actor, shop.paypal, capture_id, 1, submission="", now=NOW, day=TODAY)
