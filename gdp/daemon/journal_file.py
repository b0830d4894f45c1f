"""The file of the journal, see ``journal.py``: SQLite, its tables, transactions, and what is said when the disk fails."""

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gdp.core.errors import GdpError
from gdp.core.language import N_

FORMAT = 1
_TABLES = """
CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    set_name TEXT NOT NULL, kind TEXT NOT NULL, due INTEGER NOT NULL, attempt INTEGER NOT NULL, is_manual INTEGER NOT NULL,
    began INTEGER NOT NULL, ended INTEGER, state TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '', times INTEGER NOT NULL DEFAULT 1,
    exit_code INTEGER, summary TEXT NOT NULL DEFAULT '{}', log TEXT NOT NULL DEFAULT '', process TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX run_of ON run (set_name, kind, id);
CREATE INDEX run_state ON run (state) WHERE state = 'running';
CREATE TABLE served (set_name TEXT, kind TEXT, until INTEGER NOT NULL, PRIMARY KEY (set_name, kind)) STRICT, WITHOUT ROWID;
CREATE TABLE wanted (set_name TEXT, kind TEXT, since INTEGER NOT NULL, PRIMARY KEY (set_name, kind)) STRICT, WITHOUT ROWID;
CREATE TABLE flag (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
"""


class JournalError(GdpError):
    """The journal cannot be read or written."""


class JournalFile:
    """The open file. Every method raises JournalError when the disk does not do its part; nothing has changed then."""

    def __init__(self, database: sqlite3.Connection, path: Path) -> None:
        self._database = database
        self._path = path

    def query(self, statement: str, values: Iterable[object] = ()) -> list[tuple[Any, ...]]:
        """Return rows."""
        try:
            return self._database.execute(statement, tuple(values)).fetchall()
        except sqlite3.Error as error:
            raise self._error(error) from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Make what the block changes one transaction."""
        try:
            self._database.execute("BEGIN IMMEDIATE")
            yield self._database
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise self._error(error) from error
        except BaseException:
            self._roll_back()
            raise

    def close(self) -> None:
        """Give it back."""
        self._database.close()

    def _roll_back(self) -> None:
        with contextlib.suppress(sqlite3.Error):  # it never began, or the disk took it away
            self._database.execute("ROLLBACK")

    def _error(self, error: sqlite3.Error) -> JournalError:
        return _unusable(self._path, error, N_("Look whether the disk is full or failing."))


def open_file(path: Path) -> JournalFile:
    """Open the file, or make it. Raises JournalError; so it does when a newer version of this program wrote it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Not in the database's own hands, which would begin transactions behind our back.
        database = sqlite3.connect(path, isolation_level=None, timeout=10.0)
        try:
            path.chmod(0o600)
            _prepare(database, path)
        except BaseException:
            database.close()
            raise
    except (sqlite3.Error, OSError) as error:
        hint = N_("Look whether the disk is full or failing. Without the file, the daemon begins a new journal.")
        raise _unusable(path, error, hint) from error
    return JournalFile(database, path)


def open_to_read(path: Path) -> JournalFile:
    """Open a file that exists only to look into it, whether a daemon has it open or not. Raises JournalError."""
    try:
        database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=10.0)
        try:
            if database.execute("PRAGMA user_version").fetchone()[0] > FORMAT:
                raise _newer(path)
        except BaseException:
            database.close()
            raise
    except sqlite3.Error as error:
        raise JournalError(N_("the journal {path} cannot be used: {reason}"), path=path, reason=str(error)) from error
    return JournalFile(database, path)


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")  # a run that was noted must not be forgotten by a power failure
    database.execute("BEGIN IMMEDIATE")
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version == 0:
        for statement in _TABLES.split(";")[:-1]:
            database.execute(statement)
        database.execute(f"PRAGMA user_version={FORMAT}")
    elif version != FORMAT:
        raise _newer(path)
    database.execute("COMMIT")


def _unusable(path: Path, error: sqlite3.Error | OSError, hint: str) -> JournalError:
    """Return what to say; ``hint`` is what to do where the error itself does not say so."""
    reason = getattr(error, "strerror", None) or str(error)
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        reason, hint = os.strerror(errno.ENOSPC), N_("Make room on its disk. Until then nothing is backed up by itself.")
    return JournalError(N_("the journal {path} cannot be used: {reason}"), hint, path=path, reason=reason)


def _newer(path: Path) -> JournalError:
    return JournalError(
        N_("the journal {path} was written by a newer version of this program"), N_("Install that version again."), path=path
    )
