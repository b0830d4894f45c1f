"""How we speak with PayPal: what is tried again, what is not, and what nobody gets to read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.domain.errors import SetupError
from server.gateways.paypal.client import PayPal, Visit, Wanted
from server.gateways.paypal.transport import Credentials, PayPalAway, PayPalLoginWrong, PayPalRefused, Transport
from server.gateways.sealing import Sealer
from tests.server.paypal_fake import Account, FakePayPal, serving

WANTED = Wanted("key-1", 1738, "R-1", "Alpha R-1")
VISIT = Visit("https://example.com/return", "https://example.com/cancel", "Alpha", "de-DE")


@pytest.fixture
def fake() -> Iterator[FakePayPal]:
    """A PayPal."""
    with serving() as fake:
        yield fake


@pytest.fixture
def account(fake: FakePayPal) -> Account:
    """A seller's app there."""
    return fake.open_account("alpha")


@pytest.fixture
def paypal(fake: FakePayPal, tmp_path: Path) -> PayPal:
    """The way to it."""
    return PayPal(Transport(fake.url, read_seconds=5, pause_seconds=0.01), Sealer(tmp_path / "sealing-key"))


def test_a_token_is_asked_for_once_and_anew_when_paypal_has_ended_it(fake: FakePayPal, account: Account, paypal: PayPal) -> None:
    """Whatever PayPal said how long it would live."""
    client = paypal.client_of(account.client_id, account.secret)
    order = client.create_order(WANTED, VISIT)
    client.order(order.id)
    assert fake.asked.count("POST /v1/oauth2/token") == 1

    fake._bearers.clear()
    assert client.order(order.id) == order
    assert fake.asked.count("POST /v1/oauth2/token") == 2


def test_what_paypal_refuses_is_not_tried_again(fake: FakePayPal, account: Account, paypal: PayPal) -> None:
    """Only what may succeed then."""
    client = paypal.client_of(account.client_id, account.secret)
    with pytest.raises(PayPalRefused) as refused:
        client.order("NOTHERE")
    assert (refused.value.issue, refused.value.status) == ("INVALID_RESOURCE_ID", 404)
    assert fake.asked.count("GET /v2/checkout/orders/NOTHERE") == 1

    fake.wishes.break_off.extend(["500"] * 5)
    with pytest.raises(PayPalAway):
        client.order("NOTHERE")
    assert len(fake.wishes.break_off) == 2


def test_an_id_that_is_none_of_paypals_asks_for_nothing(fake: FakePayPal, account: Account, paypal: PayPal) -> None:
    """It stands in an address, and comes from outside."""
    client = paypal.client_of(account.client_id, account.secret)
    for wrong in ("../../v1/x", "a/b", "", "ü", "a?b"):
        with pytest.raises(PayPalRefused):
            client.order(wrong)
    assert fake.asked == []


def test_secrets_are_in_no_message_and_no_repr(account: Account, paypal: PayPal, fake: FakePayPal) -> None:
    """Neither when PayPal does not know them, nor when it is away."""
    with pytest.raises(PayPalLoginWrong) as wrong:
        paypal.client_of(account.client_id, "not the secret").check()
    fake.wishes.break_off.extend(["before"] * 3)
    with pytest.raises(PayPalAway) as away:
        paypal.client_of(account.client_id, account.secret).check()

    shown = f"{wrong.value!r} {away.value!r} {Credentials('a', account.secret)!r}"
    assert "not the secret" not in shown
    assert account.secret not in shown


def test_one_key_seals_and_opens_and_no_other(tmp_path: Path) -> None:
    """A key that was lost or exchanged is told, with what to do."""
    sealer = Sealer(tmp_path / "key")
    sealed = sealer.seal("the secret")
    assert "the secret" not in sealed
    assert Sealer(tmp_path / "key").open(sealed) == "the secret"

    Sealer(tmp_path / "other").seal("x")
    with pytest.raises(SetupError, match="not the key"):
        Sealer(tmp_path / "other").open(sealed)
    with pytest.raises(SetupError, match="cannot be read"):
        Sealer(tmp_path / "missing").open(sealed)
    assert not (tmp_path / "missing").exists()
