"""The pages of the books: what a month comes to, the files, the accounts."""

import re

import pytest

from tests.server.datev_reader import read_datev
from tests.server.family import Family
from tests.server.services.books_world import BooksWorld, day
from tests.server.web.visitor import Visitors


@pytest.fixture
def world(family: Family) -> BooksWorld:
    """Alpha's November."""
    made = BooksWorld(family)
    made.whole_month()
    return made


def test_a_month_is_looked_at_and_fetched(world: BooksWorld, visitors: Visitors) -> None:
    """The sums, that they agree, and the file."""
    alpha = visitors.of("alpha")
    page = alpha.text("/books?month=2026-11")

    assert "Fees of PayPal" in page
    assert "€0.62" in page
    answer = alpha.send("/books/datev", page="/books?month=2026-11", month="2026-11")
    assert "EXTF_Buchungsstapel_55003_2026-11.csv" in answer.headers["Content-Disposition"]
    assert len(read_datev(answer.data).rows) > 15
    assert world.alpha


def test_what_differs_is_shown_instead_of_a_file(world: BooksWorld, visitors: Visitors) -> None:
    """An invoice of which the ledger knows nothing."""
    world.document("anna", "RE-9", 500, 95, on=day(3))
    alpha = visitors.of("alpha")

    refused = alpha.send("/books/datev", page="/books", month="2026-11")
    assert refused.status_code == 422
    assert "The books are not what the ledger says." in refused.text
    assert "€5.95" not in alpha.text("/books?month=2026-11")


def test_the_declaration_is_looked_at_and_fetched(world: BooksWorld, visitors: Visitors) -> None:
    """By month; an address that makes no sense shows the last quarter."""
    alpha = visitors.of("alpha")

    assert "ATU12345675" in alpha.text("/books/declaration?period=2026-11")
    assert alpha.get("/books/declaration.csv?period=2026-11").text.endswith("ATU12345675,32,S\r\n")
    assert "Nothing is to be declared for 2026-Q3." in alpha.text("/books/declaration?period=x")
    assert alpha.get("/books/declaration.csv?period=x").status_code == 422
    assert world.alpha


def test_accounts_are_changed_and_two_do_not_overwrite_each_other(world: BooksWorld, visitors: Visitors) -> None:
    """What is wrong stands beside its field; who comes second sees what was saved."""
    alpha = visitors.of("alpha")
    found = re.search(r'name="seen" value="(\w+)"', alpha.text("/books/accounts"))
    assert found is not None
    sent = {"chart": "03", "bank": "1201", "commission_key": "9", "seen": found[1]}

    assert "four figures" in alpha.send("/books/accounts", **sent | {"bank": "12"}).text
    assert alpha.send("/books/accounts", **sent).status_code == 303
    assert 'value="1201"' in alpha.text("/books/accounts")
    second = alpha.send("/books/accounts", **sent | {"bank": "1202"})
    assert second.status_code == 409
    assert "saved meanwhile: 1201" in second.text
    assert world.alpha
