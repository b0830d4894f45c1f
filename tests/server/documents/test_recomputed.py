"""Every figure of an issued XML and PDF, against a second and independent implementation, over random months.

The rules of EN 16931 tolerate a euro; customers do not.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from server.documents.invoice import invoice_pdf
from server.documents.invoice_xml import zugferd_xml
from server.domain.invoice import Invoice, InvoiceKind, UsageTable, cancellation, invoice_line
from server.domain.lines import Billed, Line, plan_customer, plan_start, plan_upstream
from server.domain.month import Month
from server.domain.service import Service, Terms
from server.domain.tax import TaxCategory, TaxRule
from server.domain.usage import Metering, UsageDay
from server.language import speaking
from tests.server.documents import paper_example
from tests.server.documents.read_back import ReadInvoice, amount_after, pages_of, read_xml, xml_in
from tests.server.documents.recompute import RawItem, base_cents, days_of, invoice_cents, nearest, served, vat_cents

MICRO = 1_000_000
RULES = [TaxRule(TaxCategory.STANDARD, 19), TaxRule(TaxCategory.STANDARD, 16), TaxRule(TaxCategory.REVERSE_CHARGE, 0)]
PRICES = st.integers(0, 99 * MICRO) | st.integers(0, 9999).map(lambda cents: cents * 10_000)


@dataclass(frozen=True, slots=True)
class Story:
    """A customer's month: begun late, changed, ended, and what was stored."""

    month: Month
    planned: date
    """from when the first invoice was made out"""
    items: tuple[RawItem, ...]
    stored: dict[date, int]
    rule: TaxRule


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Return a random month."""
    month = Month(draw(st.integers(2021, 2040)), draw(st.integers(1, 12)))
    days = list(days_of(month.year, month.number))
    planned, began, changed, ended = sorted(draw(st.lists(st.sampled_from(days), min_size=4, max_size=4)))
    last = draw(st.none() | st.just(ended) | st.just(month.end) | st.just(month.end + timedelta(days=11)))
    first = _item(draw, began, draw(st.just(changed) | st.just(last)))
    items = (first,) if first.ends != changed else (first, _item(draw, changed, last))
    sizes = st.integers(0, 3 * 10**12) | st.integers(0, 3000).map(lambda gigabytes: gigabytes * 10**9)
    measured = draw(st.lists(st.none() | sizes, min_size=len(days), max_size=len(days)))
    stored = {day: size for day, size in zip(days, measured, strict=True) if size is not None}
    return Story(month, planned, items, stored, draw(st.sampled_from(RULES)))


def _item(draw: st.DrawFn, starts: date, ends: date | None) -> RawItem:
    return RawItem(starts, ends, draw(st.integers(0, 2000)), draw(PRICES), draw(PRICES))


def delivered(items: tuple[RawItem, ...]) -> tuple[Service, ...]:
    """Return raw items as the server knows them."""
    return tuple(
        Service(
            place,
            "SM"[place],
            Terms(one.included_gb, Decimal(one.base_micro).scaleb(-6), Decimal(one.overage_micro).scaleb(-6)),
            one.starts,
            one.ends,
        )
        for place, one in enumerate(items)
    )


def metered(story: Story) -> tuple[UsageDay, ...]:
    """Return the usage as the server knows it."""
    return tuple(
        UsageDay(day, story.stored[day]) if day in story.stored else UsageDay(day, 0, Metering.MISSING)
        for day in days_of(story.month.year, story.month.number)
    )


def invoice(story: Story, planned: tuple[Line, ...], services: tuple[Service, ...]) -> Invoice:
    """Return the invoice of some lines."""
    assume(planned)
    return Invoice(
        kind=InvoiceKind.INVOICE,
        number="R-1",
        issued=story.month.end,
        seller=paper_example.RESELLER,
        buyer=paper_example.CUSTOMER,
        lines=tuple(invoice_line(one, services, story.rule, paper_example.NAMES[one.package]) for one in planned),
        payment=paper_example.second_invoice().payment,
        usage=(UsageTable("", story.month, metered(story), services),),
    )


def customers_invoice(story: Story) -> tuple[Invoice, list[int]]:
    """Return what the customer gets when the month is over, and its lines as they are worked out a second time."""
    services = delivered(story.items)
    at_first = plan_start(delivered((replace(story.items[0], starts=story.planned, ends=None),)), story.month, {})
    billed: Billed = {(one.item, one.month): one.quantity for one in at_first}
    lines = plan_customer(services, metered(story), story.month, billed)
    paid = {0: (story.month.end - story.planned).days}
    year, number = story.month.year, story.month.number
    return invoice(story, lines, services), invoice_cents(list(story.items), year, number, story.stored, paid, in_advance=True)


def check(read: ReadInvoice, lines: list[int], rule: TaxRule) -> None:
    """Assert that an XML has the lines and the sums that were worked out a second time, and is true in itself."""
    net = sum(lines)
    vat = vat_cents(net, rule.percent)

    assert [one.total for one in read.lines] == [Decimal(one).scaleb(-2) for one in lines]
    assert read.sums == tuple(Decimal(one).scaleb(-2) for one in (net, net, vat, net + vat, net + vat))
    assert read.groups == ((str(rule.category), Decimal(rule.percent), Decimal(net).scaleb(-2), Decimal(vat).scaleb(-2)),)
    for one in read.lines:
        exact = Fraction(one.exact) * 100
        assert nearest(exact.numerator, exact.denominator) == one.total * 100
        assert one.price >= 0


def beyond_bytes(story: Story) -> int:
    """Return what was stored beyond what was included, in byte-days."""
    days = list(days_of(story.month.year, story.month.number))
    return sum(
        max(0, story.stored.get(day, 0) - item.included_gb * 10**9) for item in story.items for day in days if served(item, day)
    )


def check_all_tiers(story: Story) -> None:
    """Assert the customer's invoice, an edge above, and the cancellation."""
    year, number = story.month.year, story.month.number
    customers, lines = customers_invoice(story)
    read = read_xml(zugferd_xml(customers))
    check(read, lines, story.rule)
    assert sum(one.quantity * 10**9 for one in read.lines if one.unit == "C62") == beyond_bytes(story), "no byte is rounded away"
    taken_back = cancellation(customers, number="R-2", issued=story.month.end)
    check(read_xml(zugferd_xml(taken_back)), [-one for one in lines], story.rule)

    services = delivered(story.items)
    above = plan_upstream(services, metered(story), story.month, {})
    if above:
        expected = invoice_cents(list(story.items), year, number, story.stored, {}, in_advance=False)
        check(read_xml(zugferd_xml(invoice(story, above, services))), expected, story.rule)


@given(stories())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
def test_every_xml_has_the_cents_that_raw_usage_comes_to(story: Story) -> None:
    """The customer's invoice, its cancellation, and the edge above."""
    check_all_tiers(story)


@pytest.mark.slow
@given(stories())
@settings(max_examples=1200, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
def test_so_it_is_over_thousands_of_months(story: Story) -> None:
    """Thousands of invoices."""
    check_all_tiers(story)


@given(stories())
@settings(max_examples=200, deadline=None)
def test_the_first_invoice_is_right_as_well(story: Story) -> None:
    """In advance, from the planned start to the month's end."""
    item = replace(story.items[0], starts=story.planned, ends=None)
    services = delivered((item,))
    planned = plan_start(services, story.month, {})
    expected = base_cents(item, story.month.year, story.month.number, 0)

    assert expected is not None
    check(read_xml(zugferd_xml(invoice(story, planned, services))), [expected], story.rule)


@given(stories(), st.sampled_from(["de", "en"]))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
def test_every_pdf_shows_the_same_cents_and_every_day(story: Story, language: str) -> None:
    """What people read is what programs read."""
    issued, lines = customers_invoice(story)
    with speaking(language):
        written = invoice_pdf(issued)
    pages = " ".join(pages_of(written))
    net = sum(lines)
    gross = net + vat_cents(net, story.rule.percent)
    before = {"de": ("Nettobetrag", "Betrag zu Ihren Gunsten" if gross < 0 else "Zu zahlender Betrag"),
              "en": ("Net ", "Amount in your favour" if gross < 0 else "Amount to pay")}[language]  # fmt: skip

    check(read_xml(xml_in(written)), lines, story.rule)
    assert amount_after(pages, before[0]) == net
    assert amount_after(pages, before[1]) == gross
    assert _gb_days_on(pages, language) == beyond_bytes(story)


def _gb_days_on(pages: str, language: str) -> int:
    """Return the sums beneath the daily table, in byte-days."""
    words = {"de": ("zusammen ", " GB-Tage."), "en": (" GB): ", " GB-days in all.")}[language]
    found = [part.rpartition(words[0])[2] for part in pages.split(words[1])[:-1]]
    plain = [one.replace(".", "").replace(",", ".") if language == "de" else one.replace(",", "") for one in found]
    return int(sum(Decimal(one) for one in plain) * 10**9)
