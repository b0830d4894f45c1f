"""A stretch of hours that comes back on days of the week: ``20:00-06:00``, ``mon-fri 08:00-18:00``.

It begins at the first moment at which the clock shows its beginning, ends at the first at which it shows its end, and has no
hole between, whatever the clock does.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from gdp.core.errors import BadInput
from gdp.core.language import N_, translate
from gdp.model.timing.local import DAY_MINUTES, day_of, format_time_of_day, moment_of, parse_time_of_day
from gdp.model.timing.words import EVERY_DAY, described_weekdays, is_weekdays, parse_weekdays, written_weekdays

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time that comes back on some days of the week."""

    start: int = 0
    """minutes since midnight by the clock, below 1440"""
    end: int = DAY_MINUTES
    """the same, 1 to 1440; up to ``start`` means on the next day"""
    weekdays: frozenset[int] = EVERY_DAY
    """on which it begins; 0 is Monday"""

    def on(self, day: date, zone: tzinfo) -> tuple[datetime, datetime] | None:
        """Return beginning and end (not included) in UTC of the stretch that begins on a day; None where none begins.

        Where the clock jumps over all of it, the beginning is the end.
        """
        if day.weekday() not in self.weekdays:
            return None
        return moment_of(day, self.start, zone), moment_of(day + _DAY * (self.end <= self.start), self.end, zone)

    def contains(self, moment: datetime, zone: tzinfo) -> bool:
        """Say whether a moment lies in it."""
        day = day_of(moment, zone)
        stretches = (self.on(day - _DAY, zone), self.on(day, zone))
        return any(stretch is not None and stretch[0] <= moment < stretch[1] for stretch in stretches)

    @property
    def is_whole_day(self) -> bool:
        """Whether it covers its days from midnight to midnight."""
        return (self.start, self.end) == (0, DAY_MINUTES)

    @property
    def minutes(self) -> int:
        """How long it is by the clock, 1 to 1440."""
        return (self.end - self.start) % DAY_MINUTES or DAY_MINUTES

    def __str__(self) -> str:
        days = "" if self.weekdays == EVERY_DAY else written_weekdays(self.weekdays)
        hours = "" if self.is_whole_day else f"{format_time_of_day(self.start)}-{format_time_of_day(self.end)}"
        return f"{days} {hours}".strip()

    def describe(self) -> str:
        """Return it in the user's language: ``Monday to Friday from 20:00 to 06:00``; nothing for all the time."""
        days = "" if self.weekdays == EVERY_DAY else described_weekdays(self.weekdays)
        if self.is_whole_day:
            return days
        hours = translate(N_("from {start} to {end}"))
        return f"{days} {hours}".strip().format(start=format_time_of_day(self.start), end=format_time_of_day(self.end))


ALL_THE_TIME = Span()


def parse_span(words: list[str]) -> Span:
    """Return the span of ``[WEEKDAYS] [FROM-TO]``, given in plain words; nothing is all the time. Raises BadInput."""
    words = [word for word in words if word != "every"]
    weekdays = EVERY_DAY
    if words and is_weekdays(words[0]):
        weekdays = parse_weekdays(words.pop(0))
    start, end = _parse_hours(words.pop(0)) if words else (0, DAY_MINUTES)
    if words:
        raise BadInput(N_("{part!r} is one word too many"), part=words[0])
    return Span(start, end, weekdays)


def _parse_hours(text: str) -> tuple[int, int]:
    first, hyphen, last = text.partition("-")
    if not hyphen:
        raise BadInput(N_("{part!r} is neither a day nor a window such as 08:00-18:00"), part=text)
    start, end = parse_time_of_day(first), parse_time_of_day(last)
    if start in (end, DAY_MINUTES):
        raise BadInput(N_("{part!r} ends where it begins"), part=text)
    return start, end or DAY_MINUTES
