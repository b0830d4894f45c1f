"""Listens to the lines that a command writes with ``--json`` (``docs/json.md``) and makes the record of its run.

Never trusts a line: one that is no JSON, or has other fields than it should, is left out. Memory does not grow with the number
of problems.
"""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec

from gdp.core.errors import Interrupted
from gdp.core.language import complete
from gdp.model.changes import ACTIONS, Changes
from gdp.model.run import Counts, RunRecord, Trouble, Verdict, error_of
from gdp.model.runs import Kind
from gdp.report.stops import died

MOST_PROBLEMS = 1000  # kept of one run; the log has them all
LARGEST_LINE_BYTES = 1 << 20
UNREADABLE_SOURCES = 3  # exit codes of the command line
_NOT_ALL_RESTORED = 1
_INTERRUPTED = Interrupted.exit_code


class Recorder:
    """One run in the making. Feed it every line of stdout and stderr, then finish it."""

    def __init__(self, set_name: str, host: str, kind: Kind, began: datetime) -> None:
        self._set_name, self._host, self._kind, self._began = set_name, host, kind, began
        self._problems: list[Trouble] = []
        self._problem_count = 0
        self._summary: dict[str, Any] = {}
        self._changes: dict[str, Changes] = {}
        self._exit_error: Trouble | None = None
        self._status: dict[str, Any] = {}
        """how far it was when it said so last"""

    def take(self, line: str | bytes) -> None:
        """Note what a line says. Never raises."""
        if len(line) > LARGEST_LINE_BYTES:
            return
        try:
            fields = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return
        if not isinstance(fields, dict):
            return
        match fields.get("message_type"):
            case "error":
                self.add(_trouble(fields))
            case "exit_error":
                self._exit_error = _trouble(fields)
            case "summary":
                self._summary = fields
            case "changes":
                self._take_changes(fields)
            case "status":
                self._status = fields

    def add(self, problem: Trouble) -> None:
        """Note a problem that the command does not know of, such as that of a command which runs after it."""
        self._problem_count += 1
        if len(self._problems) < MOST_PROBLEMS:
            self._problems.append(problem)

    def finish(
        self, exit_code: int, ended: datetime, *, stopped_by: Trouble | None = None, next_run: datetime | None = None
    ) -> RunRecord:
        """Return the record.

        Args:
            exit_code: of the command; negative: the signal that killed it.
            ended: when.
            stopped_by: why somebody else ended it, such as ``stops.WINDOW_CLOSED``; said instead of the command's own last word.
            next_run: when the set runs again.
        """
        done_codes = {0, _NOT_ALL_RESTORED} if self._kind is Kind.RESTORE else {0, UNREADABLE_SOURCES}
        is_done = exit_code in done_codes and bool(self._summary) and self._exit_error is None
        verdict = self._verdict(exit_code, is_done=is_done, is_stopped=stopped_by is not None)
        return RunRecord(
            set_name=self._set_name,
            host=self._host,
            kind=self._kind,
            began=self._began,
            ended=max(ended, self._began),
            verdict=verdict,
            **(_measures(self._summary, self._kind) if self._summary else _measures_so_far(self._status)),
            changes=self._changes if is_done else {},
            problems=tuple(self._problems),
            problem_count=self._problem_count,
            stopped_by=None if is_done else stopped_by or self._exit_error or _died(exit_code, self._summary),
            share_reached=None if self._summary else _share(self._status),
            next_run=next_run,
        )

    def _take_changes(self, fields: Mapping[str, Any]) -> None:
        action = fields.get("action")
        if action in ACTIONS:
            with suppress(msgspec.ValidationError):
                self._changes[action] = msgspec.convert(fields, Changes)

    def _verdict(self, exit_code: int, *, is_done: bool, is_stopped: bool) -> Verdict:
        if is_done:
            is_clean = exit_code == 0 and not self._problem_count and not _whole(self._summary, "repository_problems")
            return Verdict.OK if is_clean else Verdict.ATTENTION
        return Verdict.INTERRUPTED if is_stopped or exit_code == _INTERRUPTED else Verdict.ERROR


def skipped(
    set_name: str, host: str, kind: Kind, moment: datetime, why: Trouble, *, last: datetime | None = None,
    next_run: datetime | None = None,
) -> RunRecord:  # fmt: skip
    """Return the record of a run that was left out, first at a moment, and for the last time."""
    return RunRecord(
        set_name=set_name, host=host, kind=kind, began=moment, ended=last or moment, verdict=Verdict.SKIPPED,
        stopped_by=why, next_run=next_run,
    )  # fmt: skip


def _trouble(fields: Mapping[str, Any]) -> Trouble:
    """Return what a record says went wrong; where it has no template, its sentence stands for one."""
    error = fields.get("error")
    sentence = error.get("message") if isinstance(error, dict) else fields.get("message")
    named = {
        "template": fields.get("template"), "facts": fields.get("facts") or {}, "hint": fields.get("hint_template") or "",
        "path": fields.get("item") or "", "error_class": fields.get("error_class") or "",
    }  # fmt: skip
    try:
        found = msgspec.convert(named, Trouble)
        _ = error_of(found), complete(found.template, found.facts, "en"), complete(found.hint, found.facts, "en")
    except (msgspec.ValidationError, LookupError, ValueError, AttributeError, TypeError, RecursionError):
        return Trouble("{sentence}", {"sentence": str(sentence or "")}, path=str(named["path"]))
    return found


def _measures(summary: Mapping[str, Any], kind: Kind) -> dict[str, Any]:
    if kind is not Kind.BACKUP:
        return {"figures": {name: number for name in summary if (number := _whole(summary, name)) is not None}}
    snapshot = summary.get("snapshot_id")
    return {
        "snapshot": snapshot if isinstance(snapshot, str) else "",
        "files": _counts(summary, "files"),
        "folders": _counts(summary, "dirs"),
        "skipped": _skipped(summary.get("skipped")),
        "bytes_read": _whole(summary, "total_bytes_processed") or 0,
        "bytes_new": _whole(summary, "data_added") or 0,
        "bytes_sent": _whole(summary, "data_added_packed") or 0,
    }


def _counts(summary: Mapping[str, Any], of: str) -> Counts:
    return Counts(*(_whole(summary, f"{of}_{state}") or 0 for state in ("new", "changed", "unmodified", "removed")))


def _skipped(fields: Any) -> dict[str, int]:
    known = fields if isinstance(fields, dict) else {}
    return {name: number for name in known if (number := _whole(known, name))}


def _whole(fields: Mapping[str, Any], name: str) -> int | None:
    found = fields.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def _measures_so_far(status: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is worth telling of a run that broke off."""
    return {"bytes_new": _whole(status, "bytes_new") or 0, "bytes_sent": _whole(status, "bytes_sent") or 0}


def _share(status: Mapping[str, Any]) -> float | None:
    """Return how far a run came, what waited to be sent left out; None as well when it had hardly begun, or all was there."""
    found = status.get("percent_done")
    return float(found) if isinstance(found, int | float) and 0.01 <= found < 1 else None


def _died(exit_code: int, summary: Mapping[str, Any]) -> Trouble | None:
    """Return why a command that gave no reason failed; one that has a summary, such as a check, said it there."""
    return None if summary and exit_code > 0 else died(exit_code)
