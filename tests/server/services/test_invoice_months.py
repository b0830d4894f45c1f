"""Random months through the services and the database, worked out a second time from raw usage; and documents kept exactly."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.domain.month import Month
from server.domain.usage import Metering
from server.models.base import database
from server.models.contract import Contract, UsageRow
from server.services.invoice_body import decode, encode
from tests.server.documents.recompute import RawItem, invoice_cents, vat_cents
from tests.server.domain.example import PRICES
from tests.server.family import Family
from tests.server.services.invoice_world import ORDERED, InvoiceWorld, cents

EDGES = (("reseller", "alpha", "anna"), ("distributor", "north", "alpha"), ("operator", "operator", "north"))


@st.composite
def months(draw: st.DrawFn) -> tuple[Month, int, int | None, dict[int, int]]:
    """Draw a month, the day of its start, of an upgrade, and bytes by day; days that are not there were not measured."""
    month = Month(draw(st.sampled_from([2026, 2027, 2028])), draw(st.integers(1, 12)))
    starts = draw(st.integers(1, month.days))
    change = draw(st.none() | st.integers(starts + 1, month.days)) if starts < month.days else None
    stored = draw(st.dictionaries(st.integers(starts, month.days), st.integers(0, 10**12), max_size=31))
    return month, starts, change, stored


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # once: databases differ elsewhere
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(months())
def test_random_months_on_three_tiers(family: Family, drawn: tuple[Month, int, int | None, dict[int, int]]) -> None:
    month, first, change, stored = drawn
    with database.atomic() as transaction:
        world = InvoiceWorld(family)
        starts = month.first + timedelta(days=first - 1)
        world.contract(starts=starts)
        if change is not None:
            world.upgrade(on=month.first + timedelta(days=change - 1))
        by_day = {month.first + timedelta(days=day - 1): size for day, size in stored.items()}
        for day, size in by_day.items():
            UsageRow.create(
                contract=Contract.get(), day=day, stored_bytes=size, metering=Metering.MEASURED, recorded_at=ORDERED
            )  # fmt: skip
        world.run(month, today=month.end)
        for tier, issuer, recipient in EDGES:
            row = world.document(issuer, recipient, str(month))
            wanted = invoice_cents(
                _raw(tier, starts, month, change), month.year, month.number, by_day, {}, in_advance=tier == "reseller"
            )
            assert cents(row) == wanted, tier
            assert (row.net, row.vat) == (sum(wanted), vat_cents(sum(wanted), 19)), tier
            document = decode(row.body)
            assert decode(encode(document)) == document
            assert (document.net, document.gross) == (row.net, row.gross)
        transaction.rollback()


def _raw(tier: str, starts: date, month: Month, change: int | None) -> list[RawItem]:
    """Return what is delivered, in whole numbers."""
    upgraded = None if change is None else month.first + timedelta(days=change - 1)
    spans = [(starts, upgraded)] if upgraded is None else [(starts, upgraded), (upgraded, None)]
    prices = [tuple(round(float(price) * 1_000_000) for price in pair) for pair in PRICES[tier]]
    return [RawItem(begins, ends, size, *price) for (begins, ends), size, price in zip(spans, (100, 250), prices, strict=False)]
