"""The example that the design gives to the cent: November 2026 on three edges."""

from datetime import date
from decimal import Decimal

from server.domain.month import Month
from server.domain.service import Service, Terms
from server.domain.tax import TaxFacts
from server.domain.usage import GB, Metering, UsageDay

NOVEMBER = Month(2026, 11)
SINCE, CHANGE = date(2026, 11, 2), date(2026, 11, 18)
GERMAN = TaxFacts("DE")

PRICES = {
    "operator": (("5.90", "0.049"), ("9.75", "0.039")),
    "distributor": (("7.90", "0.069"), ("13.90", "0.059")),
    "reseller": (("12.50", "0.119"), ("24.50", "0.099")),
}
"""by seller: base and overage of package S, of package M"""


def services(seller: str, *, change: date | None = CHANGE) -> tuple[Service, ...]:
    """Return what a seller delivers; with None the customer keeps package S."""
    small, middle = PRICES[seller]
    first = Service(1, "S", Terms(100, Decimal(small[0]), Decimal(small[1])), SINCE, change)
    if change is None:
        return (first,)
    return (first, Service(2, "M", Terms(250, Decimal(middle[0]), Decimal(middle[1])), change))


def usage() -> tuple[UsageDay, ...]:
    """Return the month's days; the 14th is missing."""
    spans = ((2, 10, 95), (11, 17, 180), (18, 25, 240), (26, 30, 290))
    days = [UsageDay(date(2026, 11, day), gigabytes * GB) for first, last, gigabytes in spans for day in range(first, last + 1)]
    missing = date(2026, 11, 14)
    return tuple(UsageDay(missing, 0, Metering.MISSING) if one.day == missing else one for one in days)
