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

import sqlite3
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from gdp.daemon.journal_file import JournalFile, open_file, open_to_read
from gdp.daemon.journal_rows import COLUMNS, moment_of, number_of, run_of
from gdp.model.runs import Facts, Kind, Reason, Run, State

_PAUSED = "paused"
_NEWEST = "SELECT id, state, reason, due FROM run WHERE set_name = ? AND kind = ? ORDER BY id DESC LIMIT 1"


class Journal:
    """The open journal. Every method raises JournalError when the disk does not do its part; nothing has changed then."""

    def __init__(self, file: JournalFile) -> None:
        self._file = file

    def begin(
        self, set_name: str, kind: Kind, *, due: datetime, now: datetime, attempt: int = 1, is_manual: bool = False, log: str = ""
    ) -> Run:
        """Note that a run begins, which serves whatever was due up to ``due``, and that it is not wanted any more."""
        run = Run(id=0, set_name=set_name, kind=kind, due=due, attempt=attempt, is_manual=is_manual, began=now)
        with self._file.writing() as database:
            number = _insert(database, run)
            log = log.format(id=number)
            database.execute("UPDATE run SET log = ? WHERE id = ?", (log, number))
            _serve(database, set_name, kind, due)
            database.execute("DELETE FROM wanted WHERE set_name = ? AND kind = ?", (set_name, kind))
        return msgspec.structs.replace(run, id=number, log=log)

    def note_process(self, run: int, identity: str) -> None:
        """Note which process does the work now, so that it can be found should it outlive us."""
        with self._file.writing() as database:
            database.execute("UPDATE run SET process = ? WHERE id = ?", (identity, run))

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
        with self._file.writing() as database:
            database.execute(
                "UPDATE run SET state = ?, reason = ?, ended = ?, exit_code = ?, summary = ?, process = ''"
                " WHERE id = ? AND state = 'running'",
                (state, reason, number_of(now), exit_code, text, run),
            )
        found = self.run(run)
        assert found is not None
        return found

    def skip(self, set_name: str, kind: Kind, *, due: datetime, reason: Reason, now: datetime, is_served: bool) -> Run:
        """Note a run that was left out; another one for the same reason in a row is counted on the same line.

        Args:
            is_served: it will not be made up for.
        """
        with self._file.writing() as database:
            newest = database.execute(_NEWEST, (set_name, kind)).fetchone()
            if newest and newest[1:3] == (State.SKIPPED, reason):
                run = newest[0]
                more = newest[3] != number_of(due)
                database.execute(
                    "UPDATE run SET due = ?, ended = ?, times = times + ? WHERE id = ?",
                    (number_of(due), number_of(now), more, run),
                )
            else:
                left_out = Run(id=0, set_name=set_name, kind=kind, due=due, attempt=0, began=now, state=State.SKIPPED)
                run = _insert(database, left_out)
                database.execute("UPDATE run SET reason = ?, ended = ? WHERE id = ?", (reason, number_of(now), run))
            if is_served:
                _serve(database, set_name, kind, due)
        found = self.run(run)
        assert found is not None
        return found

    def serve(self, set_name: str, kind: Kind, until: datetime) -> None:
        """Set up to which moment everything had its run: now for a new set; back where the clock went far back."""
        with self._file.writing() as database:
            _serve(database, set_name, kind, until)

    def want(self, set_name: str, kind: Kind, now: datetime) -> None:
        """Note that somebody asked for a run."""
        with self._file.writing() as database:
            database.execute("INSERT OR IGNORE INTO wanted VALUES (?, ?, ?)", (set_name, kind, number_of(now)))

    def unwant(self, set_name: str, kind: Kind) -> bool:
        """Take that back. Returns whether there was something to take back."""
        with self._file.writing() as database:
            done = database.execute("DELETE FROM wanted WHERE set_name = ? AND kind = ?", (set_name, kind))
        return done.rowcount > 0

    def wanted(self) -> list[tuple[str, Kind]]:
        """Return what somebody asked for and what has not begun, oldest first."""
        rows = self._file.query("SELECT set_name, kind FROM wanted ORDER BY since, set_name")
        return [(name, Kind(kind)) for name, kind in rows]

    @property
    def is_paused(self) -> bool:
        """Whether nothing is to begin by itself."""
        return bool(self._file.query("SELECT 1 FROM flag WHERE name = ?", (_PAUSED,)))

    def pause(self, *, is_paused: bool) -> None:
        """Switch that on or off."""
        statement = "INSERT OR IGNORE INTO flag VALUES (?)" if is_paused else "DELETE FROM flag WHERE name = ?"
        with self._file.writing() as database:
            database.execute(statement, (_PAUSED,))

    def unfinished(self) -> list[tuple[Run, str]]:
        """Return the runs that are marked as running, each with the identity of its process, which may be empty."""
        rows = self._file.query(f"SELECT {COLUMNS}, process FROM run WHERE state = 'running' ORDER BY id")
        return [(run_of(row[:-1]), row[-1]) for row in rows]

    def facts(self, until: datetime | None = None) -> dict[tuple[str, Kind], Facts]:
        """Return what is known, by set and kind; of runs only those that had ended by a moment, where one is given."""
        served = {(name, Kind(kind)): moment_of(until) for name, kind, until in self._file.query("SELECT * FROM served")}
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
        rows = self._file.query(f"SELECT {COLUMNS} FROM run WHERE id = ?", (number,))
        return run_of(rows[0]) if rows else None

    def runs(self, *, most: int, set_name: str | None = None, kind: Kind | None = None, before: int | None = None) -> list[Run]:
        """Return the newest runs, newest first; only of one set or kind, only those before the run of a number."""
        conditions = {"set_name = ?": set_name, "kind = ?": kind, "id < ?": before}
        given = {condition: value for condition, value in conditions.items() if value is not None}
        where = f"WHERE {' AND '.join(given)}" if given else ""
        rows = self._file.query(f"SELECT {COLUMNS} FROM run {where} ORDER BY id DESC LIMIT ?", (*given.values(), most))
        return [run_of(row) for row in rows]

    def begun_since(self, moment: datetime, kind: Kind) -> dict[str, list[tuple[datetime, State]]]:
        """Return by set when its runs of a kind began, and how they stand; those that were left out too."""
        found: dict[str, list[tuple[datetime, State]]] = {}
        rows = self._file.query("SELECT set_name, began, state FROM run WHERE kind = ? AND began >= ?", (kind, number_of(moment)))
        for name, began, state in rows:
            found.setdefault(name, []).append((moment_of(began), State(state)))
        return found

    def forget_before(self, moment: datetime) -> list[str]:
        """Remove runs that ended before a moment, but for those that ``facts`` needs, and return the names of their logs."""
        needed = {run.id for facts in self.facts().values() for run in _runs_of(facts) if run}
        old = self._file.query("SELECT id, log FROM run WHERE ended < ?", (number_of(moment),))
        going = [(number, log) for number, log in old if number not in needed]
        with self._file.writing() as database:
            database.executemany("DELETE FROM run WHERE id = ?", [(number,) for number, _log in going])
        return [log for _number, log in going if log]

    def close(self) -> None:
        """Give it back."""
        self._file.close()

    def _newest(self, condition: str, until: datetime | None) -> dict[tuple[str, Kind], Run]:
        if until is not None:
            condition = f"{condition} AND ended <= {number_of(until)}"
        newest = f"SELECT max(id) FROM run WHERE {condition} GROUP BY set_name, kind"
        runs = map(run_of, self._file.query(f"SELECT {COLUMNS} FROM run WHERE id IN ({newest})"))
        return {(run.set_name, run.kind): run for run in runs}


def open_journal(path: Path) -> Journal:
    """Open the journal, or make it. Raises JournalError; so it does when a newer version of this program wrote it."""
    return Journal(open_file(path))


def read_journal(path: Path) -> Journal:
    """Open a journal that exists only to look into it, whether a daemon has it open or not. Raises JournalError."""
    return Journal(open_to_read(path))


def _insert(database: sqlite3.Connection, run: Run) -> int:
    values = (run.set_name, run.kind, number_of(run.due), run.attempt, run.is_manual, number_of(run.began), run.state)
    done = database.execute(
        "INSERT INTO run (set_name, kind, due, attempt, is_manual, began, state) VALUES (?, ?, ?, ?, ?, ?, ?)", values
    )
    assert done.lastrowid is not None
    return done.lastrowid


def _serve(database: sqlite3.Connection, set_name: str, kind: Kind, until: datetime) -> None:
    database.execute("INSERT OR REPLACE INTO served VALUES (?, ?, ?)", (set_name, kind, number_of(until)))


def _runs_of(facts: Facts) -> tuple[Run | None, ...]:
    return facts.last, facts.last_done, facts.last_judged, facts.last_skip
