"""When the next run of one kind of one set is due. Pure: the caller supplies facts and the moment."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from gdp.model.backup_set import BackupSet
from gdp.model.runs import Facts, Kind, Reason, Run, State
from gdp.model.timing.local import day_of
from gdp.model.timing.pauses import pause_after, random_offset
from gdp.model.timing.reading import parse_schedule

PRUNE_EVERY = timedelta(days=6, hours=12)  # a week, however late a run came: what it frees is worth reading the index for
PRUNE_WAITS = timedelta(days=30)  # for a backup that takes many runs: a prune removes what no snapshot needs yet

DRILLS = parse_schedule("monthly 1 00:00")
DRILL_SPREAD = timedelta(days=25)  # each set has its own moment of the month: a server is not to meet all drills at once


@dataclass(frozen=True, slots=True)
class Due:
    """A run that is due, now or later."""

    set_name: str
    kind: Kind
    due: datetime
    """when it should begin; the run serves whatever was due up to then"""
    at: datetime
    """when it may begin as far as this file knows: later by the random offset, or by a pause"""
    attempt: int = 1
    is_manual: bool = False


def backup_due(one: BackupSet, known: Facts, now: datetime, zone: tzinfo) -> Due | None:
    """Return the next backup: by its schedules, or once more after a failure, whichever comes first.

    Args:
        known: with ``served_until``.
    """
    served = known.served_until
    assert served is not None
    again = _again(one, Kind.BACKUP, known.last, now)
    firsts = [schedule.next_after(served, zone) for schedule in one.schedule.when]
    if not firsts:
        return again
    first = min(firsts)
    at = first + random_offset(f"{one.name}\0{one.target.repo}", first, one.schedule.random_offset)
    if again is not None and again.at < at:
        return again
    if at > now:
        return Due(one.name, Kind.BACKUP, first, at)
    latest = [due for schedule in one.schedule.when if (due := schedule.latest_due(served, now, zone))]
    return Due(one.name, Kind.BACKUP, max(latest, default=first), at)


def retention_due(one: BackupSet, known: Facts, backup: Run | None, now: datetime, zone: tzinfo) -> Due | None:
    """Return the next retention: once for each local day on which a backup was made.

    Args:
        backup: the newest that was done.
    """
    if one.retention.policy().is_empty or backup is None or backup.ended is None:
        return None
    again = _again(one, Kind.RETENTION, known.last, now)
    served, ended = known.served_until, min(backup.ended, now)
    if served is None or (ended > served and day_of(ended, zone) != day_of(served, zone)):
        return Due(one.name, Kind.RETENTION, ended, ended)
    return again


def prune_due(
    one: BackupSet, known: Facts, retention: Run | None, pruned: datetime | None, now: datetime, *, is_any_unfinished: bool
) -> Due | None:
    """Return the next prune: after a retention that removed something, and not more often than ``PRUNE_EVERY``.

    Args:
        retention: the newest that was done.
        pruned: up to when the repository was pruned, for whichever set.
        is_any_unfinished: a backup into the repository was broken off and goes on later: what it has sent must stay.
    """
    if is_any_unfinished and (pruned is None or now - pruned < PRUNE_WAITS):
        return None
    again = _again(one, Kind.PRUNE, known.last, now)
    if again is not None or retention is None or retention.ended is None or not retention.summary.get("removed"):
        return again
    ended = min(retention.ended, now)
    if pruned is None or ended - pruned >= PRUNE_EVERY:
        return Due(one.name, Kind.PRUNE, ended, ended)
    return None


def check_due(one: BackupSet, known: Facts, backup: Run | None, read: datetime | None, now: datetime) -> Due | None:
    """Return the next time a sample is read back: after a backup, but not sooner after the last time than the set says.

    Args:
        backup: the newest that was done.
        read: up to when the repository was read back, for whichever set.
    """
    if not one.proof.read_back or backup is None or backup.ended is None:
        return None
    ended = min(backup.ended, now)
    if read is None or (ended > read and ended - read >= one.proof.read_back_pause):
        return Due(one.name, Kind.CHECK, ended, ended)
    return _again(one, Kind.CHECK, known.last, now)


def drill_due(one: BackupSet, known: Facts, backup: Run | None, now: datetime, zone: tzinfo) -> Due | None:
    """Return the next restore drill: after the first backup, then once for each local month, at a random moment of it.

    Args:
        backup: the newest that was done.
    """
    if not one.proof.drill_files or backup is None or backup.ended is None:
        return None
    served = known.served_until
    if served is None:
        ended = min(backup.ended, now)
        return Due(one.name, Kind.DRILL, ended, ended)
    first = DRILLS.next_after(served, zone)
    at = first + random_offset(f"{one.name}\0{one.target.repo}\0drill", first, DRILL_SPREAD)
    again = _again(one, Kind.DRILL, known.last, now)
    if again is not None and again.at < at:
        return again
    due = first if at > now else DRILLS.latest_due(served, now, zone) or first
    return Due(one.name, Kind.DRILL, due, at)


def _again(one: BackupSet, kind: Kind, last: Run | None, now: datetime) -> Due | None:
    """Return the run that goes on with, or repeats, one that came to nothing."""
    if last is None or last.ended is None or last.state not in {State.ERROR, State.INTERRUPTED}:
        return None
    pause: timedelta | None = timedelta()
    attempt = last.attempt + 1
    if last.state is State.INTERRUPTED and last.reason in {Reason.WINDOW, Reason.SHUTDOWN}:
        attempt = last.attempt
    elif last.reason is Reason.LONGEST_RUN:
        return None  # the next one that is due goes on
    elif last.reason is Reason.DAMAGE:
        return None  # it is no better in a minute, and was told
    elif last.reason is Reason.LOST:  # at once, unless it may be the run that kills us
        pause = pause_after(last.attempt - 1, one.schedule.retry_pauses) if last.attempt > 1 else timedelta()
    else:
        pause = pause_after(last.attempt, one.schedule.retry_pauses)
    if pause is None:
        return None
    at = last.ended + pause if last.ended <= now else now  # else the clock was set back
    return Due(one.name, kind, last.due, at, attempt)
