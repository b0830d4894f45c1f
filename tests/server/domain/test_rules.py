"""Money, months, services and VAT at their edges, and against a second way to work them out."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.errors import RuleBroken
from server.domain.lines import plan_customer, plan_start, plan_upstream
from server.domain.money import check_price, euros, line_cents, whole_cents
from server.domain.month import Month
from server.domain.service import Service, Terms
from server.domain.tax import TaxCategory, TaxFacts, TaxRule, tax_groups, tax_rule
from server.domain.usage import GB, Metering, UsageDay

MILLIONTHS = 10**6
PRICES = st.integers(0, 500 * MILLIONTHS).map(lambda millionths: Decimal(millionths).scaleb(-6))
MONTHS = st.builds(Month, st.integers(2024, 2030), st.integers(1, 12))


def cents_by_integers(millionths: int, numerator: int, denominator: int) -> int:
    """Return price times quantity in cents without fractions: the second way. ``millionths`` of a euro."""
    product, unit = millionths * numerator, denominator * 10_000
    return -((-2 * product + unit) // (2 * unit)) if product < 0 else (2 * product + unit) // (2 * unit)


@pytest.mark.parametrize(
    ("amount", "cents"), [("4.225", 423), ("4.2249999", 422), ("-4.225", -423), ("0.005", 1), ("-0.005", -1), ("0", 0)]
)
def test_half_a_cent_goes_away_from_zero(amount: str, cents: int) -> None:
    """So a credit undoes a debit."""
    assert whole_cents(Fraction(amount)) == cents


@given(PRICES, st.integers(-400, 400), st.integers(1, 400))
def test_lines_are_worked_out_exactly(price: Decimal, numerator: int, denominator: int) -> None:
    """Whatever the price and the days."""
    assert line_cents(Fraction(numerator, denominator), price) == cents_by_integers(int(price.scaleb(6)), numerator, denominator)


@pytest.mark.parametrize("price", ["-0.01", "0.0000001", "NaN", "Infinity"])
def test_what_is_no_price_is_refused(price: str) -> None:
    """Where it is entered, not on an invoice."""
    with pytest.raises(RuleBroken):
        check_price(Decimal(price))


def test_cents_are_shown_with_two_places() -> None:
    """Also when they are round."""
    assert [str(euros(cents)) for cents in (3839, -5, 1200, 0)] == ["38.39", "-0.05", "12.00", "0.00"]


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "2026-1", "26-11", "2026-11-01", "", "9999-12"])
def test_what_is_no_month_is_refused(text: str) -> None:
    """9999-12 has no end that could be written down."""
    with pytest.raises(RuleBroken):
        Month.parse(text)


def test_february_of_a_leap_year_has_29_days() -> None:
    """And December is followed by January."""
    assert [(one.days, str(one.next)) for one in (Month(2028, 2), Month.parse("2026-12"))] == [(29, "2028-03"), (31, "2027-01")]


@given(MONTHS, st.integers(-40, 40), st.integers(0, 80))
def test_days_in_a_month_are_counted_one_by_one(month: Month, offset: int, length: int) -> None:
    """A span may begin before the month and end behind it."""
    starts = month.first + timedelta(days=offset)
    span = {starts + timedelta(days=day) for day in range(length)}

    assert month.days_between(starts, starts + timedelta(days=length)) == sum(Month.of(day) == month for day in span)


def test_a_service_that_ends_before_it_starts_is_refused() -> None:
    """An error in the caller."""
    with pytest.raises(RuleBroken):
        Service(1, "S", Terms(100, Decimal(1), Decimal(1)), date(2026, 11, 2), date(2026, 11, 1))


@pytest.mark.parametrize("wrong", [(-1, Metering.MEASURED), (1, Metering.MISSING)])
def test_usage_that_cannot_be_is_refused(wrong: tuple[int, Metering]) -> None:
    """A missing day has no number."""
    with pytest.raises(RuleBroken):
        UsageDay(date(2026, 11, 14), *wrong)


def test_vat_follows_the_day_of_the_service() -> None:
    """In the second half of 2020 it was 16 %."""
    german = TaxFacts("DE")

    days = (date(2020, 6, 30), date(2020, 12, 31), date(2021, 1, 1))
    assert [tax_rule(german, german, day).percent for day in days] == [19, 16, 19]


def test_a_third_country_is_outside() -> None:
    """A Swiss customer pays no German VAT; a small business names none to anybody."""
    assert tax_rule(TaxFacts("DE"), TaxFacts("CH"), date(2026, 11, 30)).category is TaxCategory.OUTSIDE
    assert tax_rule(TaxFacts("DE", is_small_business=True), TaxFacts("CH"), date(2026, 11, 30)).category is TaxCategory.EXEMPT


@given(st.lists(st.tuples(st.sampled_from([19, 16, 0]), st.integers(-(10**7), 10**7))))
def test_vat_is_worked_out_once_for_each_group(lines: list[tuple[int, int]]) -> None:
    """On the sum, not by line."""
    groups = tax_groups((TaxRule(TaxCategory.STANDARD, percent), cents) for percent, cents in lines)

    for group in groups:
        net = sum(cents for percent, cents in lines if percent == group.rule.percent)
        assert (group.net, group.vat) == (net, cents_by_integers(net * 10_000, group.rule.percent, 100))
    assert len(groups) == len({percent for percent, _ in lines})


@st.composite
def contracts(draw: st.DrawFn) -> tuple[Month, list[Service], list[UsageDay]]:
    """Return a month, services that follow each other in and around it, and its usage."""
    month = draw(MONTHS)
    cuts = sorted(month.first + timedelta(days=day) for day in draw(st.sets(st.integers(-20, 50), min_size=1, max_size=4)))
    ends = [*cuts[1:], draw(st.sampled_from([None, cuts[-1] + timedelta(days=7)]))]
    services = [
        Service(number, f"P{number}", Terms(draw(st.integers(0, 300)), draw(PRICES), draw(PRICES)), starts, end)
        for number, (starts, end) in enumerate(zip(cuts, ends, strict=True))
    ]
    days = [month.first + timedelta(days=day) for day in range(month.days)]
    return month, services, [UsageDay(day, draw(st.integers(0, 400)) * GB) for day in days]


@given(contracts())
def test_a_month_is_billed_as_its_days_say(contract: tuple[Month, list[Service], list[UsageDay]]) -> None:
    """Worked out again day by day in whole numbers; quantities are the same on every edge."""
    month, services, usage = contract

    expected = []
    for one in services:
        served = [day for day in usage if one.holds_on(day.day)]
        beyond = sum(max(0, day.stored_bytes - one.terms.included_gb * GB) for day in served)
        if served:
            expected.append(cents_by_integers(int(one.terms.base.scaleb(6)), len(served), month.days))
        if beyond:
            expected.append(cents_by_integers(int(one.terms.overage.scaleb(6)), beyond, month.days * GB))
    assert sorted(line.cents for line in plan_upstream(services, usage, month, {})) == sorted(expected)


@given(contracts(), st.integers(0, 3))
def test_paying_in_advance_comes_to_the_same_days_in_the_end(
    contract: tuple[Month, list[Service], list[UsageDay]], known_first: int
) -> None:
    """However many of the services were known when the month began."""
    month, services, usage = contract
    known = [Service(one.item, one.package, one.terms, one.starts) for one in services[:1]] if known_first else []
    advance = plan_start(known, month, {})
    billed = {(line.item, line.month): line.quantity for line in advance}

    together: dict[tuple[int, str], Fraction] = {}
    for line in (*advance, *plan_customer(services, usage, month, billed)):
        if line.month == month:
            together[line.item, line.kind] = together.get((line.item, line.kind), Fraction(0)) + line.quantity
    upstream = {(line.item, str(line.kind)): line.quantity for line in plan_upstream(services, usage, month, {})}
    assert {key: quantity for key, quantity in together.items() if quantity} == upstream
