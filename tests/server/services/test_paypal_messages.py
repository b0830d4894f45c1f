"""Messages from PayPal: whose they are, and that any of them may come at any time, in any order, any number of times."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.domain.errors import NotFound, TooManyAttempts
from server.domain.paypal import CaptureState
from server.gateways.paypal.transport import PayPalAway
from server.models.money import Receivable
from server.models.paypal import PaypalCapture, PaypalEvent, PaypalOrder
from server.services import paypal_events, paypal_orders
from server.services.paypal_events import NotSigned
from server.services.paypal_work import work_off
from tests.server.family import NOW, Family
from tests.server.services.paypal_shop import AT, TODAY, PayPalShop, at, entries, left, paypal_shop


@pytest.fixture
def shop(family: Family, tmp_path: Path) -> Iterator[PayPalShop]:
    """A fake PayPal; alpha takes it."""
    with paypal_shop(family, tmp_path) as shop:
        yield shop


def test_messages_that_paypal_did_not_write_are_kept_nowhere(shop: PayPalShop) -> None:
    """Other bytes, another webhook, no signature, no JSON, and an address that is nobody's."""
    invoice = shop.owe()
    shop.agree(invoice)
    account, body, headers = shop.fake.events[0]
    hook = shop.accounts["alpha"].hook_url

    def send(body: bytes, headers: dict[str, str], hook: str = hook) -> None:
        paypal_events.receive(shop.paypal, hook, body, headers, address="192.0.2.1", at=AT)

    forged = [(body.replace(b"APPROVED", b"COMPLETE"), headers), (body + b" x", headers), (body, {}), (b"\xff", headers),
              (b"[" * 5000, headers), (b'{"id": 1, "resource": {}}', headers), (body, shop.fake.sign("OTHER", body))]  # fmt: skip
    for one, said in forged:
        with pytest.raises(NotSigned):
            send(one, said)
    with pytest.raises(NotFound):
        send(body, headers, "nobody")
    assert not PaypalEvent.select().exists()
    assert left(invoice) == 1438
    del account


def test_whoever_sends_forgeries_is_no_longer_listened_to(shop: PayPalShop) -> None:
    """So that nobody lets us ask PayPal without end."""
    hook = shop.accounts["alpha"].hook_url
    for _ in range(paypal_events.MOST_FORGED):
        with pytest.raises(NotSigned):
            paypal_events.receive(shop.paypal, hook, b"{}", {}, address="192.0.2.9", at=AT)
    with pytest.raises(TooManyAttempts):
        paypal_events.receive(shop.paypal, hook, b"{}", {}, address="192.0.2.9", at=AT)


def test_a_message_whose_writer_cannot_be_asked_comes_again(shop: PayPalShop) -> None:
    """And one that was kept before PayPal went away is taken up by the work."""
    invoice = shop.owe()
    shop.agree(invoice)
    shop.fake.wishes.only = "verify-webhook"
    shop.fake.wishes.break_off.extend(["500"] * 3)
    with pytest.raises(PayPalAway):
        shop.deliver(0)
    assert not PaypalEvent.select().exists()

    shop.fake.wishes.only = "/capture"
    shop.fake.wishes.break_off.extend(["500"] * 3)
    assert shop.deliver(0) == "waiting"
    work_off(shop.paypal, at=at(NOW + timedelta(hours=1)))
    assert left(invoice) == 0
    assert PaypalEvent.get().processed_at is not None


def test_messages_about_what_is_not_ours_change_nothing(shop: PayPalShop) -> None:
    """The seller has another shop behind the same account; a kind that we do not know."""
    account = shop.accounts["alpha"].client_id
    shop.fake.captures["OTHER1"] = {
        "id": "OTHER1", "status": "COMPLETED", "amount": {"currency_code": "EUR", "value": "14.38"}, "custom_id": "theirs",
        "_account": account, "_cents": 1438, "_order": "x", "_back": 0,
    }  # fmt: skip
    shop.fake.tell(account, "PAYMENT.CAPTURE.COMPLETED", "capture", {"id": "OTHER1"})
    shop.fake.tell(account, "PAYMENT.CAPTURE.COMPLETED", "capture", {"id": "NOTHERE"})
    shop.fake.tell(account, "BILLING.PLAN.CREATED", "plan", {"id": "P-1"})

    assert [shop.deliver(number) for number in range(3)] == ["not ours"] * 3
    assert not PaypalCapture.select().exists()


def test_a_sellers_message_cannot_pay_anothers_invoice(shop: PayPalShop) -> None:
    """Beta has an account, too, and knows the key of an order of alpha's; the amount is right."""
    beta = shop.open_account("beta")
    invoice = shop.owe()
    shop.begin(invoice)
    key = PaypalOrder.get().key
    shop.fake.captures["EVIL"] = {
        "id": "EVIL", "status": "COMPLETED", "amount": {"currency_code": "EUR", "value": "14.38"}, "custom_id": key,
        "_account": beta.client_id, "_cents": 1438, "_order": "x", "_back": 0,
    }  # fmt: skip
    shop.fake.tell(beta.client_id, "PAYMENT.CAPTURE.COMPLETED", "capture", {"id": "EVIL"})
    assert shop.deliver(len(shop.fake.events) - 1) == "not ours"
    with pytest.raises(NotSigned):
        shop.deliver(len(shop.fake.events) - 1, seller="alpha")

    shop.fake.approve(str(PaypalOrder.get().paypal_id))
    with pytest.raises(NotSigned):
        shop.deliver(len(shop.fake.events) - 1, seller="beta")
    assert left(invoice) == 1438


STEPS = st.lists(st.sampled_from(["back", "work", "approved", "pending", "completed", "refunded", "reversed"]), max_size=8)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, is_pending=st.booleans(), back=st.sampled_from(["", "REFUNDED", "REVERSED"]))
def test_in_whatever_order_things_are_told_the_books_end_the_same(
    shop: PayPalShop, steps: list[str], is_pending: bool, back: str
) -> None:
    """Messages replayed, left out, reordered, with the work in between; when all is told, all is booked once."""
    number = f"R-{Receivable.select().count()}"
    invoice = shop.owe(number=number)
    shop.fake.events.clear()
    shop.fake.wishes.next_captures.clear()
    if is_pending:
        shop.fake.wishes.next_captures.append("PENDING")
    order_id = shop.agree(invoice)
    kinds = {"approved": "ORDER.APPROVED", "pending": "CAPTURE.PENDING", "completed": "CAPTURE.COMPLETED",
             "refunded": "CAPTURE.REFUNDED", "reversed": "CAPTURE.REVERSED"}  # fmt: skip

    def do(step: str) -> None:
        if step == "back":
            paypal_orders.come_back(shop.paypal, shop.token(invoice), order_id, at=AT)
        elif step == "work":
            work_off(shop.paypal, at=at(NOW + timedelta(minutes=10)))
        else:
            for number in shop.events(kinds[step]):
                shop.deliver(number)

    do("back" if "back" in steps else "approved")
    capture_id = shop.captures(order_id)[0]
    if is_pending:
        shop.fake.settle(capture_id, "COMPLETED")
    if back:
        shop.fake.give_back(capture_id, 1438, kind=back)
    for step in steps:
        do(step)
    for step in kinds:
        do(step)

    assert [cents for _kind, cents, _source in entries(invoice)] == ([-1438, 1438] if back else [-1438])
    assert left(invoice) == (1438 if back else 0)
    row = Receivable.get_by_id(invoice)
    assert (row.is_held, row.overdue_since) == (bool(back), TODAY if back == "REVERSED" else None)
    wanted = {"": CaptureState.COMPLETED, "REFUNDED": CaptureState.REFUNDED, "REVERSED": CaptureState.REVERSED}
    assert PaypalCapture.get(PaypalCapture.capture_id == capture_id).state is wanted[back]


def test_what_paypal_took_back_unseen_is_known_as_such_once_it_says_so(shop: PayPalShop) -> None:
    """Its answers show a repayment, whoever made it; only its message tells."""
    shop.fake.wishes.next_captures.append("PENDING")
    invoice = shop.owe()
    capture_id = shop.pay(invoice)
    shop.fake.settle(capture_id, "COMPLETED")
    shop.fake.give_back(capture_id, 1438, kind="REVERSED")
    work_off(shop.paypal, at=at(NOW + timedelta(minutes=10)))
    assert (left(invoice), PaypalCapture.get().state) == (1438, CaptureState.REFUNDED)

    shop.deliver(shop.events("CAPTURE.REVERSED")[0])
    row = Receivable.get_by_id(invoice)
    assert (left(invoice), row.is_held, row.overdue_since) == (1438, True, TODAY)
    assert PaypalCapture.get().state is CaptureState.REVERSED
