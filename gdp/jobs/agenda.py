"""What to begin, to end, to leave out now, and when to look again. Pure: the caller supplies sets, facts and the moment.

A run is due by its set's schedules, after a failure by its pauses, or since somebody asked for it. What was due while nobody
looked (computer off, asleep, clock set forward, paused, target gone) is made up for once, however much it was. Every moment
that was due is "served" by the run that begins at it or after it; the journal keeps up to which moment that holds.

Retention is due once a day after a backup, a prune once a week after a retention that removed something, unless a backup into the
repository was broken off and goes on later: a prune would remove what it has sent. A sample is read back
after a backup, and files are restored on trial once a month. All take their turn: one at a time for each repository.

A restore is begun when somebody asks for it and never by the agenda. It takes nobody's turn, but what removes data waits for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

import msgspec

from gdp.jobs.due import Due, backup_due, check_due, drill_due, prune_due, retention_due
from gdp.model.backup_set import BackupSet
from gdp.model.runs import Facts, Kind, Reason, Run, State

MOST_AT_ONCE = 2  # each run uses every core already; a second one keeps a slow target from holding up all
CONDITION_HOLDS = timedelta(minutes=1)
"""how long an answer to "does the target answer?" counts, and so how often it is asked while it does not"""
PATIENCE = timedelta(hours=1)
"""how long a run may wait for its conditions before that is told"""
_BY_THEMSELVES = tuple(kind for kind in Kind if kind is not Kind.RESTORE)
_REMOVE = {Kind.RETENTION, Kind.PRUNE}
LONGEST_PAUSE = timedelta(hours=1)
"""between two looks"""
CLOCK_TOLERANCE = timedelta(minutes=10)
"""a clock that was set back by less just lets time pass again"""


class WaitsFor(StrEnum):
    """What keeps a run from beginning."""

    TIME = "time"
    WINDOW = "window"
    RESUME = "resume"
    """somebody paused the daemon"""
    REPOSITORY = "repository"
    """another run uses it"""
    ROOM = "room"
    """as many runs as may be at once"""
    ANSWER = "answer"
    """whether the conditions hold is being looked at"""
    TARGET = "target"
    POWER = "power"


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether a set could begin when that was looked at last."""

    asked: datetime
    reason: Reason = Reason.NONE
    """UNREACHABLE, BATTERY; NONE: it could"""


@dataclass(frozen=True, slots=True)
class Situation:
    """All that is known now."""

    now: datetime
    zone: tzinfo
    sets: Sequence[BackupSet]
    facts: Mapping[tuple[str, Kind], Facts]
    running: Sequence[Run] = ()
    wanted: Sequence[tuple[str, Kind]] = ()
    """what somebody asked for"""
    conditions: Mapping[str, Condition] = field(default_factory=dict)
    """by set"""
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class Skip:
    """A run to leave out."""

    set_name: str
    kind: Kind
    due: datetime
    reason: Reason
    is_served: bool
    """it will not be made up for"""


@dataclass(frozen=True, slots=True)
class End:
    """A run to end; it can go on later."""

    run: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Serve:
    """A moment to note: nothing before it is due any more."""

    set_name: str
    kind: Kind
    until: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A run that does not begin yet."""

    due: Due
    waits_for: WaitsFor
    until: datetime | None = None
    """None: nobody knows"""


@dataclass(slots=True)
class Agenda:
    """The answer."""

    next_look: datetime
    serves: list[Serve] = field(default_factory=list)
    starts: list[Due] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)
    ends: list[End] = field(default_factory=list)
    asks: list[str] = field(default_factory=list)
    """sets whose conditions have to be looked at"""
    waits: list[Waiting] = field(default_factory=list)

    def next_backup(self, set_name: str) -> datetime | None:
        """Return when a set is backed up next, as far as that is known."""
        return min(
            (wait.until for wait in self.waits if wait.until and (wait.due.set_name, wait.due.kind) == (set_name, Kind.BACKUP)),
            default=None,
        )


def look(situation: Situation) -> Agenda:
    """Decide. Whoever does as it says, notes that in the facts and looks again at the same moment has nothing more to begin."""
    agenda = Agenda(next_look=situation.now + LONGEST_PAUSE)
    situation = replace(situation, facts=_set_right(situation, agenda))
    for run in situation.running:
        _end_in_time(situation, agenda, run)
    for due in sorted(_every_due(situation), key=_order):
        _place(situation, agenda, due)
    return agenda


def _set_right(situation: Situation, agenda: Agenda) -> dict[tuple[str, Kind], Facts]:
    """Return the facts, with now as the beginning for new sets and for those whose last moment lies far in the future."""
    facts = dict(situation.facts)
    for one in situation.sets:
        for kind in Kind if one.is_active else ():
            known = facts.get((one.name, kind), Facts())
            is_new = known.served_until is None and kind is Kind.BACKUP
            if is_new or (known.served_until and known.served_until > situation.now + CLOCK_TOLERANCE):
                agenda.serves.append(Serve(one.name, kind, situation.now))
                known = msgspec.structs.replace(known, served_until=situation.now)
            facts[one.name, kind] = known
    return facts


def _end_in_time(situation: Situation, agenda: Agenda, run: Run) -> None:
    one = _set_of(situation, run.set_name)
    if one is None or run.kind is Kind.RESTORE:
        return
    by_length, by_window = one.schedule.ends_of(run.began, situation.zone)
    limits = [(end, reason) for end, reason in ((by_length, Reason.LONGEST_RUN), (by_window, Reason.WINDOW)) if end is not None]
    if not limits:
        return
    moment, reason = min(limits)
    if moment <= situation.now:
        agenda.ends.append(End(run.id, reason))
    else:
        _look_at(agenda, moment)


def _every_due(situation: Situation) -> Iterator[Due]:
    wanted = set(situation.wanted)
    for one in situation.sets:
        if not one.is_active:
            continue
        for kind in _BY_THEMSELVES:
            if (one.name, kind) in wanted:
                yield Due(one.name, kind, situation.now, situation.now, is_manual=True)
                continue
            due = _due(situation, one, kind)
            if due is not None:
                yield due


def _due(situation: Situation, one: BackupSet, kind: Kind) -> Due | None:
    now, zone, facts = situation.now, situation.zone, situation.facts
    known = facts[one.name, kind]
    if kind is Kind.BACKUP:
        return backup_due(one, known, now, zone)
    backup = facts[one.name, Kind.BACKUP].last_done
    if kind is Kind.RETENTION:
        return retention_due(one, known, backup, now, zone)
    if kind is Kind.CHECK:
        return check_due(one, known, backup, _served_for_any(situation, one, kind), now)
    if kind is Kind.DRILL:
        return drill_due(one, known, backup, now, zone)
    return prune_due(
        one, known, facts[one.name, Kind.RETENTION].last_done, _served_for_any(situation, one, kind), now,
        is_any_unfinished=any(_is_unfinished(facts[other.name, Kind.BACKUP].last) for other in _sharing(situation, one)),
    )  # fmt: skip


def _is_unfinished(backup: Run | None) -> bool:
    return backup is not None and backup.state is State.INTERRUPTED


def _sharing(situation: Situation, one: BackupSet) -> list[BackupSet]:
    """Return the sets that use the repository of a set, itself among them."""
    return [other for other in situation.sets if other.target.repo == one.target.repo and other.is_active]


def _served_for_any(situation: Situation, one: BackupSet, kind: Kind) -> datetime | None:
    """Return up to when the repository of a set had runs of a kind, for whichever of its sets."""
    served = [until for other in _sharing(situation, one) if (until := situation.facts[other.name, kind].served_until)]
    return max(served, default=None)


def _order(due: Due) -> tuple[object, ...]:
    return (not due.is_manual, due.at, list(Kind).index(due.kind), due.set_name)


def _place(situation: Situation, agenda: Agenda, due: Due) -> None:
    """Let a run begin, leave it out, or say what it waits for."""
    one, now = _set_of(situation, due.set_name), situation.now
    assert one is not None
    window = None if due.is_manual else one.schedule.window
    begins = max(due.at, now) if window is None else window.opens_after(max(due.at, now), situation.zone)
    if due.at > now:
        _wait(agenda, due, WaitsFor.TIME, begins)
    elif any((run.set_name, run.kind) == (due.set_name, due.kind) for run in situation.running):
        if due.is_manual:
            _wait(agenda, due, WaitsFor.REPOSITORY)
        else:
            agenda.skips.append(Skip(due.set_name, due.kind, due.due, Reason.OVERLAP, is_served=True))
    elif begins > now:
        _wait(agenda, due, WaitsFor.WINDOW, begins)
    elif situation.is_paused and not due.is_manual:
        _wait(agenda, due, WaitsFor.RESUME)
    elif _is_used(situation, agenda, one, due.kind):
        _wait(agenda, due, WaitsFor.REPOSITORY)
    elif sum(run.kind is not Kind.RESTORE for run in situation.running) + len(agenda.starts) >= MOST_AT_ONCE:
        _wait(agenda, due, WaitsFor.ROOM)
    elif due.is_manual or _conditions_hold(situation, agenda, one, due):
        agenda.starts.append(due)


def _is_used(situation: Situation, agenda: Agenda, one: BackupSet, kind: Kind) -> bool:
    in_the_way = [run for run in situation.running if run.kind is not Kind.RESTORE or kind in _REMOVE]
    names = [run.set_name for run in in_the_way] + [start.set_name for start in agenda.starts]
    users = [_set_of(situation, name) for name in names]
    return any(user is not None and user.target.repo == one.target.repo for user in users) or one.name in names


def _conditions_hold(situation: Situation, agenda: Agenda, one: BackupSet, due: Due) -> bool:
    if not (one.conditions.target_reachable or one.conditions.mains_power):
        return True
    condition, now = situation.conditions.get(one.name), situation.now
    if condition is not None and condition.asked <= now < condition.asked + CONDITION_HOLDS:
        if condition.reason is Reason.NONE:
            return True
        waits_for = WaitsFor.POWER if condition.reason is Reason.BATTERY else WaitsFor.TARGET
        _wait(agenda, due, waits_for, condition.asked + CONDITION_HOLDS)
    else:
        agenda.asks.append(one.name)
        _wait(agenda, due, WaitsFor.ANSWER)
    if condition is not None and condition.reason is not Reason.NONE and now >= due.at + PATIENCE:
        told = situation.facts[one.name, due.kind].last_skip
        if told is None or (told.due, told.reason) != (due.due, condition.reason):
            agenda.skips.append(Skip(one.name, due.kind, due.due, condition.reason, is_served=False))
    return False


def _wait(agenda: Agenda, due: Due, waits_for: WaitsFor, until: datetime | None = None) -> None:
    agenda.waits.append(Waiting(due, waits_for, until))
    if until is not None:
        _look_at(agenda, until)


def _look_at(agenda: Agenda, moment: datetime) -> None:
    agenda.next_look = min(agenda.next_look, moment)


def _set_of(situation: Situation, name: str) -> BackupSet | None:
    return next((one for one in situation.sets if one.name == name), None)
