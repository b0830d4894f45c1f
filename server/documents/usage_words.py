"""The table of what was stored day by day, as an invoice prints it."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from babel.dates import format_date, format_skeleton

from server.documents import words
from server.domain.invoice import UsageTable
from server.domain.service import Service
from server.domain.usage import GB, Metering, UsageDay
from server.language import current_language, say


@dataclass(frozen=True, slots=True)
class Day:
    """One row."""

    day: str
    package: str
    stored: str
    beyond: str


@dataclass(frozen=True, slots=True)
class Table:
    """A month in two halves, and what its days add up to."""

    heading: str
    halves: tuple[tuple[Day, ...], ...]
    sums: tuple[str, ...]


def usage_table(table: UsageTable) -> Table:
    """Return a month's table: the days on which something was delivered, in order."""
    days = [one for one in sorted(table.days, key=lambda one: one.day) if table.service_on(one.day) is not None]
    places = max((_places(_gb(Fraction(one.stored_bytes, GB))) for one in days), default=0)
    shown = [_row(one, table.service_on(one.day), places) for one in days]
    half = (len(shown) + 1) // 2
    month = format_date(table.month.first, "MMMM y", locale=current_language())
    heading = say("What was stored in {month}", month=month)
    return Table(
        heading=f"{heading} · {table.contract}" if table.contract else heading,
        halves=(tuple(shown[:half]), tuple(shown[half:])),
        sums=tuple(_sums(table, days)),
    )


def _row(one: UsageDay, service: Service | None, places: int) -> Day:
    package, included = ("", 0) if service is None else (service.package, service.terms.included_gb)
    stored = (
        say("not measured") if one.metering is Metering.MISSING else words.number(_gb(Fraction(one.stored_bytes, GB)), places)
    )
    if one.metering is Metering.LATE:
        stored = f"* {stored}"
    return Day(
        day=format_skeleton("MMMd", one.day, locale=current_language()),
        package=package,
        stored=stored,
        beyond=words.number(_gb(_beyond(one, included)), places),
    )


def _sums(table: UsageTable, days: list[UsageDay]) -> list[str]:
    said = []
    for service in table.services:
        served = [one for one in days if service.holds_on(one.day)]
        if served:
            total = sum((_beyond(one, service.terms.included_gb) for one in served), Fraction(0))
            said.append(
                say(
                    "Beyond {package} ({included} GB): {total} GB-days in all.",
                    package=service.package,
                    included=words.number(service.terms.included_gb),
                    total=words.number(_gb(total)),
                )
            )
    if any(one.metering is Metering.LATE for one in days):
        said.append(say("* measured on a later day"))
    return said


def _beyond(one: UsageDay, included_gb: int) -> Fraction:
    return max(Fraction(0), Fraction(one.stored_bytes, GB) - included_gb)


def _places(value: Decimal) -> int:
    """Return how many decimals a number needs."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _gb(value: Fraction) -> Decimal:
    """Return GB exactly: a byte is the ninth decimal."""
    return Decimal(value.numerator) / Decimal(value.denominator)
