"""The month is billed and drawn at the command line."""

from datetime import date
from pathlib import Path

import pytest
from peewee import Database

from server.cli.program import run
from server.models.database import bind
from server.models.money import Invoice
from server.models.party import Party
from tests.server.family import Family
from tests.server.services.invoice_world import InvoiceWorld


def at(database_url: str) -> list[str]:
    """Return the options that name the database; a file lies in the data folder by itself."""
    return ["--database", database_url] if database_url.startswith("postgresql") else []


def test_a_month_is_planned_issued_and_drawn(
    database: Database, family: Family, database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dry run changes nothing; what one lacks is told and does not stop the others; again does the rest."""
    world = InvoiceWorld(family)
    world.contract(starts=date(2025, 10, 1))
    Party.update(tax_number="", vat_id="").where(Party.id == family["north"]).execute()

    def say(*words: str) -> tuple[int, str, str]:
        code = run(["--data", str(tmp_path), *at(database_url), "--language", "en", *words])
        bind(database)  # the command has bound its own
        told = capsys.readouterr()
        return code, told.out, told.err

    code, told, _ = say("invoice", "--month", "2025-10", "--dry-run")
    assert (code, Invoice.select().count()) == (0, 0)
    assert "Alpha GmbH > Anna GmbH V-2026-00001: €25.00 net, €29.75 with VAT" in told
    assert "3 documents would be issued, €38.80 net." in told
    code, told, wrong = say("invoice", "--month", "2025-10")
    assert code == 1
    assert "2 documents issued, €30.90 net." in told
    assert "North GmbH > Alpha GmbH: North GmbH needs a tax number" in wrong
    Party.update(tax_number="48/712/00345").where(Party.id == family["north"]).execute()
    code, told, _ = say("invoice", "--month", "2025-10")
    assert code == 0
    assert "1 document issued, €7.90 net." in told
    code, told, _ = say("documents", "--workers", "2")
    assert code == 0
    assert "3 of 3 documents" in told
    assert not Invoice.select().where(Invoice.pdf == "").exists()
    assert say("invoice", "--month", "soon")[0] == 1


def test_a_month_that_is_not_over_is_refused(
    family: Family, database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    InvoiceWorld(family)
    assert run(["--data", str(tmp_path), *at(database_url), "--language", "en", "invoice", "--month", "2199-01"]) == 1
    assert "2199-01 is not over yet" in capsys.readouterr().err
