"""What is billed for a month: lines of quantity times price, planned from services and usage.

A customer pays the base price in advance, and overage in arrears; every edge above pays everything in arrears. What was billed
in advance and came otherwise (an upgrade, an end, a late activation) is set right by the difference of days.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from server.domain.money import line_cents
from server.domain.month import Month
from server.domain.sentence import N_, Word
from server.domain.service import Service
from server.domain.usage import UsageDay, overage_gb_months


class LineKind(Word):
    """What a line is for."""

    BASE = "base", N_("Base price")
    """quantity in months"""
    OVERAGE = "overage", N_("Overage")
    """quantity in GB times months"""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an invoice. Without VAT, which is worked out once for all lines together."""

    kind: LineKind
    item: int
    package: str
    month: Month
    quantity: Fraction
    price: Decimal

    @property
    def cents(self) -> int:
        """What it comes to."""
        return line_cents(self.quantity, self.price)


Billed = Mapping[tuple[int, Month], Fraction]
"""By item and month: how much of the base price is on invoices already, in months. Cancelled invoices count with their minus."""


def plan_start(services: Sequence[Service], month: Month, billed: Billed) -> tuple[Line, ...]:
    """Return what a customer is billed for first: the base prices from the start of its services to the end of that month."""
    return tuple(_base(services, month, billed))


def plan_customer(services: Sequence[Service], usage: Sequence[UsageDay], month: Month, billed: Billed) -> tuple[Line, ...]:
    """Return what a customer is billed for once a month is over: it set right, its overage, and the next in advance."""
    return (
        *_base(services, month, billed),
        *_overage(services, usage, month),
        *_base(services, month.next, billed),
    )


def plan_upstream(services: Sequence[Service], usage: Sequence[UsageDay], month: Month, billed: Billed) -> tuple[Line, ...]:
    """Return what a reseller or a distributor is billed for once a month is over."""
    return (*_base(services, month, billed), *_overage(services, usage, month))


@dataclass(frozen=True, slots=True)
class Account:
    """What an edge is billed for, and how much of it is on invoices already."""

    base: Billed
    overage: Billed
    """in GB times months"""
    again: frozenset[Month] = frozenset()
    """whose overage was billed and taken back"""


def plan_month(
    services: Sequence[Service], usage: Sequence[UsageDay], month: Month, account: Account, *, before: Sequence[Month] = (),
    in_advance: bool = False,
) -> tuple[Line, ...]:  # fmt: skip
    """Return everything that is to be billed once a month is over, as far as it is not billed yet.

    Args:
        services: of one contract, as one edge sees it.
        usage: of the month, and of those that are billed again.
        month: the one that is over.
        account: what is billed already.
        before: earlier months whose base price is set right.
        in_advance: the next month's base price as well, as customers pay it.
    """
    measured = (*sorted(one for one in account.again if one < month), month)
    lines = [line for one in (*before, month) for line in _base(services, one, account.base)]
    for one in measured:
        for line in _overage(services, usage, one):
            beyond = line.quantity - account.overage.get((line.item, one), Fraction(0))
            if beyond:
                lines.append(replace(line, quantity=beyond))
    if in_advance:
        lines.extend(_base(services, month.next, account.base))
    return tuple(lines)


def _base(services: Iterable[Service], month: Month, billed: Billed) -> Iterable[Line]:
    for one in services:
        due = month.part(month.days_between(one.starts, one.ends)) - billed.get((one.item, month), Fraction(0))
        if due:
            yield Line(LineKind.BASE, one.item, one.package, month, due, one.terms.base)


def _overage(services: Iterable[Service], usage: Sequence[UsageDay], month: Month) -> Iterable[Line]:
    for one in services:
        if beyond := overage_gb_months(one, usage, month):
            yield Line(LineKind.OVERAGE, one.item, one.package, month, beyond, one.terms.overage)
