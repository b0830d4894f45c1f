"""The benchmark of many customers, with a few: what it makes is sound, and it asks every kind of party for its pages."""

from pathlib import Path

from peewee import Database

from bench.gdpac import as_table, measure_pages
from bench.gdpac_rows import MONTHS, fill
from server.domain.month import Month
from server.domain.party import PartyKind
from server.domain.rights import Role
from server.models.contract import Contract
from server.models.money import Invoice, LedgerEntry, Receivable
from server.models.party import Party
from server.services import books_facts


def test_a_small_crowd_is_made_and_measured(database: Database, tmp_path: Path) -> None:
    """On both databases: the rows fit each other, every page of the first of each kind answers."""
    before = _indexes(database)
    crowd = fill(database, 0.0002)
    found = measure_pages(tmp_path, runs=1, roles=(Role.OWNER,))

    assert crowd.customers == Contract.select().count() == Party.select().where(Party.kind == PartyKind.CUSTOMER).count() == 20
    assert Invoice.select().where(Invoice.contract.is_null(False)).count() == 20 * MONTHS
    assert LedgerEntry.select().count() > Receivable.select().count() == Invoice.select().count()
    for seller in crowd.firsts.values():
        assert books_facts.torn(seller) == []
        totals, issued = books_facts.totals(seller, Month(2026, 11)), books_facts.issued(seller, Month(2026, 11))
        assert {kind: totals.get(kind, 0) for kind in issued} == issued
    assert _indexes(database) == before
    shown = {(one.endpoint, one.kind) for one in found if one.status == 200}
    assert {("dashboard.home", str(kind)) for kind in PartyKind} <= shown
    assert {("parties.show", "reseller"), ("audit.show", "operator"), ("books.show", "distributor")} <= shown
    assert not [one for one in found if one.status >= 500]
    assert "answered with a page" in as_table(found)


def _indexes(database: Database) -> set[tuple[str, str]]:
    return {(table, one.name) for table in database.get_tables() for one in database.get_indexes(table)}
