"""Hours, days, weeks and months of a snapshot's time, in the time zone it was written with. Pure.

restic counts in the wall clock that the snapshot's text shows, wherever ``forget`` runs; so do we.
"""

import datetime as dt
import re
import time
from collections.abc import Callable

import msgspec

from gdp.core.gotext import civil_date, days_from_civil, parse_time
from gdp.model.retention import Span

SECOND_NS = 1_000_000_000
DAY_SECONDS = 86_400
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)\Z")
_GREGORIAN_CYCLE = 400  # years after which the weekdays repeat; datetime knows the years 1 to 9999 only

LocalOffset = Callable[[int], int]
"""seconds east of UTC on this computer at an instant (seconds since 1970)"""


def local_offset(seconds: int) -> int:
    """Return this computer's offset from UTC at an instant, in seconds."""
    return time.localtime(seconds).tm_gmtoff


class Moment(msgspec.Struct, frozen=True):
    """An instant with the offset from UTC it was written with."""

    time_ns: int
    offset_seconds: int

    @classmethod
    def parse(cls, text: str) -> "Moment":
        """Read RFC 3339. Raises DamagedData."""
        match = _OFFSET.search(text)
        offset = (int(match[2]) * 3600 + int(match[3]) * 60) * (-1 if match[1] == "-" else 1) if match else 0
        return cls(parse_time(text), offset)

    @property
    def wall_seconds(self) -> int:
        """What its wall clock shows, as seconds since 1970."""
        return self.time_ns // SECOND_NS + self.offset_seconds

    def bucket(self, period: str) -> tuple[int, ...]:
        """Return what two moments share when they lie in the same hour, day, (ISO) week, month or year."""
        days, of_day = divmod(self.wall_seconds, DAY_SECONDS)
        year, month, day = civil_date(days)
        if period == "weekly":
            cycles, of_cycle = divmod(year - 1, _GREGORIAN_CYCLE)
            iso = dt.date(of_cycle + 1, month, day).isocalendar()
            return cycles * _GREGORIAN_CYCLE + iso.year, iso.week
        return {"hourly": (year, month, day, of_day // 3600), "daily": (year, month, day), "monthly": (year, month)}.get(
            period, (year,)
        )

    def before(self, span: Span, offset_at: LocalOffset) -> int:
        """Return the instant ``span`` earlier, in nanoseconds, counted in the calendar as Go's ``AddDate`` counts.

        A date that does not exist, such as 31 February, becomes one in the next month. Where the moment's offset is this
        computer's own at that time, the clock change between then and now is taken into account; else the offset stays.
        """
        days, of_day = divmod(self.wall_seconds, DAY_SECONDS)
        year, month, day = civil_date(days)
        months = (year - span.years) * 12 + (month - 1) - span.months
        wall = (days_from_civil(months // 12, months % 12 + 1, 1) + day - 1 - span.days) * DAY_SECONDS + of_day
        seconds = wall - self._offset_then(wall, offset_at) - span.hours * 3600
        return seconds * SECOND_NS + self.time_ns % SECOND_NS

    def _offset_then(self, wall: int, offset_at: LocalOffset) -> int:
        if offset_at(self.time_ns // SECOND_NS) != self.offset_seconds:
            return self.offset_seconds
        guess = offset_at(wall)
        return offset_at(wall - guess)
