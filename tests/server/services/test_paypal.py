"""Payment by PayPal, against a PayPal that takes nothing wrong: once each, whatever breaks, whoever tells what when."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.domain.errors import Conflict, NotAllowed, NotFound, RuleBroken, TooManyAttempts
from server.domain.invoice import PaidBy
from server.domain.ledger import EntryKind, ReceivableKind
from server.domain.paypal import CaptureState, OrderState, RefundState
from server.domain.rights import Role
from server.gateways.paypal.transport import PayPalAway, PayPalLoginWrong
from server.models.audit import AuditEntry
from server.models.mail import OutgoingMail
from server.models.money import Receivable
from server.models.party import Party
from server.models.paypal import PaypalAccount, PaypalCapture, PaypalEvent, PaypalOrder, PaypalRefund, PaypalToken
from server.services import ledger, paypal_accounts, paypal_events, paypal_orders, paypal_refunds
from server.services.pay_links import look_at, pay_link
from server.services.paypal_accounts import AccountFacts
from server.services.paypal_events import NotSigned
from server.services.paypal_work import work_off
from tests.server.family import NOW, Family
from tests.server.paypal_fake import serving
from tests.server.services.paypal_shop import AT, TODAY, PayPalShop, at, entries, left, make_paypal, states


@pytest.fixture
def shop(family: Family, tmp_path: Path) -> Iterator[PayPalShop]:
    """A fake PayPal; alpha takes it."""
    with serving() as fake:
        shop = PayPalShop(family, fake, make_paypal(fake.url, tmp_path))
        shop.open_account("alpha")
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


@pytest.mark.parametrize("breaks", [["after"], ["before"], ["500"], ["after", "500"]])
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


# Refunds, reversals, complaints


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


# The monthly payment


@pytest.fixture
def saving(shop: PayPalShop) -> PayPalShop:
    """Anna's payment method is saved with alpha."""
    account = PaypalAccount.get()
    account.saves_methods = True
    account.save()
    shop.pay(shop.owe(number="R-0"), saves=True)
    return shop


def test_a_saved_payment_method_is_charged_when_something_falls_due_once(saving: PayPalShop) -> None:
    """Not before; and what is held, or paid otherwise, not at all."""
    due = saving.owe(3839, number="R-7", due=TODAY + timedelta(days=7))
    saving.owe(100, number="T-1", paid_by=PaidBy.TRANSFER)
    work_off(saving.paypal, at=AT)
    assert left(due) == 3839
    for hours in (0, 0, 1, 2, 30):
        work_off(saving.paypal, at=at(NOW + timedelta(days=7, hours=hours)))

    assert left(due) == 0
    assert len(saving.fake.captures) == 2
    assert OutgoingMail.select().count() == 0


def test_without_a_saved_payment_method_the_page_is_mailed_once(shop: PayPalShop) -> None:
    """In the debtor's language, with an address that opens the page."""
    Party.update(email="anna@anna.example").where(Party.id == shop.family["anna"]).execute()
    invoice = shop.owe()
    for hours in range(3):
        work_off(shop.paypal, at=at(NOW + timedelta(hours=hours)))

    mail = OutgoingMail.get()
    assert OutgoingMail.select().count() == 1
    assert (mail.recipient, mail.language) == ("anna@anna.example", "de")
    assert pay_link(invoice, now=NOW) in mail.text
    assert "14,38" in mail.text


def test_a_refused_charge_is_tried_three_times_and_told_at_once(saving: PayPalShop) -> None:
    """Never twice within three days, and with another number each time."""
    Party.update(email="anna@anna.example").where(Party.id == saving.family["anna"]).execute()
    due = saving.owe(3839, number="R-7")
    saving.fake.wishes.next_captures.extend(["REFUSED"] * 9)
    for days in range(12):
        work_off(saving.paypal, at=at(NOW + timedelta(days=days)))

    charged = [row.created_at for row in PaypalOrder.select().where(PaypalOrder.token.is_null(False)).order_by(PaypalOrder.id)]
    assert [(moment - NOW).days for moment in charged] == [0, 3, 6]
    assert OutgoingMail.select().count() == 1
    assert left(due) == 3839


def test_a_charge_whose_answer_got_lost_is_not_made_twice(saving: PayPalShop) -> None:
    """The same key again, as long as PayPal knows it."""
    due = saving.owe(3839, number="R-7")
    saving.fake.wishes.only = "/orders"
    saving.fake.wishes.break_off.extend(["after"] * 3)
    work_off(saving.paypal, at=AT)
    assert left(due) == 3839
    work_off(saving.paypal, at=at(NOW + timedelta(hours=1)))

    assert left(due) == 0
    assert len(saving.fake.captures) == 2


def test_a_charge_that_paypal_no_longer_knows_by_its_key_is_left_to_a_person(saving: PayPalShop) -> None:
    """The server was off for a day. Should the money have come, PayPal's message books it."""
    due = saving.owe(3839, number="R-7")
    saving.fake.wishes.only = "/orders"
    saving.fake.wishes.break_off.extend(["after"] * 3)
    work_off(saving.paypal, at=AT)
    for hours in (24, 48):
        work_off(saving.paypal, at=at(NOW + timedelta(hours=hours)))
    assert states() == ["paid", "unclear"]

    saving.deliver(saving.events("CAPTURE.COMPLETED")[-1])
    assert (left(due), states()) == (0, ["paid", "paid"])


def test_a_payment_method_that_the_payer_took_back_is_not_charged(saving: PayPalShop) -> None:
    """PayPal tells it, or refuses."""
    token = PaypalToken.get()
    saving.fake.tell(saving.accounts["alpha"].client_id, "VAULT.PAYMENT-TOKEN.DELETED", "payment_token", {"id": token.vault_id})
    saving.deliver(len(saving.fake.events) - 1)
    saving.owe(3839, number="R-7")
    work_off(saving.paypal, at=AT)

    assert PaypalToken.get().removed_at is not None
    assert len(saving.fake.captures) == 1


def test_nothing_is_saved_without_the_payers_word(saving: PayPalShop) -> None:
    """The order says so, and PayPal saves nothing."""
    saving.pay(saving.owe(buyer="axel", number="R-9"))

    assert [row.debtor_id for row in PaypalToken.select()] == [saving.family["anna"]]


# The account


def test_the_secret_is_sealed_and_never_shown(shop: PayPalShop, tmp_path: Path) -> None:
    """Neither in the rows, nor in the list of changes, nor in a repr; its key's file is the server's own."""
    secret = shop.accounts["alpha"].secret
    row = PaypalAccount.get()
    shown = " ".join([row.sealed_secret, *(entry.details for entry in AuditEntry.select())])
    page = paypal_accounts.account_page(shop.family.actor("alpha"))

    assert secret not in shown + repr(page)
    assert page.has_secret
    assert (tmp_path / "sealing-key").stat().st_mode & 0o077 == 0


def test_credentials_that_paypal_does_not_know_are_not_kept(shop: PayPalShop) -> None:
    """Nor others' changes overwritten, nor another id with the old secret."""
    actor, facts = shop.family.actor("alpha"), AccountFacts("client-alpha", "wrong", "", saves_methods=False, is_on=True)
    with pytest.raises(PayPalLoginWrong):
        paypal_accounts.set_account(actor, shop.paypal, facts, version=1, now=NOW)
    with pytest.raises(RuleBroken, match="another secret"):
        paypal_accounts.set_account(
            actor, shop.paypal, AccountFacts("other", "", "", saves_methods=False, is_on=True), version=1, now=NOW
        )
    kept = AccountFacts("client-alpha", "", "WH2", saves_methods=True, is_on=False)
    with pytest.raises(Conflict):
        paypal_accounts.set_account(actor, shop.paypal, kept, version=7, now=NOW)
    paypal_accounts.set_account(actor, shop.paypal, kept, version=1, now=NOW)

    invoice = shop.owe()
    assert pay_link(invoice, now=NOW) == ""


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


# Any order


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
