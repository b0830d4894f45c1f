"""The databases of the server's tests: everything that keeps rows is tested in SQLite and in PostgreSQL."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from peewee import Database

from server.models.database import bind, disconnect, make_database, open_database
from server.models.migrations import migrate
from server.services import passwords
from tests.server.family import Family, make_family
from tests.server.postgres import PostgresServer


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords as ever, but with little memory and in one pass: tests make hundreds of them."""
    monkeypatch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
    passwords._nobodys.cache_clear()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running PostgreSQL; skipped where none is installed, never with CI=true."""
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def shaped_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file in its shape, to be copied."""
    path = tmp_path_factory.mktemp("shaped") / "gdpac.sqlite"
    _shape(str(path))
    return path


@pytest.fixture(scope="session")
def shaped_postgres(postgres: PostgresServer) -> str:
    """The name of a PostgreSQL database in its shape, which each test leaves to the next one empty."""
    name = postgres.create()
    _shape(postgres.url(name))
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a database lies that has its shape and nothing in it: once a SQLite file, once in PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "gdpac.sqlite"
        shutil.copy(request.getfixturevalue("shaped_sqlite"), path)
        yield str(path)
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = request.getfixturevalue("shaped_postgres")
    yield server.url(name)
    server.empty(name)


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, tmp_path: Path, which_database: str) -> Iterator[str]:
    """Where a database is to be that has no shape yet."""
    if which_database == "sqlite":
        yield str(tmp_path / "empty.sqlite")
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = server.create()
    yield server.url(name)
    server.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def which_database(request: pytest.FixtureRequest) -> str:
    """The kind of ``empty_url``."""
    return str(request.param)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The rows lie in a database of this test's own; each thread opens its connection by itself."""
    opened = open_database(database_url)
    yield opened
    disconnect(opened)


@pytest.fixture
def family(database: Database) -> Family:
    """Parties on every level and users in them; see family.py."""
    del database
    return make_family()


def _shape(url: str) -> None:
    chosen = make_database(url)
    bind(chosen)
    migrate(chosen)
    disconnect(chosen)
