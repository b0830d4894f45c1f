"""The record of a run, which reports are made from: out of the journal and the run's log. Sends nothing."""

import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from gdp.jobs.steps import Role
from gdp.model import run as told
from gdp.model.backup_set import BackupSet
from gdp.model.runs import Facts, Kind, Reason, Run, State
from gdp.report import stops
from gdp.report.recorder import Recorder, skipped

AllFacts = Mapping[tuple[str, Kind], Facts]
_KINDS = {
    Kind.BACKUP: told.Kind.BACKUP,
    Kind.RESTORE: told.Kind.RESTORE,
    Kind.RETENTION: told.Kind.PRUNE,
    Kind.PRUNE: told.Kind.PRUNE,
    Kind.CHECK: told.Kind.CHECK,
    Kind.DRILL: told.Kind.DRILL,
}
_STOPS = {
    Reason.OVERLAP: stops.OVERLAP,
    Reason.UNREACHABLE: stops.TARGET_AWAY,
    Reason.BATTERY: stops.ON_BATTERY,
    Reason.FORBIDDEN: stops.FORBIDDEN,
    Reason.WINDOW: stops.WINDOW_CLOSED,
    Reason.LONGEST_RUN: stops.TIME_OVER,
    Reason.SHUTDOWN: stops.SHUTDOWN,
    Reason.LOST: stops.LOST,
}
_PROOFS = {State.OK: told.Verdict.OK, State.ATTENTION: told.Verdict.ATTENTION, State.ERROR: told.Verdict.ERROR}
_NO_CODE = 1  # of a run whose engine never ended by itself
LOG_BYTES = 64 << 20  # of a log are attached at most; it lies at home whole


def is_told(run: Run) -> bool:
    """Say whether a run is worth a report: every backup, every restore drill that was made, and whatever else failed."""
    is_drill_made = run.kind is Kind.DRILL and run.state.is_done
    return run.state is not State.RUNNING and (run.kind is Kind.BACKUP or is_drill_made or run.state is State.ERROR)


def proofs_of(facts: AllFacts, one: BackupSet, sets: Iterable[BackupSet]) -> tuple[told.Proven, ...]:
    """Return what the newest read-back and the newest restore drill came to. See ``newest_proof``."""
    return tuple(_proven(run) for kind in (Kind.CHECK, Kind.DRILL) if (run := newest_proof(facts, one, kind, sets)))


def newest_proof(facts: AllFacts, one: BackupSet, kind: Kind, sets: Iterable[BackupSet]) -> Run | None:
    """Return the newest restore drill of a set, or the newest read-back of its repository, for whichever of its sets.

    None when none came to an end so far.
    """
    names = {one.name}
    if kind is Kind.CHECK:
        names |= {other.name for other in sets if other.target.repo == one.target.repo}
    found = [run for name in names if (run := facts.get((name, kind), Facts()).last_judged)]
    return max(found, key=lambda run: run.id, default=None)


def make_record(
    run: Run, log: Path, *, host: str | None, next_run: datetime | None, proofs: tuple[told.Proven, ...] = ()
) -> told.RunRecord:
    """Return the record of a run that is over.

    Args:
        run: as the journal has it.
        log: its log; what it does not tell is not told.
        host: the set's name for this computer; None: its own.
        next_run: when the set is backed up again.
        proofs: what was proven last, for the report of a backup.
    """
    named = host or socket.gethostname()
    recorder = Recorder(run.set_name, named, _KINDS[run.kind], run.began)
    stop = stops.CANCELLED if run.state is State.CANCELLED else _STOPS.get(run.reason)
    words: list[str] = []
    for line in _lines(log):
        recorder.take(line)
        step = _step(line)
        words = step.get("words", words)
        if code := step.get("exit_code"):
            command = " ".join(map(str, words))
            if step.get("role") == Role.AFTER:
                recorder.add(stops.after_failed(command, code))
            elif step.get("role") == Role.BEFORE and run.reason is Reason.COMMAND:
                is_declined = run.state is State.SKIPPED
                stop = stops.command_declined(command) if is_declined else stops.command_failed(command, code)
    ended = run.ended or run.began
    if run.state is State.SKIPPED and stop is not None:
        return skipped(run.set_name, named, _KINDS[run.kind], run.began, stop, next_run=next_run)
    code = _NO_CODE if run.exit_code is None else run.exit_code
    record = recorder.finish(code, ended, stopped_by=stop, next_run=next_run)
    return msgspec.structs.replace(record, proofs=proofs) if run.kind is Kind.BACKUP else record


def log_to_attach(log: Path) -> bytes | None:
    """Return the beginning of a run's log, or None when there is none."""
    with suppress(OSError), log.open("rb") as stream:
        return stream.read(LOG_BYTES)
    return None


def _proven(run: Run) -> told.Proven:
    figures = {name: number for name, number in run.summary.items() if type(number) is int}
    return told.Proven(_KINDS[run.kind], run.ended or run.began, _PROOFS[run.state], figures)


def _lines(log: Path) -> Iterator[bytes]:
    with suppress(OSError), log.open("rb") as stream:
        yield from stream


def _step(line: bytes) -> dict[str, Any]:
    """Return the fields of a line about a step, nothing for any other."""
    if b'"step' not in line:
        return {}
    with suppress(msgspec.DecodeError, msgspec.ValidationError):
        record = msgspec.json.decode(line, type=dict[str, Any])
        if record.get("message_type") in {"step", "step_end"}:
            return record
    return {}
