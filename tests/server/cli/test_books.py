"""Books at the command line."""

from pathlib import Path

import pytest

from server.models.terms import SellerTerms
from tests.server.cli.test_data import Place, place, plain
from tests.server.datev_reader import read_datev

__all__ = ["place", "plain"]


def test_files_for_adviser_and_tax_office(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Refused with what to do; then written, and never over another."""
    place.init()
    datev, declared = tmp_path / "books.csv", tmp_path / "zm.csv"
    ask = ("datev", "--party", "1", "--month", "2026-11", "--output", str(datev))

    assert place.say(*ask) == 1
    assert "consultant and client" in capsys.readouterr().err
    with place.rows():
        SellerTerms.create(party=1, datev_consultant="1001", datev_client="1")
    assert place.say(*ask) == 0
    assert read_datev(datev.read_bytes()).rows == []
    assert place.say(*ask) == 1
    assert "books.csv cannot be written" in capsys.readouterr().err
    assert place.say("datev", "--party", "9", "--month", "2026-11", "--output", str(tmp_path / "no.csv")) == 1
    assert place.say("declaration", "--party", "1", "--period", "2026-Q4", "--output", str(declared)) == 0
    assert declared.read_bytes().startswith(b"#v3.0\r\n")
    assert place.say("declaration", "--party", "1", "--period", "2026", "--output", str(tmp_path / "no.csv")) == 1
    assert not (tmp_path / "no.csv").exists()
