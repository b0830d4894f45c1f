"""How much was stored, day by day, in the repository of a contract."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from server.domain.errors import RuleBroken
from server.domain.month import Month
from server.domain.sentence import N_, Word
from server.domain.service import Service

GB = 10**9


class Metering(Word):
    """How the number of a day came about."""

    MEASURED = "measured", N_("measured")
    LATE = "late", N_("measured late")
    """measured on a later day"""
    MISSING = "missing", N_("missing")
    """nobody knows: counts as nothing, and is shown as missing"""


@dataclass(frozen=True, slots=True)
class UsageDay:
    """One day in Berlin."""

    day: date
    stored_bytes: int
    metering: Metering = Metering.MEASURED

    def __post_init__(self) -> None:
        if self.stored_bytes < 0 or (self.metering is Metering.MISSING and self.stored_bytes):
            raise RuleBroken(
                N_("{stored} bytes on {day} ({metering}) cannot be."),
                stored=self.stored_bytes,
                day=self.day,
                metering=self.metering,
            )


def overage_gb_months(service: Service, usage: Iterable[UsageDay], month: Month) -> Fraction:
    """Return how much more than included was stored in a month.

    The rule that is printed on the invoice: for each day of the service, the GB beyond those included; their sum over the days,
    divided by the days of the month. ``usage`` has each day at most once; others than the month's do not count.
    """
    beyond = (
        max(Fraction(0), Fraction(one.stored_bytes, GB) - service.terms.included_gb)
        for one in usage
        if Month.of(one.day) == month and service.holds_on(one.day)
    )
    return sum(beyond, Fraction(0)) / month.days
