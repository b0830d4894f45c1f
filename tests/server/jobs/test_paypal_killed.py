"""Killed between PayPal's answer and our note, and several at once: nothing lost, nothing twice."""

import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from peewee import Database

from server.models.paypal import PaypalAccount, PaypalCapture
from server.services.paypal_work import work_off
from tests.server.family import NOW, Family
from tests.server.jobs.helper import finish, start
from tests.server.services.paypal_shop import PayPalShop, at, entries, left, paypal_shop, states

pytestmark = pytest.mark.slow  # processes are started, and killed
PAYER = """
import sys
from pathlib import Path
from server.models.database import disconnect, open_database
from server.services import paypal_orders
from server.services.paypal_work import work_off
from tests.server.services.paypal_shop import AT, make_paypal
url, address, folder, what, token, order_id = sys.argv[1:]
database = open_database(url)
paypal = make_paypal(address, Path(folder))
if what == "back":
    paypal_orders.come_back(paypal, token, order_id, at=AT)
else:
    work_off(paypal, at=AT)
disconnect(database)
"""


@pytest.fixture
def shop(family: Family, tmp_path: Path) -> Iterator[PayPalShop]:
    """A fake PayPal; alpha takes it."""
    with paypal_shop(family, tmp_path, saves_methods=True) as shop:
        yield shop


def payer(
    shop: PayPalShop, url: str, folder: Path, what: str, token: str = "-", order_id: str = "-"
) -> "subprocess.Popen[bytes]":
    """Start somebody who works in a process of its own."""
    return start(PAYER, url, shop.fake.url, str(folder), what, token, order_id)


def kill_at(shop: PayPalShop, part: str) -> "list[subprocess.Popen[bytes]]":
    """Let PayPal do what it is asked at a path, and whoever asked be killed before he hears of it, once."""
    victims: list[subprocess.Popen[bytes]] = []

    def kill(path: str) -> None:
        if part in path and victims:
            victims.pop().kill()

    shop.fake.wishes.while_working = kill
    return victims


@pytest.mark.parametrize("where", ["/capture", "/v2/checkout/orders/ORDER", "/v2/payments/captures"])
def test_killed_when_a_payer_comes_back(
    shop: PayPalShop, database: Database, database_url: str, tmp_path: Path, where: str
) -> None:
    """After PayPal took the money, and after it said so: the work books it, once."""
    invoice = shop.owe()
    order_id, token = shop.agree(invoice), shop.token(invoice)
    database.close()
    victims = kill_at(shop, where)
    process = payer(shop, database_url, tmp_path, "back", token, order_id)
    victims.append(process)
    assert finish([process]) == [-9]
    assert left(invoice) == 1438
    database.close()
    work_off(shop.paypal, at=at(NOW + timedelta(minutes=10)))

    assert left(invoice) == 0
    assert entries(invoice) == [("paypal", -1438, shop.captures(order_id)[0])]


def test_killed_while_a_saved_payment_method_is_charged(
    shop: PayPalShop, database: Database, database_url: str, tmp_path: Path
) -> None:
    """The next one says the same request again; PayPal knows it."""
    shop.pay(shop.owe(number="R-0"), saves=True)
    due = shop.owe(3839, number="R-7")
    database.close()
    victims = kill_at(shop, "/v2/checkout/orders")
    process = payer(shop, database_url, tmp_path, "work")
    victims.append(process)
    assert finish([process]) == [-9]
    assert left(due) == 3839
    database.close()
    for minutes in (1, 30):
        work_off(shop.paypal, at=at(NOW + timedelta(minutes=minutes)))

    assert left(due) == 0
    assert len(shop.fake.captures) == 2


def test_several_at_once_take_and_book_once(shop: PayPalShop, database: Database, database_url: str, tmp_path: Path) -> None:
    """A reload, a second worker, the jobs: all in the same moment."""
    shop.pay(shop.owe(number="R-0"), saves=True)
    due = shop.owe(3839, number="R-7")
    invoice = shop.owe(buyer="axel")
    order_id, token = shop.agree(invoice), shop.token(invoice)
    database.close()
    backs = [payer(shop, database_url, tmp_path, "back", token, order_id) for _ in range(2)]
    workers = [payer(shop, database_url, tmp_path, "work") for _ in range(2)]
    assert finish(backs + workers) == [0, 0, 0, 0]
    work_off(shop.paypal, at=at(NOW + timedelta(minutes=30)))

    assert (left(invoice), left(due)) == (0, 0)
    assert [len(entries(one)) for one in (invoice, due)] == [1, 1]
    assert states() == ["paid"] * 3
    assert PaypalCapture.select().count() == len(shop.fake.captures) == 3
    assert PaypalAccount.select().count() == 1
