"""What a seller asks for a package, from day to day, and what stays for it. Pure.

The prices of one package from one seller to one buyer (or to everybody, the default) are periods that never overlap.
Nothing is changed in place: a new price closes the one before it and opens its own, never in the past. What was agreed
keeps its price, since ``Terms`` are frozen when an order is released; these periods are for what is ordered on a day. A
dearer price is announced, so that the buyer can set its own in time.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from server.domain.errors import RuleBroken
from server.domain.money import check_price
from server.domain.sentence import N_

INCREASE_NOTICE_DAYS = 30  # a buyer sets its own prices in the meantime, which it announces in turn
MOST_EUROS = 1_000_000  # a month, or a GB; more is a slip of the finger
_PERCENT_PLACES = Decimal("0.1")
_PRICE = re.compile(r"\d{1,9}([.,]\d{1,6})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a package costs."""

    base: Decimal
    """euro a month"""
    overage: Decimal
    """euro a GB and month beyond what is included"""

    def __post_init__(self) -> None:
        for field, price in (("base", self.base), ("overage", self.overage)):
            check_price(price)
            if price > MOST_EUROS:
                raise RuleBroken(N_("{price} euro cannot be meant."), field=field, price=price)

    def is_dearer_than(self, other: "Asked") -> bool:
        """Say whether a buyer may pay more than before: one of the two goes up."""
        return self.base > other.base or self.overage > other.overage


@dataclass(frozen=True, slots=True)
class Period:
    """A price and when it is asked."""

    asked: Asked
    starts: date
    ends: date | None = None
    """the day after its last; None: until further notice"""
    number: int = 0
    """which row it is; 0: none yet"""

    def __post_init__(self) -> None:
        if self.ends is not None and self.ends <= self.starts:
            raise RuleBroken(N_("A price must hold for a day at least."), field="valid_to")

    def holds_on(self, day: date) -> bool:
        """Say whether it is asked on a day."""
        return self.starts <= day and (self.ends is None or day < self.ends)


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of the periods: at most one gets another end, at most one is new, at most one goes."""

    closed: Period | None = None
    """as it is afterwards"""
    opened: Period | None = None
    withdrawn: Period | None = None
    is_increase: bool = False
    """to be announced to the buyer"""


@dataclass(frozen=True, slots=True)
class Margin:
    """What stays of a sale price; negative: the seller pays for selling."""

    base: Decimal
    overage: Decimal
    percent: Decimal | None
    """of the sale's base price, one place; None: it is given away"""

    @property
    def is_negative(self) -> bool:
        """Say whether something is sold for less than it costs."""
        return self.base < 0 or self.overage < 0


def read_price(text: str, *, field: str) -> Decimal:
    """Return a price as somebody types it, with a comma or a point before the fractions of a euro. Raises RuleBroken."""
    clean = text.replace("€", "").strip()
    if not _PRICE.fullmatch(clean):
        raise RuleBroken(
            N_("“{text}” is no price."),
            N_("Write it like 12.50, with six decimals at most and no sign between thousands."),
            field=field,
            text=clean,
        )
    return Decimal(clean.replace(",", "."))


def check_periods(periods: Iterable[Period]) -> None:
    """Raise RuleBroken where two periods overlap."""
    ordered = sorted(periods, key=lambda period: period.starts)
    for one, following in pairwise(ordered):
        if one.ends is None or one.ends > following.starts:
            raise RuleBroken(
                N_("There is a price from {first} already when that from {second} begins."),
                field="valid_from",
                first=one.starts,
                second=following.starts,
            )


def price_on(periods: Iterable[Period], day: date) -> Period | None:
    """Return the price that is asked on a day, if any."""
    return next((period for period in periods if period.holds_on(day)), None)


def merged(own: Iterable[Period], default: Iterable[Period]) -> tuple[Period, ...]:
    """Return what a buyer pays, in order: the price of its own where there is one, else the default."""
    first = tuple(own)
    found = list(first)
    for period in default:
        rest = [period]
        for cut in first:
            rest = [piece for one in rest for piece in _without(one, cut)]
        found += rest
    return tuple(sorted(found, key=lambda period: period.starts))


def plan_price(periods: Sequence[Period], asked: Asked, starts: date, *, today: date, other: Asked | None = None) -> Change:
    """Return how a new price takes its place.

    Args:
        periods: those of the same package, seller and buyer.
        asked: the new price.
        starts: its first day.
        today: nothing is changed before it.
        other: what the buyer would pay on the first day if these periods were none (the default price, for a buyer of its own).

    Raises RuleBroken: in the past, another one begins later, or an increase without notice.
    """
    if starts < today:
        raise RuleBroken(N_("A price cannot begin in the past."), field="valid_from")
    later = min((period.starts for period in periods if period.starts >= starts), default=None)
    if later is not None:
        raise RuleBroken(N_("Another price begins on {day}."), hint=N_("Withdraw it first."), field="valid_from", day=later)
    before = price_on(periods, starts)
    known = before.asked if before else other
    if known == asked and before is not None:
        raise RuleBroken(N_("This is the price already."), field="base")
    dearer = known is not None and asked.is_dearer_than(known)
    _check_notice(starts, today=today, is_increase=dearer)
    return Change(replace(before, ends=starts) if before else None, Period(asked, starts), is_increase=dearer)


def plan_end(periods: Sequence[Period], ends: date, *, today: date, other: Asked | None = None) -> Change:
    """Return how the price that is asked last before a day ends with it; ``other`` as for ``plan_price``. Raises RuleBroken."""
    if ends <= today:
        raise RuleBroken(N_("A price ends tomorrow at the earliest."), field="valid_to")
    last = price_on(periods, ends - timedelta(days=1))
    if last is None or last.ends is not None:
        raise RuleBroken(N_("On that day no price goes on."), field="valid_to")
    dearer = other is not None and other.is_dearer_than(last.asked)
    _check_notice(ends, today=today, is_increase=dearer)
    return Change(replace(last, ends=ends), is_increase=dearer)


def plan_withdrawal(periods: Sequence[Period], number: int, *, today: date, other: Asked | None = None) -> Change:
    """Return how a price that has not begun goes, and the one before it goes on. Raises RuleBroken."""
    gone = next(period for period in periods if period.number == number)
    if gone.starts <= today:
        raise RuleBroken(N_("This price is asked already."), hint=N_("Set a new one, or an end."))
    before = next((period for period in periods if period.ends == gone.starts), None)
    known = before.asked if before else other
    dearer = known is not None and known.is_dearer_than(gone.asked)
    _check_notice(gone.starts, today=today, is_increase=dearer)
    return Change(replace(before, ends=gone.ends) if before else None, withdrawn=gone, is_increase=dearer)


def margin(purchase: Asked, sale: Asked) -> Margin:
    """Return what stays between two prices of the same package on the same day."""
    base = sale.base - purchase.base
    percent = (base * 100 / sale.base).quantize(_PERCENT_PLACES) if sale.base else None
    return Margin(base, sale.overage - purchase.overage, percent)


def _without(period: Period, cut: Period) -> Iterable[Period]:
    """Yield what is left of a period where another does not hold."""
    if (cut.ends is not None and cut.ends <= period.starts) or (period.ends is not None and cut.starts >= period.ends):
        yield period
        return
    if cut.starts > period.starts:
        yield replace(period, ends=cut.starts)
    if cut.ends is not None and (period.ends is None or cut.ends < period.ends):
        yield replace(period, starts=cut.ends)


def _check_notice(starts: date, *, today: date, is_increase: bool) -> None:
    earliest = today + timedelta(days=INCREASE_NOTICE_DAYS)
    if is_increase and starts < earliest:
        raise RuleBroken(
            N_("A price goes up {days} days after it was announced at the earliest."),
            hint=N_("Let it begin on {earliest} or later."),
            field="valid_from",
            days=INCREASE_NOTICE_DAYS,
            earliest=earliest,
        )
