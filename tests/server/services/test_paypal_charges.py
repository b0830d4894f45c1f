"""The monthly payment, and the account through which it comes."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from server.domain.errors import Conflict, NotFound, RuleBroken
from server.domain.invoice import PaidBy
from server.domain.paypal import OrderState
from server.gateways.paypal.transport import PayPalLoginWrong
from server.models.audit import AuditEntry
from server.models.mail import OutgoingMail
from server.models.party import Party
from server.models.paypal import PaypalAccount, PaypalOrder, PaypalToken
from server.services import paypal_accounts, paypal_refunds
from server.services.pay_links import pay_link
from server.services.paypal_accounts import AccountFacts
from server.services.paypal_work import work_off
from tests.server.family import NOW, Family
from tests.server.services.paypal_shop import AT, TODAY, PayPalShop, at, left, paypal_shop, states


@pytest.fixture
def shop(family: Family, tmp_path: Path) -> Iterator[PayPalShop]:
    """A fake PayPal; alpha takes it."""
    with paypal_shop(family, tmp_path) as shop:
        yield shop


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


def test_what_is_unclear_is_settled_by_the_creditor_alone(saving: PayPalShop) -> None:
    """After a look at PayPal's pages; then it is charged anew."""
    due = saving.owe(3839, number="R-7")
    saving.fake.wishes.only = "/orders"
    saving.fake.wishes.break_off.extend(["before"] * 3)
    for hours in (0, 24, 100):
        work_off(saving.paypal, at=at(NOW + timedelta(hours=hours)))
    assert (left(due), states()) == (3839, ["paid", "unclear"])
    order_id = PaypalOrder.get(PaypalOrder.state == OrderState.UNCLEAR).id
    with pytest.raises(NotFound):
        paypal_refunds.nothing_came(saving.family.actor("beta"), order_id, now=NOW)
    paypal_refunds.nothing_came(saving.family.actor("alpha"), order_id, now=NOW)
    work_off(saving.paypal, at=at(NOW + timedelta(hours=200)))

    assert (left(due), states()) == (0, ["paid", "dropped", "paid"])


def test_a_payment_method_that_the_payer_took_back_is_not_charged(saving: PayPalShop) -> None:
    """PayPal tells it, or refuses."""
    token = PaypalToken.get()
    saving.fake.tell(saving.accounts["alpha"].client_id, "VAULT.PAYMENT-TOKEN.DELETED", "payment_token", {"id": token.vault_id})
    saving.deliver(len(saving.fake.events) - 1)
    saving.owe(3839, number="R-7")
    work_off(saving.paypal, at=AT)

    assert PaypalToken.get().removed_at is not None
    assert len(saving.fake.captures) == 1


def test_a_payment_method_that_is_saved_later_is_told_by_paypal(saving: PayPalShop) -> None:
    """Only of an order whose payer agreed to it, and only to the seller that it was saved for."""
    saving.fake.wishes.next_captures.extend(["PENDING", "PENDING"])
    account = saving.accounts["alpha"].client_id
    for number, saves in (("R-8", True), ("R-9", False)):
        invoice = saving.owe(number=number, buyer="axel")
        saving.pay(invoice, saves=saves)
        order_id = PaypalOrder.get(PaypalOrder.receivable == invoice).paypal_id
        resource = {"id": f"late-{number}", "metadata": {"order_id": order_id}}
        saving.fake.tell(account, "VAULT.PAYMENT-TOKEN.CREATED", "payment_token", resource)
        assert saving.deliver(len(saving.fake.events) - 1) == "done"

    saved = [row.vault_id for row in PaypalToken.select().where(PaypalToken.debtor == saving.family["axel"])]
    assert saved == ["late-R-8"]


def test_nothing_is_saved_without_the_payers_word(saving: PayPalShop) -> None:
    """The order says so, and PayPal saves nothing."""
    saving.pay(saving.owe(buyer="axel", number="R-9"))

    assert [row.debtor_id for row in PaypalToken.select()] == [saving.family["anna"]]


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
