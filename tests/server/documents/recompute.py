"""The money of a month, worked out a second time: from raw usage, day by day, in whole numbers.

It shares nothing with the server: no fractions, no decimals, no plan; bytes, days, and millionths of a euro. A mistake would have
to be made twice.
"""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

MICRO_PER_CENT = 10_000
BYTES_PER_GB = 1_000_000_000


@dataclass(frozen=True, slots=True)
class RawItem:
    """What is delivered, at whose prices."""

    starts: date
    ends: date | None
    included_gb: int
    base_micro: int
    """millionths of a euro a month"""
    overage_micro: int
    """millionths of a euro a GB and month"""


def nearest(numerator: int, denominator: int) -> int:
    """Return the whole number nearest to a quotient; a half goes away from zero."""
    whole, rest = divmod(abs(numerator), denominator)
    whole += 2 * rest >= denominator
    return whole if numerator >= 0 else -whole


def days_of(year: int, month: int) -> Iterator[date]:
    """Yield the days of a month."""
    first = date(year, month, 1)
    for offset in range(monthrange(year, month)[1]):
        yield first + timedelta(days=offset)


def served(item: RawItem, day: date) -> bool:
    """Say whether an item is delivered on a day."""
    return day >= item.starts and not (item.ends and day >= item.ends)


def base_cents(item: RawItem, year: int, month: int, paid_days: int) -> int | None:
    """Return the base price for the days of a month that are not paid yet; None: there are none."""
    due = sum(served(item, day) for day in days_of(year, month)) - paid_days
    return nearest(due * item.base_micro, monthrange(year, month)[1] * MICRO_PER_CENT) if due else None


def overage_cents(item: RawItem, year: int, month: int, stored: Mapping[date, int]) -> int | None:
    """Return the overage of a month; None: nothing was stored beyond. A day that is not in ``stored`` was not measured."""
    beyond = 0
    for day in days_of(year, month):
        if served(item, day):
            beyond += max(0, stored.get(day, 0) - item.included_gb * BYTES_PER_GB)
    if not beyond:
        return None
    return nearest(beyond * item.overage_micro, monthrange(year, month)[1] * BYTES_PER_GB * MICRO_PER_CENT)


def invoice_cents(
    items: list[RawItem], year: int, month: int, stored: Mapping[date, int], paid_days: Mapping[int, int], *, in_advance: bool
) -> list[int]:
    """Return the lines of a month's invoice.

    Args:
        items: what is delivered.
        year: of the month that is over.
        month: 1 to 12.
        stored: bytes by day.
        paid_days: of this month, by place in ``items``.
        in_advance: the next month's base price is due as well.
    """
    found = [base_cents(item, year, month, paid_days.get(place, 0)) for place, item in enumerate(items)]
    found += [overage_cents(item, year, month, stored) for item in items]
    if in_advance:
        following = (year + month // 12, month % 12 + 1)
        found += [base_cents(item, *following, 0) for item in items]
    return [one for one in found if one is not None]


def vat_cents(net: int, percent: int) -> int:
    """Return the VAT on a sum."""
    return nearest(net * percent, 100)
