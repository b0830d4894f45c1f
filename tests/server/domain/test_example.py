"""The acceptance example, to the cent, and its variants."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

import pytest

from server.domain.lines import Line, plan_customer, plan_start, plan_upstream
from server.domain.month import Month
from server.domain.tax import TaxCategory, TaxFacts, TaxRule, tax_groups, tax_rule
from tests.server.domain.example import GERMAN, NOVEMBER, services, usage


def totals(lines: Sequence[Line], issuer: TaxFacts = GERMAN, recipient: TaxFacts = GERMAN) -> tuple[int, int, int]:
    """Return net, VAT and gross of an invoice of November."""
    rule = tax_rule(issuer, recipient, date(2026, 11, 30))
    groups = tax_groups((rule, one.cents) for one in lines)
    net, vat = sum(one.net for one in groups), sum(one.vat for one in groups)
    return net, vat, net + vat


def first() -> tuple[Line, ...]:
    """Return the lines of the customer's first invoice, made when nobody knew of a change."""
    return plan_start(services("reseller", change=None), NOVEMBER, {})


def second() -> tuple[Line, ...]:
    """Return those of the second."""
    billed = {(one.item, one.month): one.quantity for one in first()}
    return plan_customer(services("reseller"), usage(), NOVEMBER, billed)


def upstream(seller: str) -> tuple[Line, ...]:
    """Return those of an edge above."""
    return plan_upstream(services(seller), usage(), NOVEMBER, {})


def test_the_first_invoice_goes_from_the_start_of_the_service_to_the_month_s_end() -> None:
    """29 of 30 days, in advance."""
    assert [(one.package, one.quantity, one.cents) for one in first()] == [("S", Fraction(29, 30), 1208)]
    assert totals(first()) == (1208, 230, 1438)


def test_the_second_sets_right_what_the_upgrade_changed() -> None:
    """A credit is a negative quantity; overage of each package; the next month in advance."""
    assert [(one.kind, one.package, str(one.month), one.quantity, one.cents) for one in second()] == [
        ("base", "S", "2026-11", Fraction(-13, 30), -542),
        ("base", "M", "2026-11", Fraction(13, 30), 1062),
        ("overage", "S", "2026-11", Fraction(480, 30), 190),
        ("overage", "M", "2026-11", Fraction(200, 30), 66),
        ("base", "M", "2026-12", Fraction(1), 2450),
    ]
    assert totals(second()) == (3226, 613, 3839)


@pytest.mark.parametrize(
    ("seller", "cents", "expected"),
    [("distributor", [421, 602, 110, 39], (1172, 223, 1395)), ("operator", [315, 423, 78, 26], (842, 160, 1002))],
)
def test_the_edges_above_pay_the_same_days_in_arrears(seller: str, cents: list[int], expected: tuple[int, int, int]) -> None:
    """Half a cent goes up: 4.225 is 4.23. VAT is worked out once, not by line."""
    lines = upstream(seller)

    assert [one.cents for one in lines] == cents
    assert totals(lines) == expected


def test_net_margins_add_up_to_what_the_customer_paid_for_the_month() -> None:
    """19.84 = 8.42 + 3.30 + 8.12."""
    paid = sum(one.cents for one in (*first(), *second()) if one.month == NOVEMBER)
    distributor, operator = (sum(one.cents for one in upstream(seller)) for seller in ("distributor", "operator"))

    assert (paid, operator, distributor - operator, paid - distributor) == (1984, 842, 330, 812)


@pytest.mark.parametrize(
    ("issuer", "recipient", "category"),
    [
        (GERMAN, TaxFacts("AT", vat_id_confirmed=date(2026, 10, 1)), TaxCategory.REVERSE_CHARGE),
        (TaxFacts("DE", is_small_business=True), GERMAN, TaxCategory.EXEMPT),
    ],
)
def test_without_vat_gross_is_net(issuer: TaxFacts, recipient: TaxFacts, category: TaxCategory) -> None:
    """An Austrian customer with a confirmed VAT id; a reseller under § 19 UStG."""
    assert tax_rule(issuer, recipient, date(2026, 11, 30)) == TaxRule(category, 0)
    assert totals(second(), issuer, recipient) == (3226, 0, 3226)


def test_without_a_confirmation_an_austrian_customer_pays_vat() -> None:
    """The syntax of a VAT id proves nothing."""
    assert totals(second(), GERMAN, TaxFacts("AT")) == (3226, 613, 3839)


def test_a_cancelled_invoice_is_billed_again_whole() -> None:
    """Its quantities no longer count as billed."""
    billed = {(1, NOVEMBER): Fraction(29, 30) - Fraction(29, 30)}

    lines = plan_customer(services("reseller", change=None), (), NOVEMBER, billed)
    assert [(one.month, one.cents) for one in lines] == [(NOVEMBER, 1208), (Month(2026, 12), 1250)]
