"""The record of a run, which reports are made from: out of the journal and the run's log. Sends nothing."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from gdp.daemon.silence import Silence
from gdp.jobs.steps import Role
from gdp.model import run as told
from gdp.model.runs import Kind, Reason, Run, State
from gdp.report import stops
from gdp.report.cause import Weight
from gdp.report.recognise import find_cause
from gdp.report.recorder import Recorder, skipped

_KINDS = {Kind.BACKUP: told.Kind.BACKUP, Kind.RETENTION: told.Kind.PRUNE, Kind.PRUNE: told.Kind.PRUNE}
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
_NO_CODE = 1  # of a run whose engine never ended by itself
LOG_BYTES = 64 << 20  # of a log are attached at most; it lies at home whole


def is_told(run: Run) -> bool:
    """Say whether a run is worth a report: every backup, and whatever else failed."""
    return run.state is not State.RUNNING and (run.kind is Kind.BACKUP or run.state is State.ERROR)


def trouble_before(run: Run, runs: Iterable[Run]) -> Run | None:
    """Return the run before one that went well, where recipients had heard of trouble. What nobody hears of is passed over.

    Args:
        run: one that is over.
        runs: runs of the journal before it, newest first.
    """
    if run.state is not State.OK:
        return None
    for one in runs:
        if (one.set_name, one.kind) != (run.set_name, run.kind):
            continue
        if one.state is State.OK:
            return None
        if is_told(one) and not _is_harmless(one):
            return one
    return None


def make_record(
    run: Run, log: Path, *, host: str | None, next_run: datetime | None, trouble: Run | None = None
) -> told.RunRecord:
    """Return the record of a run that is over.

    Args:
        run: as the journal has it.
        log: its log; what it does not tell is not told.
        host: the set's name for this computer; None: its own.
        next_run: when the set is backed up again.
        trouble: what ``trouble_before`` says of it.
    """
    named = host or socket.gethostname()
    recorder = Recorder(run.set_name, named, _KINDS[run.kind], run.began)
    stop = _read_log(run, log, recorder)
    ended = run.ended or run.began
    if run.state is State.SKIPPED and stop is not None:
        return skipped(run.set_name, named, _KINDS[run.kind], run.began, stop, last=ended, next_run=next_run)
    code = _NO_CODE if run.exit_code is None else run.exit_code
    record = recorder.finish(code, ended, stopped_by=stop, next_run=next_run)
    is_well = record.verdict is told.Verdict.OK
    return msgspec.structs.replace(record, recovered_from=trouble.began if trouble and is_well else None)


def record_of_silence(silence: Silence) -> told.RunRecord:
    """Return what is told of a set that was due and did not run."""
    host = silence.one.snapshot.host or socket.gethostname()
    return skipped(silence.one.name, host, told.Kind.BACKUP, silence.moment, silence.why)


def log_to_attach(log: Path) -> bytes | None:
    """Return the beginning of a run's log, or None when there is none."""
    with suppress(OSError), log.open("rb") as stream:
        return stream.read(LOG_BYTES)
    return None


def _read_log(run: Run, log: Path, recorder: Recorder) -> told.Trouble | None:
    """Let the recorder hear a run's log; return why somebody else ended the run, or it never began."""
    stop = stops.CANCELLED if run.state is State.CANCELLED else _STOPS.get(run.reason)
    words: list[str] = []
    for line in _lines(log):
        recorder.take(line)
        step = _ours(line)
        if seconds := step.get("set_by_seconds"):
            recorder.add(stops.clock_set(round(seconds / 60)))
        words = step.get("words", words)
        if code := step.get("exit_code"):
            command = " ".join(map(str, words))
            if step.get("role") == Role.AFTER:
                recorder.add(stops.after_failed(command, code))
            elif step.get("role") == Role.BEFORE and run.reason is Reason.COMMAND:
                is_declined = run.state is State.SKIPPED
                stop = stops.command_declined(command) if is_declined else stops.command_failed(command, code)
    return stop


def _is_harmless(run: Run) -> bool:
    """Say whether a run was left out in a way that nobody has to look at. A command that says no does so on purpose."""
    why = _STOPS.get(run.reason)
    return run.state is State.SKIPPED and (why is None or find_cause(why).weight is Weight.HARMLESS)


def _lines(log: Path) -> Iterator[bytes]:
    with suppress(OSError), log.open("rb") as stream:
        yield from stream


def _ours(line: bytes) -> dict[str, Any]:
    """Return the fields of a line that the runner wrote, about a step or the clock; nothing for any other."""
    if b'"step' not in line and b'"clock"' not in line:
        return {}
    with suppress(msgspec.DecodeError, msgspec.ValidationError):
        record = msgspec.json.decode(line, type=dict[str, Any])
        if record.get("message_type") in {"step", "step_end", "clock"}:
            return record
    return {}
