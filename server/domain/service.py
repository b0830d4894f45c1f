"""What one edge of the hierarchy agreed on: a package at its prices, for a span of days."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from server.domain.errors import RuleBroken
from server.domain.money import check_price
from server.domain.sentence import N_


@dataclass(frozen=True, slots=True)
class Terms:
    """Prices of one package between one seller and one buyer, frozen when the order was released."""

    included_gb: int
    """of 10^9 bytes"""
    base: Decimal
    """euro a month"""
    overage: Decimal
    """euro a GB and month"""

    def __post_init__(self) -> None:
        if self.included_gb < 0:
            raise RuleBroken(N_("A package cannot include less than nothing."), field="included_gb")
        check_price(self.base)
        check_price(self.overage)


@dataclass(frozen=True, slots=True)
class Service:
    """One item of a contract, as one edge sees it. The items of a contract never overlap."""

    item: int
    package: str
    terms: Terms
    starts: date
    ends: date | None = None
    """the day after its last; None: it goes on"""

    def __post_init__(self) -> None:
        if self.ends is not None and self.ends < self.starts:
            raise RuleBroken(N_("{package} ends on {day}, before it starts."), field="ends", package=self.package, day=self.ends)

    def holds_on(self, day: date) -> bool:
        """Say whether it is delivered on a day."""
        return self.starts <= day and (self.ends is None or day < self.ends)
