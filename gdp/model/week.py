"""How a set's backups went, day by day. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from gdp.model.runs import State

DAYS = 7


class Day(StrEnum):
    """How a day went."""

    NONE = "none"
    """nothing was to be done, or nothing was done"""
    GOOD = "good"
    ATTENTION = "attention"
    """there is a backup of that day, but something needs a person's eye"""
    BAD = "bad"
    """it was tried, and there is no backup of that day"""


def week_of(runs: Iterable[tuple[datetime, State]], now: datetime, zone: tzinfo | None) -> tuple[Day, ...]:
    """Return the last seven days, today last.

    Args:
        runs: when each backup began, and how it stands.
        zone: whose days are meant; None: the computer's.
    """
    today = now.astimezone(zone).date()
    states: dict[int, set[State]] = {}
    for began, state in runs:
        states.setdefault((today - began.astimezone(zone).date()).days, set()).add(state)
    return tuple(_day(states.get(back, set())) for back in range(DAYS - 1, -1, -1))


def week_began(now: datetime) -> datetime:
    """Return a moment before the first of the seven days, in any zone."""
    return now - timedelta(days=DAYS + 1)


def _day(states: set[State]) -> Day:
    states = states - {State.RUNNING}
    if not states - {State.SKIPPED}:
        return Day.BAD if states else Day.NONE
    if not any(state.is_done for state in states):
        return Day.BAD
    return Day.GOOD if states == {State.OK} else Day.ATTENTION
