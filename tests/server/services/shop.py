"""Packages and prices for tests: the acceptance example's package S on every edge of the family, and helpers to set others."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from server.domain.packages import Contents
from server.domain.prices import Asked
from server.domain.seats import Seats
from server.services import catalogue, prices
from tests.server.family import NOW, Family

TODAY = date(2026, 11, 24)
TOMORROW = TODAY + timedelta(days=1)
NEXT_YEAR = date(2027, 1, 1)
OPERATOR_ASKS = Asked(Decimal("5.90"), Decimal("0.049"))
NORTH_ASKS = Asked(Decimal("7.90"), Decimal("0.069"))
ALPHA_ASKS = Asked(Decimal("12.50"), Decimal("0.119"))


@dataclass(frozen=True, slots=True)
class Shop:
    """A package that is sold."""

    package_id: int
    version_id: int


def euro(base: str, overage: str = "0.119") -> Asked:
    """Return a price."""
    return Asked(Decimal(base), Decimal(overage))


def open_shop(family: Family) -> Shop:
    """Let the operator, north and alpha sell the package S; south, beta and gamma sell nothing."""
    operator = family.actor("operator")
    package_id = catalogue.create_package(
        operator, code="s", name="Backup S", contents=Contents(100, Seats(3, 1)), starts=TODAY, today=TODAY, now=NOW
    )
    version_id = catalogue.package(operator, package_id).versions[0].id
    for seller, asked in (("operator", OPERATOR_ASKS), ("north", NORTH_ASKS), ("alpha", ALPHA_ASKS)):
        prices.set_price(family.actor(seller), version_id, asked, TODAY, today=TODAY, now=NOW)
    return Shop(package_id, version_id)
