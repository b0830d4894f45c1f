"""How a set stands, and all of them together: the answer to "is everything backed up?". Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from gdp.core.language import N_, translate
from gdp.model.run_words import kind_in_words, state_of_run
from gdp.model.runs import Kind, Reason, Run, State
from gdp.model.service import AtWork, ServiceStatus, SetStatus

LATE = timedelta(hours=1)  # a backup that is due waits so long before the screen calls it late


class Level(IntEnum):
    """How well; the worst is the greatest."""

    IDLE = 0
    GOOD = 1
    BUSY = 2
    ATTENTION = 3
    ERROR = 4

    @property
    def sign(self) -> str:
        """A sign that says the same without colour."""
        return "○●▶▲■"[self]

    @property
    def style(self) -> str:
        """The name of its colour in the style sheet's classes and in markup."""
        return ("idle", "good", "busy", "attention", "bad")[self]


_OF_STATE = {
    State.OK: Level.GOOD,
    State.RUNNING: Level.BUSY,
    State.ATTENTION: Level.ATTENTION,
    State.SKIPPED: Level.ATTENTION,
    State.INTERRUPTED: Level.ATTENTION,
    State.CANCELLED: Level.ATTENTION,
    State.ERROR: Level.ERROR,
}


_WORDS = {
    State.OK: N_("OK"),
    State.ATTENTION: N_("attention"),
    State.ERROR: N_("failed"),
    State.INTERRUPTED: N_("broken off"),
    State.CANCELLED: N_("cancelled"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How something stands, in one word or a few."""

    level: Level
    words: str


def of_run(run: Run) -> Standing:
    """Return how a run went."""
    return Standing(_OF_STATE[run.state], state_of_run(run))


def of_set(one: SetStatus, now: datetime) -> Standing:
    """Return how a set stands: what it does, else what is wrong with it, else how its newest backup went.

    A proof that found damage is worse than a backup that failed: the next backup does not mend it.
    """
    if one.at_work:
        return Standing(Level.BUSY, _work(one.at_work[0]))
    if one.problem:
        return Standing(Level.ERROR, translate(N_("file wrong")))
    if not one.is_active:
        return Standing(Level.ATTENTION, translate(N_("not active")))
    if (failed := failed_proofs(one)) and failed[0].reason is Reason.DAMAGE:
        return Standing(Level.ERROR, translate(N_("damaged")))
    if one.last is not None and not one.last.state.is_done:
        return Standing(_OF_STATE[one.last.state], translate(_WORDS[one.last.state]))
    if is_late(one, now):
        return Standing(Level.ERROR, translate(N_("late")))
    if one.last is None:
        return Standing(Level.ATTENTION if one.schedule else Level.IDLE, translate(N_("no backup")))
    if failed and one.last.state is State.OK:
        return Standing(Level.ATTENTION, translate(N_("not proven")))
    return Standing(_OF_STATE[one.last.state], translate(_WORDS[one.last.state]))


def failed_proofs(one: SetStatus) -> list[Run]:
    """Return the newest read-back and the newest restore drill, whichever did not go well; what is damaged first."""
    runs = [run for run in (one.last_check, one.last_drill) if run is not None and run.state is not State.OK]
    return sorted(runs, key=lambda run: run.reason is not Reason.DAMAGE)


def is_late(one: SetStatus, now: datetime) -> bool:
    """Say whether a backup has been due for a while, and does not run."""
    return any(coming.kind is Kind.BACKUP and coming.due + LATE < now for coming in one.coming) and not one.at_work


def of_all(status: ServiceStatus, now: datetime) -> Standing:
    """Return the answer to the one question of the first screen."""
    if status.trouble is not None:
        return Standing(Level.ERROR, translate(N_("Nothing is backed up by itself")))
    standings = [of_set(one, now) for one in status.sets]
    if not standings:
        return Standing(Level.IDLE, translate(N_("No backup set yet")))
    worst = max(standing.level for standing in standings)
    if worst is Level.ERROR:
        wrong = [one for one, how in zip(status.sets, standings, strict=True) if how.level is worst]
        is_damaged = all(any(run.reason is Reason.DAMAGE for run in failed_proofs(one)) for one in wrong)
        words = N_("Some of what is backed up is damaged") if is_damaged else N_("Not everything is backed up")
        return Standing(worst, translate(words))
    if worst is Level.ATTENTION:
        return Standing(worst, translate(N_("Something needs your attention")))
    if all(one.last_done for one in status.sets):
        return Standing(Level.BUSY if worst is Level.BUSY else Level.GOOD, translate(N_("Everything is backed up")))
    words = N_("The first backup runs") if worst is Level.BUSY else N_("Not everything is backed up yet")
    return Standing(worst, translate(words))


def newest_end(sets: Iterable[SetStatus]) -> datetime | None:
    """Return when the newest backup was done."""
    ends = [one.last_done.ended for one in sets if one.last_done and one.last_done.ended]
    return max(ends, default=None)


def _work(work: AtWork) -> str:
    done = work.progress.get("percent_done")
    if work.is_ending:
        return translate(N_("is ending"))
    if work.is_paused:
        return translate(N_("paused"))
    if work.run.kind is not Kind.BACKUP:
        return kind_in_words(work.run)
    return translate(N_("runs")) + (f" {min(99, int(done * 100))} %" if isinstance(done, int | float) else "")
