"""Periods of prices: never overlapping, never in the past, dearer only with notice; margins."""

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.errors import RuleBroken
from server.domain.prices import (
    INCREASE_NOTICE_DAYS,
    Asked,
    Change,
    Period,
    check_periods,
    margin,
    merged,
    plan_end,
    plan_price,
    plan_withdrawal,
    price_on,
    read_price,
)

TODAY = date(2026, 11, 24)
NEXT_YEAR = date(2027, 1, 1)
S = Asked(Decimal("12.50"), Decimal("0.119"))
DEARER = Asked(Decimal("13.50"), Decimal("0.119"))
CHEAPER = Asked(Decimal("11.50"), Decimal("0.119"))
SINCE_SUMMER = Period(S, date(2026, 7, 1), number=1)
ASKED = st.builds(
    Asked,
    st.integers(0, 5_000).map(lambda cents: Decimal(cents).scaleb(-2)),
    st.integers(0, 200_000).map(lambda millionths: Decimal(millionths).scaleb(-6)),
)
STEPS = st.tuples(st.sampled_from(["price", "end", "withdraw"]), ASKED, st.integers(-2, 90), st.integers(0, 20))


def applied(periods: list[Period], change: Change, number: int) -> list[Period]:
    """Return the periods after a change, as the database would keep them."""
    gone = {change.withdrawn.number} if change.withdrawn else set()
    closed = {change.closed.number: change.closed} if change.closed else {}
    kept = [closed.get(one.number, one) for one in periods if one.number not in gone]
    return kept + ([replace(change.opened, number=number)] if change.opened else [])


def grown(steps: list[tuple[str, Asked, int, int]]) -> list[Period]:
    """Return the periods that steps lead to."""
    periods: list[Period] = []
    today = TODAY
    for number, (step, asked, ahead, passed) in enumerate(steps, start=1):
        day = today + timedelta(days=ahead)
        with suppress(RuleBroken):
            change = plan_end(periods, day, today=today) if step == "end" else plan_price(periods, asked, day, today=today)
            periods = applied(periods, change, number)
        today += timedelta(days=passed)
    return periods


@given(st.lists(STEPS, max_size=30))
def test_periods_never_overlap_and_the_past_never_changes(steps: list[tuple[str, Asked, int, int]]) -> None:
    """Whatever is set, ended and withdrawn, in whatever order, while time goes by."""
    periods: list[Period] = []
    today = TODAY
    for number, (step, asked, ahead, passed) in enumerate(steps, start=1):
        known = [price_on(periods, today - timedelta(days=back)) for back in range(100)]
        try:
            if step == "price":
                change = plan_price(periods, asked, today + timedelta(days=ahead), today=today)
            elif step == "end":
                change = plan_end(periods, today + timedelta(days=ahead), today=today)
            else:
                change = plan_withdrawal(periods, periods[ahead % len(periods)].number, today=today) if periods else Change()
        except RuleBroken:
            continue
        periods = applied(periods, change, number)

        check_periods(periods)
        past = [price_on(periods, today - timedelta(days=back)) for back in range(1, 100)]
        assert [one and one.asked for one in past] == [one and one.asked for one in known[1:]]
        today += timedelta(days=passed)


@given(ASKED, ASKED, st.integers(0, 60))
def test_a_dearer_price_needs_notice_and_no_other(before: Asked, after: Asked, ahead: int) -> None:
    """Either of the two prices counts."""
    starts = TODAY + timedelta(days=ahead)
    if before == after:
        return
    dearer = after.base > before.base or after.overage > before.overage

    if dearer and ahead < INCREASE_NOTICE_DAYS:
        with pytest.raises(RuleBroken) as caught:
            plan_price([Period(before, date(2026, 1, 1))], after, starts, today=TODAY)
        assert caught.value.field == "valid_from"
        assert caught.value.facts["earliest"] == TODAY + timedelta(days=INCREASE_NOTICE_DAYS)
    else:
        assert plan_price([Period(before, date(2026, 1, 1))], after, starts, today=TODAY).is_increase is dearer


def test_a_change_closes_the_old_price_and_opens_a_new_one() -> None:
    """The row that holds today stays as it is but for its end."""
    change = plan_price([SINCE_SUMMER], DEARER, NEXT_YEAR, today=TODAY)

    assert change == Change(replace(SINCE_SUMMER, ends=NEXT_YEAR), Period(DEARER, NEXT_YEAR), is_increase=True)
    after = applied([SINCE_SUMMER], change, 2)
    assert price_on(after, date(2026, 12, 31)) == replace(SINCE_SUMMER, ends=NEXT_YEAR)
    assert price_on(after, NEXT_YEAR) == Period(DEARER, NEXT_YEAR, number=2)


def test_a_first_price_begins_today() -> None:
    """There is nobody to give notice to."""
    assert plan_price([], DEARER, TODAY, today=TODAY) == Change(None, Period(DEARER, TODAY))


def test_a_price_of_one_buyer_s_own_is_compared_with_the_default() -> None:
    """It pays more from then on, whatever row that stands in."""
    assert not plan_price([], CHEAPER, TODAY, today=TODAY, other=S).is_increase
    with pytest.raises(RuleBroken):
        plan_price([], DEARER, TODAY, today=TODAY, other=S)


@pytest.mark.parametrize("starts", [TODAY - timedelta(days=1), date(2020, 1, 1)])
def test_no_price_begins_in_the_past(starts: date) -> None:
    """Whatever was ordered until now was ordered at what was asked then."""
    with pytest.raises(RuleBroken) as caught:
        plan_price([], S, starts, today=TODAY)

    assert caught.value.field == "valid_from"


def test_a_price_that_is_announced_is_withdrawn_before_another_takes_its_day() -> None:
    """Nobody loses a price that was promised by a slip."""
    planned = [replace(SINCE_SUMMER, ends=NEXT_YEAR), Period(DEARER, NEXT_YEAR, number=2)]
    with pytest.raises(RuleBroken, match="2027-01-01"):
        plan_price(planned, CHEAPER, date(2026, 12, 1), today=TODAY)

    back = applied(planned, plan_withdrawal(planned, 2, today=TODAY), 0)
    assert back == [SINCE_SUMMER]
    with pytest.raises(RuleBroken):
        plan_withdrawal(back, 1, today=TODAY)


def test_a_promised_cheaper_price_is_not_withdrawn_on_its_eve() -> None:
    """That would be an increase without notice."""
    soon = TODAY + timedelta(days=3)
    planned = [replace(SINCE_SUMMER, ends=soon), Period(CHEAPER, soon, number=2)]

    with pytest.raises(RuleBroken):
        plan_withdrawal(planned, 2, today=TODAY)


def test_a_price_ends() -> None:
    """From its last day on nothing is asked; where a dearer default comes back, with notice."""
    later = TODAY + timedelta(days=INCREASE_NOTICE_DAYS)

    assert plan_end([SINCE_SUMMER], date(2026, 11, 25), today=TODAY).closed == replace(SINCE_SUMMER, ends=date(2026, 11, 25))
    assert plan_end([SINCE_SUMMER], later, today=TODAY, other=DEARER).is_increase
    for ends, other in ((TODAY, None), (later - timedelta(days=1), DEARER)):
        with pytest.raises(RuleBroken):
            plan_end([SINCE_SUMMER], ends, today=TODAY, other=other)


@given(st.lists(STEPS, max_size=8), st.lists(STEPS, max_size=8))
def test_a_buyer_pays_its_own_price_where_it_has_one(
    own_steps: list[tuple[str, Asked, int, int]], default_steps: list[tuple[str, Asked, int, int]]
) -> None:
    """On each day one price, its own before the default."""
    own, default = grown(own_steps), grown(default_steps)
    both = merged(own, default)

    check_periods(both)
    for day in (TODAY + timedelta(days=ahead) for ahead in range(-5, 400)):
        wanted, got = price_on(own, day) or price_on(default, day), price_on(both, day)
        assert (got and got.asked) == (wanted and wanted.asked)


def test_margins_are_shown_and_a_negative_one_is_known() -> None:
    """The acceptance example's distributor and reseller, and one that gives overage away."""
    distributor = Asked(Decimal("7.90"), Decimal("0.069"))

    good = margin(distributor, S)
    assert (good.base, good.overage, good.percent, good.is_negative) == (
        Decimal("4.60"),
        Decimal("0.050"),
        Decimal("36.8"),
        False,
    )
    assert margin(distributor, Asked(Decimal("12.50"), Decimal("0.05"))).is_negative
    assert margin(distributor, Asked(Decimal("7.80"), Decimal("0.119"))).is_negative
    assert margin(distributor, Asked(Decimal(0), Decimal("0.119"))).percent is None


@pytest.mark.parametrize(
    ("text", "price"), [("12,50", "12.50"), ("12.5", "12.5"), (" 0,119 € ", "0.119"), ("7", "7"), ("0.000001", "0.000001")]
)
def test_prices_are_read_as_they_are_typed(text: str, price: str) -> None:
    """With a comma or a point."""
    assert read_price(text, field="base") == Decimal(price)


@pytest.mark.parametrize(
    "text", ["", "1.234,56", "1,234.56", "-1", "0,0000001", "NaN", "1e4", "Infinity", "9999999", "twelve", "१२", "1_0"]
)
def test_what_is_no_price_is_refused(text: str) -> None:
    """A sign between thousands too: nobody knows which is meant."""
    with pytest.raises(RuleBroken) as caught:
        Asked(read_price(text, field="base"), Decimal(0))

    assert caught.value.field == "base"
