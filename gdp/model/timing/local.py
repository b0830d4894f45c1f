"""Readings of a local clock as moments, on the nights when the clock jumps as well. Reads no clock.

Times of day are minutes since midnight by the clock, 0 to 1440. A reading that comes twice counts the first time. One that
the clock jumps over counts at the moment of the jump.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from gdp.core.errors import BadInput
from gdp.core.language import N_

DAY_MINUTES = 24 * 60
_SECOND = timedelta(seconds=1)


def moment_of(day: date, minutes: int, zone: tzinfo) -> datetime:
    """Return when the clock first shows ``minutes`` or more on ``day``, in UTC. Rises with ``day`` and ``minutes``."""
    reading = datetime.combine(day, time()) + timedelta(minutes=minutes)
    moment = reading.replace(tzinfo=zone).astimezone(UTC)
    if reading_at(moment, zone) == reading:
        return moment
    return _jump_over(reading, zone, after=moment)


def reading_at(moment: datetime, zone: tzinfo) -> datetime:
    """Return what the clock shows at a moment, as a datetime without a zone."""
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def day_of(moment: datetime, zone: tzinfo) -> date:
    """Return the calendar day that holds at a moment."""
    return moment.astimezone(zone).date()


def parse_time_of_day(text: str) -> int:
    """Return minutes since midnight of ``08:00``; ``24:00`` is the end of the day. Raises BadInput."""
    hours, colon, minutes = text.partition(":")
    if colon and 1 <= len(hours) <= 2 and len(minutes) == 2 and (hours + minutes).isascii() and (hours + minutes).isdigit():
        of_day = int(hours) * 60 + int(minutes)
        if int(minutes) < 60 and of_day <= DAY_MINUTES:
            return of_day
    raise BadInput(N_("{part!r} is no time of day"), part=text)


def format_time_of_day(minutes: int) -> str:
    """Return ``08:00``."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _jump_over(reading: datetime, zone: tzinfo, *, after: datetime) -> datetime:
    """Return the moment at which the clock jumps past a reading that it never shows; ``after`` lies behind the jump."""
    before = reading.replace(tzinfo=zone, fold=1).astimezone(UTC)  # PEP 495: with the offset that holds after the jump
    while after - before > _SECOND:
        middle = before + (after - before) // _SECOND // 2 * _SECOND
        if reading_at(middle, zone) < reading:
            before = middle
        else:
            after = middle
    return after
