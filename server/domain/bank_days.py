"""On which days euro payments are settled: those of the ECB's T2 system (once TARGET). Pure."""

from datetime import date, timedelta
from functools import cache

import holidays

_DAY = timedelta(days=1)
_SATURDAY = 5


def is_bank_day(day: date) -> bool:
    """Say whether payments are settled on a day."""
    return day.weekday() < _SATURDAY and day not in _closing_days(day.year)


def next_bank_day(day: date) -> date:
    """Return the first day of settlement that is not before a day."""
    while not is_bank_day(day):
        day += _DAY
    return day


def bank_days_after(day: date, count: int) -> date:
    """Return the day of settlement that comes so many of them after a day."""
    for _ in range(count):
        day = next_bank_day(day + _DAY)
    return day


@cache
def _closing_days(year: int) -> frozenset[date]:
    return frozenset(holidays.financial_holidays("ECB", years=year))
