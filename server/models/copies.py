"""A copy of all rows as one file, while others go on reading and writing: as they were at one moment."""

import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from server.domain.errors import SetupError
from server.domain.sentence import N_

_SAID_MOST = 500  # characters of what a program says of its failure


def copy_sqlite(source: Path, target: Path) -> None:
    """Write a copy of a SQLite database. Raises SetupError."""
    try:
        with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as database, closing(sqlite3.connect(target)) as copy:
            database.backup(copy)
            copy.execute("PRAGMA journal_mode = delete")  # one file, without a log beside it
    except sqlite3.Error as error:
        raise SetupError(N_("{path} cannot be copied: {reason}"), path=source, reason=error) from error


def check_sqlite(path: Path) -> None:
    """Raise SetupError unless a SQLite database is whole."""
    try:
        with closing(sqlite3.connect(path)) as database:
            found = [row[0] for row in database.execute("PRAGMA integrity_check(1)")]
    except sqlite3.Error as error:
        found = [str(error)]
    if found != ["ok"]:
        raise SetupError(N_("{path} is damaged: {reason}"), path=path, reason=found[0])


def dump_postgresql(url: str, target: Path) -> None:
    """Write a copy of a PostgreSQL database in pg_dump's own format. Raises SetupError."""
    _run(url, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")


def load_postgresql(url: str, source: Path) -> None:
    """Put a copy into an empty PostgreSQL database: all of it or nothing. Raises SetupError."""
    _run(url, "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(source))


def _run(url: str, program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL. The password goes by the environment: others can see a command line."""
    parts = conninfo_to_dict("postgresql://" + url.partition("://")[2])
    password = parts.pop("password", None)
    environment = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    command = [program, *arguments, "--dbname=" + make_conninfo("", **parts)]
    try:
        run = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise SetupError(
            N_("{program} is not installed."), N_("Say: apt-get install postgresql-client"), program=program
        ) from error
    if run.returncode:
        said = " ".join(run.stderr.split())[:_SAID_MOST]
        raise SetupError(N_("{program} failed: {reason}"), program=program, reason=said)
