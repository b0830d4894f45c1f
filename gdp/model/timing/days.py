"""On which days of the calendar something is due. Knows no time of day and no zone."""

from abc import ABC, abstractmethod
from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from gdp.core.language import N_, translate
from gdp.model.timing.words import MONTH_NAMES, WEEKDAY_NAMES, WEEKDAYS, described_weekdays, listed, written_weekdays

LAST = -1
ORDINALS = ("first", "second", "third", "fourth")


class DayRule(ABC):
    """Which days. At least one within any thirteen months."""

    @abstractmethod
    def holds_on(self, day: date) -> bool:
        """Say whether the day is one of them."""

    @abstractmethod
    def __str__(self) -> str:
        """Return the rule as it is written in a schedule."""

    @abstractmethod
    def describe(self) -> str:
        """Return the rule in the user's language."""


@dataclass(frozen=True, slots=True)
class DaysOfWeek(DayRule):
    """Some days of every week."""

    days: frozenset[int]
    """0 is Monday; not empty"""

    def holds_on(self, day: date) -> bool:
        return day.weekday() in self.days

    def __str__(self) -> str:
        return ("weekly " if len(self.days) == 1 else "") + written_weekdays(self.days)

    def describe(self) -> str:
        return described_weekdays(self.days)


@dataclass(frozen=True, slots=True)
class DayOfMonth:
    """One day of every month. The 31st of a shorter month is its last day, so that no month goes without."""

    position: int
    """1 to 31, or LAST; with a weekday 1 to 4, or LAST"""
    weekday: int = -1
    """0 is Monday; -1 for none: ``position`` counts days"""

    def holds_on(self, day: date) -> bool:
        """Say whether it is this day."""
        length = monthrange(day.year, day.month)[1]
        if self.weekday < 0:
            return day.day == (length if self.position == LAST else min(self.position, length))
        if day.weekday() != self.weekday:
            return False
        return day.day + 7 > length if self.position == LAST else (day.day + 6) // 7 == self.position

    def __str__(self) -> str:
        if self.weekday < 0:
            return "last" if self.position == LAST else str(self.position)
        return f"{'last' if self.position == LAST else ORDINALS[self.position - 1]} {WEEKDAYS[self.weekday]}"

    def describe(self) -> str:
        """Return ``on day 15`` or ``on the last Friday`` in the user's language."""
        if self.weekday < 0:
            return translate(N_("on the last day") if self.position == LAST else N_("on day {day}")).format(day=self.position)
        sentence = _NTH_WEEKDAY[self.position if self.position != LAST else 0]
        return translate(sentence).format(weekday=translate(WEEKDAY_NAMES[self.weekday]))


_NTH_WEEKDAY = (
    N_("on the last {weekday}"),
    N_("on the first {weekday}"),
    N_("on the second {weekday}"),
    N_("on the third {weekday}"),
    N_("on the fourth {weekday}"),
)


@dataclass(frozen=True, slots=True)
class DaysOfMonth(DayRule):
    """Some days of every month."""

    days: tuple[DayOfMonth, ...]
    """not empty, each once"""

    def holds_on(self, day: date) -> bool:
        return any(rule.holds_on(day) for rule in self.days)

    def __str__(self) -> str:
        return "monthly " + ",".join(str(rule) for rule in self.days)

    def describe(self) -> str:
        return translate(N_("every month {days}")).format(days=listed([rule.describe() for rule in self.days]))


@dataclass(frozen=True, slots=True)
class DayOfYear(DayRule):
    """One day of every year; 29 February is the 28th where there is none."""

    month: int
    day: int

    def holds_on(self, day: date) -> bool:
        return day.month == self.month and day.day == min(self.day, monthrange(day.year, day.month)[1])

    def __str__(self) -> str:
        return f"yearly {self.day}.{self.month}."

    def describe(self) -> str:
        month = translate(MONTH_NAMES[self.month - 1])
        return translate(N_("every year on {day} {month}")).format(day=self.day, month=month)
