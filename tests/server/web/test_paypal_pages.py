"""The pages of PayPal as browsers see them: the customer's, the seller's, and the address of PayPal's messages."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from server.domain.rights import Role
from server.models.party import Party
from server.models.paypal import PaypalAccount, PaypalCapture
from server.web.app import WebSettings, create_app
from tests.server.family import NOW, Family
from tests.server.services.paypal_shop import PayPalShop, left, paypal_shop
from tests.server.web.visitor import Visitors

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""once: what differs between databases is tested below the web"""


@pytest.fixture
def shop(family: Family, tmp_path: Path) -> Iterator[PayPalShop]:
    """A fake PayPal; alpha takes it."""
    with paypal_shop(family, tmp_path, saves_methods=True) as shop:
        yield shop


@pytest.fixture
def app(shop: PayPalShop) -> Flask:
    """The app with this PayPal."""
    return create_app(WebSettings(secret_key=b"k" * 32, paypal=shop.paypal), clock=lambda: NOW)


def test_a_customer_pays_without_logging_in(shop: PayPalShop, visitors: Visitors) -> None:
    """The page, PayPal, back, and the page again."""
    Party.update(brand_colour="#7a1f5c").where(Party.id == shop.family["alpha"]).execute()
    invoice = shop.owe(1738)
    page = f"/pay/{shop.token(invoice)}"
    customer = visitors.anybody()
    assert "€17.38" in customer.text(page)
    assert "Alpha GmbH" in customer.text(page)
    assert "/colours/7a1f5c.css" in customer.text(page)
    assert "#7a1f5c" in customer.text("/colours/7a1f5c.css")

    onward = customer.send(page)
    url = onward.headers["Refresh"].partition("url=")[2]
    assert url.startswith(f"{shop.fake.url}/checkoutnow?token=")
    assert url in onward.text

    order_id = url.rpartition("=")[2]
    back = shop.fake.approve(order_id)
    answer = customer.get(back[back.index("/pay/") :])
    assert answer.status_code == 303
    assert "R-1 is paid" in customer.text(answer.headers["Location"])
    assert left(invoice) == 0
    assert customer.send(page, page="/login").status_code == 422


def test_the_page_says_what_became_of_it(shop: PayPalShop, visitors: Visitors) -> None:
    """Left, not agreed, refused, pending, PayPal away, an address that nobody has."""
    invoice = shop.owe()
    page = f"/pay/{shop.token(invoice)}"
    customer = visitors.anybody()
    assert customer.get("/pay/unknown").status_code == 404
    assert "Nothing was taken" in customer.text(f"{page}?cancelled=yes")

    order_id = shop.begin(invoice)
    customer.get(f"{page}/return?token={order_id}")
    assert "not agreed" in customer.text(page)

    shop.fake.wishes.next_captures.append("REFUSED")
    shop.fake.approve(order_id)
    customer.get(f"{page}/return?token={order_id}")
    assert "was refused by PayPal" in customer.text(page)

    shop.fake.wishes.next_captures.append("PENDING")
    order_id = shop.agree(invoice)
    shop.fake.wishes.only = "/capture"
    shop.fake.wishes.break_off.extend(["500"] * 3)
    customer.get(f"{page}/return?token={order_id}")
    assert "has not answered yet" in customer.text(page)
    customer.get(f"{page}/return?token={order_id}")
    assert "PayPal is checking your payment" in customer.text(page)


def test_paypals_messages_need_no_form_and_are_judged(shop: PayPalShop, visitors: Visitors) -> None:
    """Signed: taken; forged, too large, to nobody: refused; PayPal away: come again."""
    invoice = shop.owe()
    shop.agree(invoice)
    _account, body, headers = shop.fake.events[0]
    hook = f"/paypal/hook/{shop.accounts['alpha'].hook_url}"
    client = visitors.anybody().client
    assert client.post(hook, data=body.replace(b"APPROVED", b"VOIDED"), headers=headers).status_code == 400
    assert client.post(hook, data=b"x" * 200_000, headers=headers).status_code == 413
    assert client.post("/paypal/hook/nobody", data=body, headers=headers).status_code == 404
    assert client.get(hook).status_code == 405
    shop.fake.wishes.only = "verify"
    shop.fake.wishes.break_off.extend(["500"] * 3)
    assert client.post(hook, data=body, headers=headers).status_code == 503
    assert left(invoice) == 1438

    answer = client.post(hook, data=body, headers=headers)
    assert (answer.status_code, answer.text) == (200, "done\n")
    assert left(invoice) == 0


def test_a_seller_enters_its_account(shop: PayPalShop, visitors: Visitors) -> None:
    """The secret goes in and is never shown; wrong ones are told beside the field."""
    beta = shop.fake.open_account("beta")
    browser = visitors.of("beta", Role.BILLING)
    assert "/paypal/hook/" not in browser.text("/paypal/account")
    wrong = browser.send("/paypal/account", client_id=beta.client_id, secret="wrong", webhook_id="", is_on="yes", version="0")
    assert (wrong.status_code, "does not know this client id" in wrong.text) == (422, True)

    said = {"client_id": beta.client_id, "secret": beta.secret, "webhook_id": "", "is_on": "yes"}
    assert browser.send("/paypal/account", version="0", **said).status_code == 303
    page = browser.text("/paypal/account")
    assert re.search(r"http://127\.0\.0\.1:8000/paypal/hook/[\w-]{32}", page)
    assert beta.secret not in page
    assert browser.send("/paypal/account", version="0", **said).status_code == 409
    assert PaypalAccount.get(PaypalAccount.party == shop.family["beta"]).is_on


def test_a_seller_sees_what_came_and_pays_back(shop: PayPalShop, visitors: Visitors) -> None:
    """With PayPal's fee; a form sent twice pays back once; too much is told beside the field."""
    invoice = shop.owe(1738)
    shop.pay(invoice)
    browser = visitors.of("alpha")
    page = browser.text("/paypal/payments")
    assert "Anna GmbH" in page
    assert "€17.38" in page
    assert "€0.78" in page

    form = f"/paypal/payments/{PaypalCapture.get().id}/refund"
    assert 'value="17.38"' in browser.text(form)
    assert browser.send(form, amount="17.39", submission="a").status_code == 422
    assert browser.send(form, amount="five", submission="a").status_code == 422
    for _ in range(2):
        assert browser.send(form, amount="7,38", submission="b").status_code == 303
    assert left(invoice) == 738
    assert "back: €7.38" in browser.text("/paypal/payments")
    assert visitors.of("alpha", Role.READ_ONLY).get(form).status_code == 403
    assert visitors.of("beta").get(form).status_code == 404
