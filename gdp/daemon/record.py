"""The record of a run, which reports are made from: out of the journal and the run's log. Sends nothing."""

import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from itertools import takewhile
from pathlib import Path

import msgspec

from gdp.daemon.journal import Journal
from gdp.daemon.run_notes import RunNotes
from gdp.daemon.silence import Silence
from gdp.model import run as told
from gdp.model.backup_set import BackupSet
from gdp.model.broken_off import kept_nothing
from gdp.model.runs import Facts, Kind, Reason, Run, State
from gdp.report import stops
from gdp.report.cause import Weight
from gdp.report.recognise import find_cause
from gdp.report.recorder import Recorder, skipped

AllFacts = Mapping[tuple[str, Kind], Facts]
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
_VERDICTS = {
    State.OK: told.Verdict.OK,
    State.ATTENTION: told.Verdict.ATTENTION,
    State.ERROR: told.Verdict.ERROR,
    State.INTERRUPTED: told.Verdict.INTERRUPTED,
    State.CANCELLED: told.Verdict.INTERRUPTED,
}
"""the journal and the mail say the same of a run"""
_NO_CODE = 1  # of a run whose engine never ended by itself
LOG_BYTES = 64 << 20  # of a log are attached at most; it lies at home whole
MOST_LOOKED_AT = 100  # runs of a set and kind; so many never pass between two that are told


class Background(msgspec.Struct, frozen=True, kw_only=True):
    """What the journal said about a run as it ended."""

    next_run: datetime | None = None
    """when its set is backed up again"""
    proofs: tuple[told.Proven, ...] = ()
    """of a backup: what was proven last of its set"""
    deletes_forbidden: datetime | None = None
    """what ``deletes_forbidden`` says of its set"""
    trouble: Run | None = None
    """what ``trouble_before`` says of it"""


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


def deletes_forbidden(facts: AllFacts, one: BackupSet) -> datetime | None:
    """Return when old backups of a set were to be removed last, where the repository forbade it; None where that went well."""
    if one.retention.policy().is_empty:
        return None
    last = [run for kind in (Kind.RETENTION, Kind.PRUNE) if (run := facts.get((one.name, kind), Facts()).last)]
    return max((run.ended or run.began for run in last if run.reason is Reason.FORBIDDEN), default=None)


def trouble_before(run: Run, runs: Iterable[Run]) -> Run | None:
    """Return the run before one that went well, where recipients had heard of trouble. What nobody hears of is passed over.

    None after a restore drill that found files which are not right: the next one takes others, and so proves nothing of those.

    Args:
        run: one that is over.
        runs: runs of the journal before it, newest first.
    """
    if run.state is not State.OK:
        return None
    own = (one for one in runs if (one.set_name, one.kind) == (run.set_name, run.kind))
    since = takewhile(lambda one: one.state is not State.OK, own)
    troubles = [one for one in since if is_told(one) and not _is_harmless(one)]
    if run.kind is Kind.DRILL and any(one.reason is Reason.DAMAGE or one.state is State.ATTENTION for one in troubles):
        return None
    return next(iter(troubles), None)


def background_of(
    run: Run, journal: Journal, one: BackupSet | None, sets: Iterable[BackupSet], *, next_run: datetime | None
) -> Background:
    """Return what the journal said as a run ended, whatever has happened since. Raises JournalError.

    Args:
        run: one that is over.
        journal: where it stands.
        one: its set, as it is now; None: it is gone.
        sets: all of them.
        next_run: when the set is backed up again.
    """
    trouble = None
    if run.state is State.OK:
        trouble = trouble_before(run, journal.runs(most=MOST_LOOKED_AT, set_name=run.set_name, kind=run.kind, before=run.id))
    if one is None or run.kind is not Kind.BACKUP:
        return Background(next_run=next_run, trouble=trouble)
    facts = journal.facts(run.ended)
    return Background(
        next_run=next_run,
        proofs=proofs_of(facts, one, sets),
        deletes_forbidden=deletes_forbidden(facts, one),
        trouble=trouble,
    )


def make_record(run: Run, log: Path, *, host: str | None, background: Background) -> told.RunRecord:
    """Return the record of a run that is over.

    Args:
        run: as the journal has it.
        log: its log; what it does not tell is not told.
        host: the set's name for this computer; None: its own.
        background: what the journal said as it ended.
    """
    named = host or socket.gethostname()
    recorder, notes = Recorder(run.set_name, named, run.kind, run.began), RunNotes(run)
    recorder.take(msgspec.json.encode(run.summary))  # a disk that is full may have cut the log short
    for line in _lines(log):
        recorder.take(line)
        notes.take(line)
    for problem in notes.problems:
        recorder.add(problem)
    stop = notes.stop or _stop_of(run)
    ended, next_run = run.ended or run.began, background.next_run
    if run.state is State.SKIPPED and stop is not None:
        return skipped(run.set_name, named, run.kind, run.began, stop, last=ended, next_run=next_run)
    code = _NO_CODE if run.exit_code is None else run.exit_code
    record = recorder.finish(code, ended, stopped_by=stop, next_run=next_run)
    verdict = _VERDICTS.get(run.state, record.verdict)
    stopped_by = None if run.state.is_done else stop or record.stopped_by
    record = msgspec.structs.replace(record, verdict=verdict, stopped_by=stopped_by, remarks=tuple(notes.remarks))
    is_well = {record.verdict, *(proven.verdict for proven in background.proofs)} == {told.Verdict.OK}
    recovered_from = background.trouble.began if background.trouble and is_well else None
    return msgspec.structs.replace(
        record, proofs=background.proofs, deletes_forbidden=background.deletes_forbidden, recovered_from=recovered_from
    )


def record_of_silence(silence: Silence) -> told.RunRecord:
    """Return what is told of a set that was due and did not run."""
    host = silence.one.snapshot.host or socket.gethostname()
    return skipped(silence.one.name, host, Kind.BACKUP, silence.moment, silence.why)


def log_to_attach(log: Path) -> bytes | None:
    """Return the beginning of a run's log, or None when there is none."""
    with suppress(OSError), log.open("rb") as stream:
        return stream.read(LOG_BYTES)
    return None


def _stop_of(run: Run) -> told.Trouble | None:
    """Return what the daemon knows of why a run ended; of one that was ended too early its own last word says more."""
    if kept_nothing(run.summary):
        return stops.NOTHING_KEPT
    return stops.CANCELLED if run.state is State.CANCELLED else _STOPS.get(run.reason)


def _proven(run: Run) -> told.Proven:
    figures = {name: number for name, number in run.summary.items() if type(number) is int}
    return told.Proven(run.kind, run.ended or run.began, _VERDICTS[run.state], figures)


def _is_harmless(run: Run) -> bool:
    """Say whether a run was left out in a way that nobody has to look at. A command that says no does so on purpose."""
    why = _STOPS.get(run.reason)
    return run.state is State.SKIPPED and (why is None or find_cause(why).weight is Weight.HARMLESS)


def _lines(log: Path) -> Iterator[bytes]:
    with suppress(OSError), log.open("rb") as stream:
        yield from stream
