"""When a backup set is next due. Pure: the caller supplies the clock.

Two kinds. ``AtTimes``: at times of day by the local clock. ``Every``: at even distances in real time, counted anew from each
midnight, or from the beginning of each window; both nights on which the clock jumps are longer or shorter, nothing else.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from gdp.core.language import N_, translate, translate_plural
from gdp.model.timing.days import DayRule
from gdp.model.timing.local import DAY_MINUTES, day_of, format_time_of_day, moment_of
from gdp.model.timing.span import ALL_THE_TIME, Span
from gdp.model.timing.words import listed

_DAY = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)


class Schedule(ABC):
    """When something is due, for ever. ``str`` gives the canonical sentence, which ``parse_schedule`` reads."""

    @abstractmethod
    def due_on(self, day: date, zone: tzinfo) -> Sequence[datetime]:
        """Return the moments that belong to a local day, in UTC and rising; some may lie after the following midnight.

        No moment of a day lies before one of an earlier day.
        """

    @abstractmethod
    def __str__(self) -> str:
        """Return the canonical sentence, English."""

    @abstractmethod
    def describe(self) -> str:
        """Return the schedule in the user's language; ``parse_schedule`` reads this, too."""

    def next_after(self, moment: datetime, zone: tzinfo) -> datetime:
        """Return the first moment after ``moment`` at which it is due, in UTC."""
        return next(self.runs_after(moment, zone))

    def runs_after(self, moment: datetime, zone: tzinfo) -> Iterator[datetime]:
        """Yield every moment after ``moment`` at which it is due, in UTC and strictly rising, without end."""
        day = day_of(moment, zone) - _DAY  # whose window may reach beyond midnight
        while True:
            for due in self.due_on(day, zone):
                if due > moment:
                    yield due
                    moment = due
            day += _DAY

    def latest_due(self, since: datetime, until: datetime, zone: tzinfo) -> datetime | None:
        """Return the last moment in ``since < moment <= until`` at which it was due, in UTC, or None: nothing was missed."""
        day = day_of(until, zone)
        first = day_of(since, zone) - _DAY
        while day >= first:
            for due in reversed(self.due_on(day, zone)):
                if due <= until:
                    return due if due > since else None
            day -= _DAY
        return None


@dataclass(frozen=True, slots=True)
class AtTimes(Schedule):
    """On some days, at times of day by the local clock."""

    days: DayRule
    times: tuple[int, ...]
    """minutes since midnight, below 1440, rising; not empty"""

    def due_on(self, day: date, zone: tzinfo) -> Sequence[datetime]:
        return [moment_of(day, minutes, zone) for minutes in self.times] if self.days.holds_on(day) else ()

    def __str__(self) -> str:
        return " ".join((str(self.days), *map(format_time_of_day, self.times)))

    def describe(self) -> str:
        times = listed([format_time_of_day(minutes) for minutes in self.times])
        return translate(N_("{days} at {times}")).format(days=self.days.describe(), times=times)


@dataclass(frozen=True, slots=True)
class Every(Schedule):
    """Again and again at even distances in real time."""

    step_minutes: int
    """1 to 1440"""
    offset_minutes: int = 0
    """how long after midnight, or the beginning of the window, it begins; below ``step_minutes``, and the window holds it"""
    window: Span = ALL_THE_TIME
    """Its end is included, unless it is midnight, which belongs to the next day."""

    def due_on(self, day: date, zone: tzinfo) -> Sequence[datetime]:
        stretch = self.window.on(day, zone)
        if stretch is None:
            return ()
        due = stretch[0] + timedelta(minutes=self.offset_minutes)
        room = stretch[1] - due - (_MICROSECOND if self.window.end == DAY_MINUTES else timedelta())
        step = timedelta(minutes=self.step_minutes)
        return [due + number * step for number in range(room // step + 1)]

    def __str__(self) -> str:
        return f"{self._step()} {self.window}".rstrip()

    def describe(self) -> str:
        return f"{self._described_step()} {self.window.describe()}".rstrip()

    def _step(self) -> str:
        if self.step_minutes == 60:
            return f"hourly :{self._minute():02d}" if self._minute() else "hourly"
        if self.step_minutes % 60 == 0:
            return f"every {self.step_minutes // 60} hours"
        return "every minute" if self.step_minutes == 1 else f"every {self.step_minutes} minutes"

    def _described_step(self) -> str:
        if self.step_minutes == 60:
            sentence = N_("every hour at minute {minute}") if self._minute() else N_("every hour")
            return translate(sentence).format(minute=self._minute())
        if self.step_minutes % 60 == 0:
            return translate(N_("every {count} hours")).format(count=self.step_minutes // 60)
        sentence = translate_plural("every minute", "every {count} minutes", self.step_minutes)
        return sentence.format(count=self.step_minutes)

    def _minute(self) -> int:
        """Return at which minute of the hour an hourly run is due."""
        return (self.window.start + self.offset_minutes) % 60
