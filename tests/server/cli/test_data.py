"""From nothing to a server, into a backup and back, at the command line."""

import gzip
import io
import os
import re
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from peewee import Database

from server.cli.program import run
from server.models import migrations
from server.models.audit import AuditEntry
from server.models.database import disconnect, open_database
from server.models.party import Party
from server.services import invitations, login
from tests.server.postgres import PostgresServer
from tests.server.services.access import PASSWORD


@dataclass
class Place:
    """A server to be: its folder, and the options that name it."""

    folder: Path
    url: str
    """of PostgreSQL, or empty"""

    def say(self, *words: str) -> int:
        """Run a command on it, and return the exit code."""
        options = ["--data", str(self.folder), *(["--database", self.url] if self.url else [])]
        return run([*options, *words])

    def init(self) -> int:
        """Set it up."""
        return self.say("init", "--operator", "GDP GmbH", "--email", "chef@example.com")

    @contextmanager
    def rows(self) -> Iterator[Database]:
        """Let the test look at its rows."""
        opened = open_database(self.url or str(self.folder / "gdpac.sqlite"))
        yield opened
        disconnect(opened)


@pytest.fixture
def place(which_database: str, empty_url: str, tmp_path: Path) -> Place:
    """A place where nothing is yet, for rows of either kind."""
    return Place(tmp_path / "data", "" if which_database == "sqlite" else empty_url)


@pytest.fixture
def other_place(which_database: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Another one of the same kind."""
    if which_database == "sqlite":
        yield Place(tmp_path / "other", "")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create()
    yield Place(tmp_path / "other", server.url(name))
    server.drop(name)


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of the tester's."""
    for name in ("GDP_DATA", "GDP_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANGUAGE", "en")


def test_the_printed_link_leads_in(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """And the second time a new one does, until somebody is in."""
    assert place.init() == 0
    link = capsys.readouterr().out.strip().splitlines()[-1]
    token = re.fullmatch(r"http://127\.0\.0\.1:8000/invitation/(\S+)", link)
    assert token
    with place.rows():
        invitations.accept(token[1], name="Chef", password=PASSWORD, now=datetime.now(UTC))
        assert login.log_in("chef@example.com", PASSWORD, address="::1", agent="", now=datetime.now(UTC)).token

    assert place.say("link", "chef@example.com") == 0
    link = capsys.readouterr().out.strip().splitlines()[-1]
    with place.rows():
        assert invitations.look_at(link.rpartition("/")[2], now=datetime.now(UTC)).email == "chef@example.com"
    assert place.init() == 1
    assert "set up already, for GDP GmbH" in capsys.readouterr().err


def test_without_a_shape_nothing_begins(
    place: Place, other_place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says what to do."""
    for words in (("jobs", "--once"), ("backup", "x"), ("migrate",)):
        assert place.say(*words) == 1
        assert "gdp-server --data DIR init" in capsys.readouterr().err

    assert place.init() == 0
    known = migrations._modules()
    monkeypatch.setattr(migrations, "_modules", lambda: known | {9998: ("later", known[1][1])})
    assert place.say("jobs", "--once") == 1
    assert "gdp-server --data DIR migrate" in capsys.readouterr().err
    # What the hint asks for before: a backup by the new version, of the old shape.
    archive = str(place.folder.parent / "before.tar.gz")
    assert place.say("backup", archive) == 0
    assert other_place.say("restore", archive) == 0
    assert "older version. Say: gdp-server --data DIR migrate" in capsys.readouterr().out


def test_migrating_says_what_was_done(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing, where there is nothing to do; a newer database is left alone."""
    place.init()
    assert place.say("migrate") == 0
    assert "0 steps were applied" in capsys.readouterr().out

    with place.rows() as database:
        database.execute_sql("INSERT INTO migration (number, name, applied_at) SELECT 9999, 'later', '2026-01-01 00:00:00+00:00'")
    assert place.say("migrate") == 1
    assert "newer version of this program (step 9999, later)" in capsys.readouterr().err


def test_a_backup_brings_everything_back(
    place: Place, other_place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rows, files, settings, secrets; made while somebody writes, it holds one moment."""
    place.init()
    (place.folder / "files" / "logo.png").write_bytes(os.urandom(300_000))
    with place.rows() as database:
        before = [(row.id, row.action, row.details, row.at) for row in AuditEntry.select().order_by(AuditEntry.id)]
        with database.atomic():
            Party.update(legal_name="not committed").execute()
            assert place_backup(place, tmp_path / "b.tar.gz") == 0

    archive = tmp_path / "b.tar.gz"
    assert archive.stat().st_mode & 0o077 == 0
    assert other_place.say("restore", str(archive)) == 0
    with other_place.rows():
        assert [(row.id, row.action, row.details, row.at) for row in AuditEntry.select().order_by(AuditEntry.id)] == before
        operator = Party.get()
        assert operator.legal_name == "GDP GmbH"
        # Numbers are drawn after those that are there.
        Party.create(kind="distributor", parent=operator.id, legal_name="North", created_at=datetime.now(UTC))
    for name in ("files/logo.png", "secret-key", "settings.toml"):
        assert (other_place.folder / name).read_bytes() == (place.folder / name).read_bytes()
        assert (other_place.folder / name).stat().st_mode & 0o077 == 0
    assert other_place.folder.stat().st_mode & 0o077 == 0
    assert {path.name for path in tmp_path.iterdir()} <= {"b.tar.gz", "data", "other", "empty.sqlite"}
    assert other_place.say("jobs", "--once") == 0
    assert capsys.readouterr().err == ""


def place_backup(place: Place, archive: Path) -> int:
    """Make a backup by a process of its own: this one is in the middle of a transaction."""
    options = ["--data", str(place.folder), *(["--database", place.url] if place.url else [])]
    command = [sys.executable, "-m", "server", *options, "backup", str(archive)]
    return subprocess.run(command, check=False, cwd=Path(__file__).parents[3]).returncode


def test_a_backup_replaces_nothing(place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither an archive, nor a folder, nor rows that are there."""
    place.init()
    archive = tmp_path / "b.tar.gz"
    assert place.say("backup", str(archive)) == 0
    assert place.say("backup", str(archive)) == 1
    assert place.say("restore", str(archive)) == 1
    assert "is not empty" in capsys.readouterr().err

    elsewhere = Place(tmp_path / "elsewhere", place.url)
    code = elsewhere.say("restore", str(archive))
    assert (code, elsewhere.folder.exists()) == ((1, False) if place.url else (0, True))


@pytest.mark.parametrize("damage", ["cut", "bit", "other file", "no archive", "added", "climbs", "missing"])
def test_a_damaged_archive_is_refused_whole(tmp_path: Path, damage: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is left behind."""
    place, target = Place(tmp_path / "data", ""), Place(tmp_path / "target", "")
    place.init()
    (place.folder / "files" / "scan.pdf").write_bytes(os.urandom(200_000))
    archive = tmp_path / "b.tar.gz"
    place.say("backup", str(archive))
    raw = archive.read_bytes()
    match damage:
        case "cut":
            archive.write_bytes(raw[: len(raw) // 2])
        case "bit":
            archive.write_bytes(raw[: len(raw) // 2] + bytes([raw[len(raw) // 2] ^ 1]) + raw[len(raw) // 2 + 1 :])
        case "other file":
            archive.write_bytes(gzip.compress(gzip.decompress(raw).replace(b"[web]", b"[wab]")))
        case "no archive":
            archive.write_bytes(b"no archive")
        case "missing":
            archive.unlink()
        case _:
            rewrite(archive, "data/extra" if damage == "added" else "data/../../escaped")

    assert target.say("restore", str(archive)) == 1
    assert str(archive) in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted({"data", *([] if damage == "missing" else ["b.tar.gz"])})


def rewrite(archive: Path, name: str) -> None:
    """Put one member more into an archive."""
    changed = io.BytesIO()
    with tarfile.open(archive) as before, tarfile.open(fileobj=changed, mode="w:gz") as after:
        extra = tarfile.TarInfo(name)
        extra.size = 3
        after.addfile(extra, io.BytesIO(b"abc"))
        for member in before:
            after.addfile(member, before.extractfile(member))
    archive.write_bytes(changed.getvalue())


def test_kinds_of_databases_are_not_mixed(postgres: PostgresServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows of SQLite do not go into PostgreSQL."""
    place, name = Place(tmp_path / "data", ""), postgres.create()
    place.init()
    place.say("backup", str(tmp_path / "b.tar.gz"))

    assert Place(tmp_path / "other", postgres.url(name)).say("restore", str(tmp_path / "b.tar.gz")) == 1
    assert "This backup is of SQLite" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
    postgres.drop(name)


def test_damaged_rows_are_not_put_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A backup of a database that was damaged already is told apart from a good one."""
    place = Place(tmp_path / "data", "")
    place.init()
    with closing(sqlite3.connect(place.folder / "gdpac.sqlite")) as rows:
        rows.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        page = rows.execute("SELECT rootpage FROM sqlite_master WHERE name = 'party_parent_id'").fetchone()[0]
    with (place.folder / "gdpac.sqlite").open("r+b") as file:
        file.seek((page - 1) * 4096 + 8)
        file.write(b"\xff" * 100)
    place.say("backup", str(tmp_path / "b.tar.gz"))

    assert Place(tmp_path / "other", "").say("restore", str(tmp_path / "b.tar.gz")) == 1
    assert "is damaged" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--help"], 0, "Kundenverwaltung"),
        (["--help"], 0, "Wartende Mails senden und tägliche Arbeiten erledigen, bis zum Ende durch ein Signal."),
        (["--data", "x", "init", "--help"], 0, "init [OPTIONEN]"),
        (["--data", "x", "init", "--help"], 0, "Einmal-Link"),
        (["--data", "x", "init"], 2, "Fehlende Option"),
        (["--data", "x", "nonsense"], 2, "Diesen Befehl gibt es nicht"),
        (["--data", "nowhere", "jobs"], 1, "liegt kein Datenordner"),
        (
            ["--data", "x", "--database", "mysql://x", "init", "--operator", "A", "--email", "a@b.de"],
            1,
            "Die Adresse der Datenbank",
        ),
    ],
)
def test_it_speaks_german(
    words: list[str], code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Help, misuse and failures; also click's own sentences."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GDP_LANGUAGE", "de")
    assert run(words) == code

    shown = capsys.readouterr()
    assert said in " ".join((shown.out + shown.err).split())
    assert not any(word in shown.out + shown.err for word in ("Usage", "Options", "OPTIONS", "Error", "Try "))
