"""Days on which a set was due and no run of it took place, and why. Pure: what was seen of each minute is handed in.

Nobody can note that the computer is off. So the daemon notes again and again that it lives; where it did not for a while, it was
not there.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta, tzinfo
from itertools import islice

import msgspec

from gdp.model.backup_set import BackupSet
from gdp.model.run import Trouble
from gdp.model.runs import Kind, Run
from gdp.model.timing.local import moment_of
from gdp.report import stops

GAP = timedelta(minutes=15)  # longer than that between two signs of life, and the daemon was not there
PATIENCE = timedelta(hours=1)  # a run that begins so late is in time
_KEPT = timedelta(days=9)
_WIDEST = timedelta(days=8)  # from the moment a run is due to the opening of a window, once a week
_DAY = timedelta(days=1)
_MOST_DUE = 100  # of a day are looked at


class Span(msgspec.Struct, frozen=True):
    """A stretch of time."""

    begins: datetime
    ends: datetime

    def holds(self, moment: datetime) -> bool:
        """Say whether a moment lies in it."""
        return self.begins <= moment <= self.ends


class Diary(msgspec.Struct, frozen=True):
    """When nothing could begin. Moments are aware."""

    last_seen: datetime | None = None
    """the last sign of life"""
    told: date | None = None
    """the last day that was looked at as a whole, by the local clock"""
    absences: tuple[Span, ...] = ()
    pauses: tuple[Span, ...] = ()


class Silence(msgspec.Struct, frozen=True):
    """A set that was due and did not run."""

    one: BackupSet
    moment: datetime
    why: Trouble


def sign_of_life(diary: Diary, now: datetime, *, is_paused: bool) -> Diary:
    """Return the diary with the present moment in it."""
    absences, pauses, seen = diary.absences, diary.pauses, diary.last_seen
    if seen is not None and now - seen > GAP:
        absences += (Span(seen, now),)
    if is_paused:
        goes_on = bool(pauses) and pauses[-1].ends == seen
        pauses = (*pauses[:-1], Span(pauses[-1].begins, now)) if goes_on else (*pauses, Span(now, now))
    return msgspec.structs.replace(diary, last_seen=now, absences=_kept(absences, now), pauses=_kept(pauses, now))


def why_silent(
    one: BackupSet, day: date, runs: Sequence[Run], since: datetime | None, diary: Diary, zone: tzinfo
) -> Silence | None:
    """Return when a set was due on a day that is over, and why no run of it took place.

    None when one did, or was left out, which is told as such; and when none was due.

    Args:
        one: as it is now.
        day: by the local clock.
        runs: what the journal has of it, in any order.
        since: when the set was first seen, where it has no runs.
        diary: up to the end of the day at least.
        zone: of the local clock.
    """
    begins, ends = moment_of(day, 0, zone), moment_of(day + _DAY, 0, zone)
    backups = [run for run in runs if (run.set_name, run.kind) == (one.name, Kind.BACKUP)]
    since = min((run.began for run in backups), default=since)
    if not one.is_active or since is None:
        return None
    found = []
    for due in islice(_due_on(one, begins, ends, zone), _MOST_DUE):
        if any(run.began < ends and (run.ended or ends) >= min(due, begins) for run in backups):
            return None
        if due > since:
            moment = min(max(due, begins), ends - timedelta(seconds=1))  # a summary is of what happened on its day
            found.append(Silence(one, moment, _reason(due, diary)))
    known = [silence for silence in found if silence.why != stops.SILENT]
    return next(iter(known or found), None)


def _reason(due: datetime, diary: Diary) -> Trouble:
    if any(span.holds(due) for span in diary.pauses):
        return stops.PAUSED
    for span in diary.absences:
        if span.holds(due):
            return stops.computer_off(round((span.ends - span.begins) / timedelta(hours=1)))
    return stops.SILENT


def _due_on(one: BackupSet, begins: datetime, ends: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Yield the moments at which a run was due that should have begun between two moments, patience included."""
    timetable = one.schedule
    latest = timetable.random_offset + PATIENCE
    earliest = begins - latest - (_WIDEST if timetable.window is not None else timedelta())
    for schedule in timetable.when:
        for due in schedule.runs_after(earliest, zone):
            if due >= ends:
                break
            opens = due if timetable.window is None else timetable.window.opens_after(due, zone)
            if begins <= opens + latest < ends:
                yield due


def _kept(spans: tuple[Span, ...], now: datetime) -> tuple[Span, ...]:
    return tuple(span for span in spans if span.ends > now - _KEPT)
