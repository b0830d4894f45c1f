"""A calendar month, the period that everything is billed for."""

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Self

from server.domain.errors import RuleBroken
from server.domain.sentence import N_

_TEXT = re.compile(r"(\d{4})-(\d{2})")


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """One month of one year."""

    year: int
    number: int
    """1 to 12"""

    def __post_init__(self) -> None:
        if not (1 <= self.number <= 12 and date.min.year <= self.year < date.max.year):
            raise RuleBroken(N_("{text} is no month."), field="month", text=f"{self.year}-{self.number}")

    @classmethod
    def of(cls, day: date) -> Self:
        """Return the month that a day lies in."""
        return cls(day.year, day.month)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the month that ``2026-11`` means. Raises RuleBroken."""
        if (found := _TEXT.fullmatch(text)) is None:
            raise RuleBroken(N_("{text} is no month."), N_("Write it like 2026-11."), field="month", text=text)
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def days(self) -> int:
        """How many days it has."""
        return calendar.monthrange(self.year, self.number)[1]

    @property
    def end(self) -> date:
        """The day after its last."""
        return self.first + timedelta(days=self.days)

    @property
    def last(self) -> date:
        """Its last day."""
        return self.end - timedelta(days=1)

    @property
    def next(self) -> "Month":
        """The month after it."""
        return Month.of(self.end)

    @property
    def before(self) -> "Month":
        """The month before it."""
        return Month.of(self.first - timedelta(days=1))

    def days_between(self, starts: date, ends: date | None) -> int:
        """Return how many of its days lie in a span; ``ends`` is the day after the last, None: the span goes on."""
        last = self.end if ends is None else min(ends, self.end)
        return max(0, (last - max(starts, self.first)).days)

    def part(self, days: int) -> Fraction:
        """Return what part of the month a number of days is."""
        return Fraction(days, self.days)
