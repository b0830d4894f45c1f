"""The journal of runs: SQLite below the home folder. Every change is on the disk before anybody acts on it.

=========  ==========================================================================================
table      holds
=========  ==========================================================================================
run        one row a run, also for those that were left out
served     by set and kind: up to which moment everything that was due had its run
wanted     by set and kind: runs that somebody asked for and that have not begun
flag       what is switched on, such as ``paused``
=========  ==========================================================================================

Moments are whole microseconds since 1970 in UTC. A run's begin and "served until" change in one transaction, so that whoever
is killed between two runs neither repeats one nor forgets one. Rows that are running when the journal is opened belong to a
daemon that was killed. One process at a time, which the daemon's lock sees to; one thread.
"""

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from gdp.core.errors import GdpError
from gdp.core.language import N_
from gdp.model.runs import Facts, Kind, Reason, Run, State

FORMAT = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PAUSED = "paused"
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
_COLUMNS = "id, set_name, kind, due, attempt, is_manual, began, ended, state, reason, times, exit_code, summary, log"
_NEWEST = "SELECT id, state, reason, due FROM run WHERE set_name = ? AND kind = ? ORDER BY id DESC LIMIT 1"


class JournalError(GdpError):
    """The journal cannot be read or written."""


class Journal:
    """The open journal. Every method raises JournalError when the disk does not do its part; nothing has changed then."""

    def __init__(self, database: sqlite3.Connection, path: Path) -> None:
        self._database = database
        self._path = path

    def begin(
        self, set_name: str, kind: Kind, *, due: datetime, now: datetime, attempt: int = 1, is_manual: bool = False, log: str = ""
    ) -> Run:
        """Note that a run begins, which serves whatever was due up to ``due``, and that it is not wanted any more."""
        run = Run(id=0, set_name=set_name, kind=kind, due=due, attempt=attempt, is_manual=is_manual, began=now)
        with self._writing():
            number = self._insert(run)
            log = log.format(id=number)
            self._database.execute("UPDATE run SET log = ? WHERE id = ?", (log, number))
            self._serve(set_name, kind, due)
            self._database.execute("DELETE FROM wanted WHERE set_name = ? AND kind = ?", (set_name, kind))
        return msgspec.structs.replace(run, id=number, log=log)

    def note_process(self, run: int, identity: str) -> None:
        """Note which process does the work now, so that it can be found should it outlive us."""
        with self._writing():
            self._database.execute("UPDATE run SET process = ? WHERE id = ?", (identity, run))

    def finish(
        self,
        run: int,
        state: State,
        *,
        now: datetime,
        reason: Reason = Reason.NONE,
        exit_code: int | None = None,
        summary: Mapping[str, Any] | None = None,
    ) -> Run:
        """Note how a run ended, and return it. A second time changes nothing."""
        text = msgspec.json.encode(dict(summary or {})).decode()
        with self._writing():
            self._database.execute(
                "UPDATE run SET state = ?, reason = ?, ended = ?, exit_code = ?, summary = ?, process = ''"
                " WHERE id = ? AND state = 'running'",
                (state, reason, _number(now), exit_code, text, run),
            )
        found = self.run(run)
        assert found is not None
        return found

    def skip(self, set_name: str, kind: Kind, *, due: datetime, reason: Reason, now: datetime, is_served: bool) -> Run:
        """Note a run that was left out; another one for the same reason in a row is counted on the same line.

        Args:
            is_served: it will not be made up for.
        """
        with self._writing():
            newest = self._database.execute(
                "SELECT id, state, reason, due FROM run WHERE set_name = ? AND kind = ? ORDER BY id DESC LIMIT 1",
                (set_name, kind),
            ).fetchone()
            if newest and newest[1:3] == (State.SKIPPED, reason):
                run = newest[0]
                more = newest[3] != _number(due)
                self._database.execute(
                    "UPDATE run SET due = ?, ended = ?, times = times + ? WHERE id = ?", (_number(due), _number(now), more, run)
                )
            else:
                left_out = Run(id=0, set_name=set_name, kind=kind, due=due, attempt=0, began=now, state=State.SKIPPED)
                run = self._insert(left_out)
                self._database.execute("UPDATE run SET reason = ?, ended = ? WHERE id = ?", (reason, _number(now), run))
            if is_served:
                self._serve(set_name, kind, due)
        found = self.run(run)
        assert found is not None
        return found

    def serve(self, set_name: str, kind: Kind, until: datetime) -> None:
        """Set up to which moment everything had its run: now for a new set; back where the clock went far back."""
        with self._writing():
            self._serve(set_name, kind, until)

    def want(self, set_name: str, kind: Kind, now: datetime) -> None:
        """Note that somebody asked for a run."""
        with self._writing():
            self._database.execute("INSERT OR IGNORE INTO wanted VALUES (?, ?, ?)", (set_name, kind, _number(now)))

    def unwant(self, set_name: str, kind: Kind) -> bool:
        """Take that back. Returns whether there was something to take back."""
        with self._writing():
            done = self._database.execute("DELETE FROM wanted WHERE set_name = ? AND kind = ?", (set_name, kind))
        return done.rowcount > 0

    def wanted(self) -> list[tuple[str, Kind]]:
        """Return what somebody asked for and what has not begun, oldest first."""
        rows = self._query("SELECT set_name, kind FROM wanted ORDER BY since, set_name")
        return [(name, Kind(kind)) for name, kind in rows]

    @property
    def is_paused(self) -> bool:
        """Whether nothing is to begin by itself."""
        return bool(self._query("SELECT 1 FROM flag WHERE name = ?", (_PAUSED,)))

    def pause(self, *, is_paused: bool) -> None:
        """Switch that on or off."""
        statement = "INSERT OR IGNORE INTO flag VALUES (?)" if is_paused else "DELETE FROM flag WHERE name = ?"
        with self._writing():
            self._database.execute(statement, (_PAUSED,))

    def unfinished(self) -> list[tuple[Run, str]]:
        """Return the runs that are marked as running, each with the identity of its process, which may be empty."""
        rows = self._query(f"SELECT {_COLUMNS}, process FROM run WHERE state = 'running' ORDER BY id")
        return [(_run(row[:-1]), row[-1]) for row in rows]

    def facts(self, until: datetime | None = None) -> dict[tuple[str, Kind], Facts]:
        """Return what is known, by set and kind; of runs only those that had ended by a moment, where one is given."""
        served = {(name, Kind(kind)): _moment(until) for name, kind, until in self._query("SELECT * FROM served")}
        last = self._newest("attempt > 0", until)
        done = self._newest("state IN ('ok', 'attention')", until)
        judged = self._newest("attempt > 0 AND state IN ('ok', 'attention', 'error')", until)
        skip = self._newest("attempt = 0", until)
        return {
            key: Facts(
                served_until=served.get(key),
                last=last.get(key),
                last_done=done.get(key),
                last_judged=judged.get(key),
                last_skip=skip.get(key),
            )
            for key in {*served, *last, *skip}
        }

    def run(self, number: int) -> Run | None:
        """Return one run."""
        rows = self._query(f"SELECT {_COLUMNS} FROM run WHERE id = ?", (number,))
        return _run(rows[0]) if rows else None

    def runs(self, *, most: int, set_name: str | None = None, kind: Kind | None = None, before: int | None = None) -> list[Run]:
        """Return the newest runs, newest first; only of one set or kind, only those before the run of a number."""
        conditions = {"set_name = ?": set_name, "kind = ?": kind, "id < ?": before}
        given = {condition: value for condition, value in conditions.items() if value is not None}
        where = f"WHERE {' AND '.join(given)}" if given else ""
        rows = self._query(f"SELECT {_COLUMNS} FROM run {where} ORDER BY id DESC LIMIT ?", (*given.values(), most))
        return [_run(row) for row in rows]

    def begun_since(self, moment: datetime, kind: Kind) -> dict[str, list[tuple[datetime, State]]]:
        """Return by set when its runs of a kind began, and how they stand; those that were left out too."""
        found: dict[str, list[tuple[datetime, State]]] = {}
        rows = self._query("SELECT set_name, began, state FROM run WHERE kind = ? AND began >= ?", (kind, _number(moment)))
        for name, began, state in rows:
            found.setdefault(name, []).append((_moment(began), State(state)))
        return found

    def forget_before(self, moment: datetime) -> list[str]:
        """Remove runs that ended before a moment, but for those that ``facts`` needs, and return the names of their logs."""
        needed = {run.id for facts in self.facts().values() for run in _runs_of(facts) if run}
        old = self._query("SELECT id, log FROM run WHERE ended < ?", (_number(moment),))
        going = [(number, log) for number, log in old if number not in needed]
        with self._writing():
            self._database.executemany("DELETE FROM run WHERE id = ?", [(number,) for number, _log in going])
        return [log for _number, log in going if log]

    def close(self) -> None:
        """Give it back."""
        self._database.close()

    def _newest(self, condition: str, until: datetime | None) -> dict[tuple[str, Kind], Run]:
        if until is not None:
            condition = f"{condition} AND ended <= {_number(until)}"
        newest = f"SELECT max(id) FROM run WHERE {condition} GROUP BY set_name, kind"
        runs = map(_run, self._query(f"SELECT {_COLUMNS} FROM run WHERE id IN ({newest})"))
        return {(run.set_name, run.kind): run for run in runs}

    def _insert(self, run: Run) -> int:
        values = (run.set_name, run.kind, _number(run.due), run.attempt, run.is_manual, _number(run.began), run.state)
        done = self._database.execute(
            "INSERT INTO run (set_name, kind, due, attempt, is_manual, began, state) VALUES (?, ?, ?, ?, ?, ?, ?)", values
        )
        assert done.lastrowid is not None
        return done.lastrowid

    def _serve(self, set_name: str, kind: Kind, until: datetime) -> None:
        self._database.execute("INSERT OR REPLACE INTO served VALUES (?, ?, ?)", (set_name, kind, _number(until)))

    def _query(self, statement: str, values: Iterable[object] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._database.execute(statement, tuple(values)).fetchall()
        except sqlite3.Error as error:
            raise self._error(error) from error

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Make what the block changes one transaction."""
        try:
            self._database.execute("BEGIN IMMEDIATE")
            yield
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise self._error(error) from error
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        with contextlib.suppress(sqlite3.Error):  # it never began, or the disk took it away
            self._database.execute("ROLLBACK")

    def _error(self, error: sqlite3.Error) -> JournalError:
        return JournalError(
            N_("the journal {path} cannot be used: {reason}"),
            N_("Look whether the disk is full or failing."),
            path=self._path,
            reason=str(error),
        )


def open_journal(path: Path) -> Journal:
    """Open the journal, or make it. Raises JournalError; so it does when a newer version of this program wrote it."""
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
        raise JournalError(
            N_("the journal {path} cannot be used: {reason}"),
            N_("Look whether the disk is full or failing. Without the file, the daemon begins a new journal."),
            path=path,
            reason=getattr(error, "strerror", None) or str(error),
        ) from error
    return Journal(database, path)


def read_journal(path: Path) -> Journal:
    """Open a journal that exists only to look into it, whether a daemon has it open or not. Raises JournalError."""
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
    return Journal(database, path)


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


def _runs_of(facts: Facts) -> tuple[Run | None, ...]:
    return facts.last, facts.last_done, facts.last_judged, facts.last_skip


def _newer(path: Path) -> JournalError:
    return JournalError(
        N_("the journal {path} was written by a newer version of this program"), N_("Install that version again."), path=path
    )


def _number(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def _moment(number: int) -> datetime:
    return _EPOCH + number * _MICROSECOND


def _run(row: tuple[Any, ...]) -> Run:
    number, name, kind, due, attempt, is_manual, began, ended, state, reason, times, exit_code, summary, log = row
    return Run(
        id=number,
        set_name=name,
        kind=Kind(kind),
        due=_moment(due),
        attempt=attempt,
        is_manual=bool(is_manual),
        began=_moment(began),
        ended=None if ended is None else _moment(ended),
        state=State(state),
        reason=Reason(reason),
        times=times,
        exit_code=exit_code,
        summary=msgspec.json.decode(summary),
        log=log,
    )
