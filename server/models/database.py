"""Binds the rows to a database: a SQLite file, or PostgreSQL.

SQLite is kept in WAL mode, with foreign keys; a transaction begins as a writer (IMMEDIATE), so that two that write wait for each
other instead of failing. Connections belong to their thread; whoever serves requests or jobs closes them when one is over.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from peewee import Database, OperationalError, SqliteDatabase
from playhouse.pool import PooledPostgresqlDatabase

from server.domain.errors import SetupError
from server.domain.sentence import N_
from server.models.base import database

SQLITE_FILE = "gdpac.sqlite"
_POSTGRESQL = ("postgresql://", "postgres://")
_CONNECTIONS_MOST = 32  # a process has fewer threads
_IDLE_SECONDS = 600  # a connection that old is made anew
_BUSY_SECONDS = 20  # a writer waits so long for another


def make_database(url: str) -> Database:
    """Return the database that a ``postgresql://`` address or the path of a SQLite file names; nothing is opened yet."""
    if url.startswith(_POSTGRESQL):
        address = "postgresql://" + url.partition("://")[2]
        pool: Database = PooledPostgresqlDatabase(
            address, max_connections=_CONNECTIONS_MOST, stale_timeout=_IDLE_SECONDS, timeout=_BUSY_SECONDS, prefer_psycopg3=True
        )
        return pool
    pragmas = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": "full", "cache_size": -16_000}
    file = SqliteDatabase(url, pragmas=pragmas, lock_type="IMMEDIATE", timeout=_BUSY_SECONDS)
    file.register_function(_lower, "lower", 1, deterministic=True)  # its own knows A to Z only
    return file


def _lower(text: str | None) -> str | None:
    return text.lower() if isinstance(text, str) else text


def is_postgresql(url: str) -> bool:
    """Say whether an address is PostgreSQL's."""
    return url.startswith(_POSTGRESQL)


def bind(chosen: Database) -> None:
    """Let all rows of this process lie in a database."""
    database.initialize(chosen)


def open_database(url: str, *, create: bool = False) -> Database:
    """Bind the rows to a database that can be reached, and return it. Raises SetupError.

    Args:
        url: see ``make_database``.
        create: whether a SQLite file may be new.
    """
    if not is_postgresql(url) and not create and not Path(url).exists():
        raise SetupError(N_("There is no database at {path}."), N_("Set it up first: gdp-server --data DIR init"), path=url)
    chosen = make_database(url)
    try:
        chosen.connect()
    except OperationalError as error:
        raise SetupError(
            N_("The database cannot be opened: {reason}"),
            N_("Check its address, its password and whether it runs."),
            reason=" ".join(str(error).split()),
        ) from error
    bind(chosen)
    return chosen


@contextmanager
def connected() -> Iterator[None]:
    """Give this thread a connection for the block, and close it (PostgreSQL: back into the pool) after it."""
    database.connect(reuse_if_open=True)
    try:
        yield
    finally:
        if not database.is_closed():
            database.close()


def disconnect(chosen: Database) -> None:
    """Close this thread's connection, and those that wait in the pool."""
    if not chosen.is_closed():
        chosen.close()
    if isinstance(chosen, PooledPostgresqlDatabase):
        chosen.close_all()
