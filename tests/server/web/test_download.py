"""The page from which the program comes: whoever has the address, and nothing but what lies there to be taken."""

import hashlib
from pathlib import Path

import pytest
from flask import Flask

from server.web.app import WebSettings, create_app
from tests.server.family import NOW, Family

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
BUILD = b"\x7fELF" + bytes(3_000_000)


@pytest.fixture
def app(family: Family, tmp_path: Path) -> Flask:
    """GDPAC with one build, something hidden, and a way out of the folder."""
    del family
    folder = tmp_path / "downloads"
    folder.mkdir()
    (folder / "gdp-portable").write_bytes(BUILD)
    (folder / ".hidden").write_text("no")
    (tmp_path / "secret-key").write_text("secret")
    (folder / "leak").symlink_to(tmp_path / "secret-key")
    return create_app(WebSettings(b"k" * 32, downloads=folder), clock=lambda: NOW)


def test_a_build_is_shown_with_its_checksum_and_comes_whole(app: Flask) -> None:
    """Without logging in: the mail about the activation names the page."""
    visitor = app.test_client()
    page = visitor.get("/download", headers={"Accept-Language": "en"}).text

    assert "gdp-portable" in page
    assert hashlib.sha256(BUILD).hexdigest() in page
    assert ">3 MB<" in page
    assert ".hidden" not in page
    assert "leak" not in page
    with visitor.get("/download/gdp-portable") as fetched:
        assert fetched.data == BUILD
        assert "attachment" in fetched.headers["Content-Disposition"]


@pytest.mark.parametrize("name", ["leak", ".hidden", "..%2Fsecret-key", "nothing", "%00"])
def test_nothing_else_is_sent(app: Flask, name: str) -> None:
    """No links, nothing from elsewhere."""
    assert app.test_client().get(f"/download/{name}").status_code == 404


def test_where_nothing_lies_yet_the_page_says_whom_to_ask(family: Family, tmp_path: Path) -> None:
    """A new installation."""
    del family
    app = create_app(WebSettings(b"k" * 32, downloads=tmp_path / "none"), clock=lambda: NOW)
    assert "Ask whoever serves you" in app.test_client().get("/download", headers={"Accept-Language": "en"}).text
