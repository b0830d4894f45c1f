"""A simulated computer: its clock, its sets, and a daemon that does as the agenda says. Years pass in seconds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import msgspec

from gdp.jobs.agenda import Agenda, Condition, Situation, look
from gdp.model.backup_set import BackupSet, Conditions, Destination, Encryption, Proof, Retention, Source, Timetable
from gdp.model.runs import Facts, Kind, Reason, Run, State
from gdp.model.target import LocalTarget
from gdp.model.timing.reading import parse_schedule

Ending = Callable[[Run], tuple[timedelta, State, dict[str, Any]]]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def make_set(
    name: str = "daten",
    *when: str,
    repo: str = "/srv/backup",
    is_active: bool = True,
    conditions: Conditions = Conditions(target_reachable=False),  # noqa: B008 frozen
    retention: Retention = Retention(),  # noqa: B008 frozen
    proof: Proof = Proof(read_back=0, drill_files=0),  # noqa: B008 frozen
    **schedule: Any,
) -> BackupSet:
    """Return a set that is due by these schedules."""
    return BackupSet(
        name=name,
        source=Source(paths=("/etc",)),
        target=Destination(repo=LocalTarget(Path(repo))),
        encryption=Encryption(password_file="/etc/gdp/password", recovery_confirmed=is_active),
        schedule=Timetable(when=tuple(map(parse_schedule, when)), **schedule),
        conditions=conditions,
        retention=retention,
        proof=proof,
    )


def quick(run: Run) -> tuple[timedelta, State, dict[str, Any]]:
    """Every run takes a minute and goes well; retention always removes something."""
    return MINUTE, State.OK, {"removed": 1} if run.kind is Kind.RETENTION else {}


@dataclass
class World:
    """The computer."""

    sets: list[BackupSet]
    zone: tzinfo
    now: datetime
    ending: Ending = quick
    answers: Callable[[datetime], Reason] = lambda _moment: Reason.NONE
    runs: list[Run] = field(default_factory=list)
    skipped: list[Run] = field(default_factory=list)
    wanted: list[tuple[str, Kind]] = field(default_factory=list)
    is_paused: bool = False
    agenda: Agenda | None = None
    looks: int = 0
    facts: dict[tuple[str, Kind], Facts] = field(default_factory=dict)
    conditions: dict[str, Condition] = field(default_factory=dict)
    reasons: dict[Kind, Reason] = field(default_factory=dict)
    """why runs of a kind end as they do"""
    _ends: dict[int, datetime] = field(default_factory=dict)

    def live_until(self, moment: datetime) -> None:
        """Let time pass."""
        while True:
            self._end_due_runs()
            agenda = self._look()
            coming = min([agenda.next_look, *self._ends.values()])
            if coming > moment:
                self.now = max(self.now, moment)
                return
            assert coming > self.now, "the agenda would be asked for ever"
            self.now = coming

    def set_clock(self, moment: datetime) -> None:
        """Set the clock; what runs goes on for as long as before."""
        self._ends = {number: end + (moment - self.now) for number, end in self._ends.items()}
        self.now = moment

    def sleep_until(self, moment: datetime) -> None:
        """Suspend: what runs goes on afterwards."""
        self.set_clock(moment)

    def lose_power_until(self, moment: datetime) -> None:
        """Nothing runs any more, and nobody noted how it ended."""
        self.now = moment
        for number in list(self._ends):
            self._finish(number, State.INTERRUPTED, Reason.LOST, {})

    def began(self, name: str = "daten", kind: Kind = Kind.BACKUP) -> list[datetime]:
        """Return when runs began."""
        return [run.began for run in self.runs if (run.set_name, run.kind) == (name, kind)]

    def running(self) -> list[Run]:
        """Return what runs now."""
        return [self.runs[number] for number in sorted(self._ends)]

    def _look(self) -> Agenda:
        """Look and do as it says, until there is nothing to do at this moment."""
        for _round in range(20):
            self.looks += 1
            agenda = self.agenda = look(
                Situation(
                    now=self.now, zone=self.zone, sets=self.sets, facts=self.facts, running=self.running(), wanted=self.wanted,
                    conditions=self.conditions, is_paused=self.is_paused,
                )
            )  # fmt: skip
            for serve in agenda.serves:
                self._note(serve.set_name, serve.kind, served_until=serve.until)
            for end in agenda.ends:
                self._finish(end.run, State.INTERRUPTED, end.reason, {})
            for skip in agenda.skips:
                self._skip(skip.set_name, skip.kind, skip.due, skip.reason, is_served=skip.is_served)
            for name in agenda.asks:
                self.conditions[name] = Condition(self.now, self.answers(self.now))
            for start in agenda.starts:
                self._start(start.set_name, start.kind, start.due, start.attempt, is_manual=start.is_manual)
            if not (agenda.ends or agenda.skips or agenda.asks or agenda.starts):
                return agenda
        raise AssertionError("the agenda never has enough")

    def _start(self, name: str, kind: Kind, due: datetime, attempt: int, *, is_manual: bool) -> None:
        run = Run(
            id=len(self.runs), set_name=name, kind=kind, due=due, attempt=attempt, is_manual=is_manual, began=self.now
        )  # fmt: skip
        if (name, kind) in self.wanted:
            self.wanted.remove((name, kind))
        self.runs.append(run)
        self._ends[run.id] = self.now + self.ending(run)[0]
        self._note(name, kind, served_until=due, last=run)

    def _skip(self, name: str, kind: Kind, due: datetime, reason: Reason, *, is_served: bool) -> None:
        now, state = self.now, State.SKIPPED
        run = Run(id=-1, set_name=name, kind=kind, due=due, attempt=0, began=now, ended=now, state=state, reason=reason)
        self.skipped.append(run)
        self._note(name, kind, last_skip=run)
        if is_served:
            self._note(name, kind, served_until=due)

    def _end_due_runs(self) -> None:
        for number, end in sorted(self._ends.items(), key=lambda item: item[1]):
            if end <= self.now:
                _lasts, state, summary = self.ending(self.runs[number])
                self._finish(number, state, self.reasons.get(self.runs[number].kind, Reason.NONE), summary)

    def _finish(self, number: int, state: State, reason: Reason, summary: dict[str, Any]) -> None:
        del self._ends[number]
        run = msgspec.structs.replace(self.runs[number], ended=self.now, state=state, reason=reason, summary=summary)
        self.runs[number] = run
        self._note(run.set_name, run.kind, last=run)
        if state.is_done:
            self._note(run.set_name, run.kind, last_done=run)

    def _note(self, name: str, kind: Kind, **changes: Any) -> None:
        self.facts[name, kind] = msgspec.structs.replace(self.facts.get((name, kind), Facts()), **changes)


def local(moments: Iterable[datetime], zone: tzinfo) -> list[str]:
    """Return moments as the clock on the wall shows them."""
    return [f"{moment.astimezone(zone):%m-%d %H:%M}" for moment in moments]


def at(zone: tzinfo, *parts: int) -> datetime:
    """Return the moment at which a clock on the wall shows this."""
    year, month, day, hour, minute = (*parts, 0, 0)[:5]
    return datetime(year, month, day, hour, minute, tzinfo=zone).astimezone(UTC)
