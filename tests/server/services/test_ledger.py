"""What is open is the sum of the entries, each source counts once, and numbers have no gaps, on both databases."""

import threading
from datetime import date

import pytest
from peewee import IntegrityError, fn

from server.domain.ledger import EntryKind
from server.domain.settlement import Share
from server.models.base import database
from server.models.database import connected
from server.models.money import LedgerEntry, NumberSeries
from server.services import ledger, numbers
from tests.server.family import NOW, Family
from tests.server.services.money import fresh, owe

DAY = date(2026, 11, 2)


def test_open_is_the_sum_of_entries(family: Family) -> None:
    """Paid in part, taken back, paid again."""
    row = owe(family, "anna", "alpha", 1438, DAY)
    with database.atomic():
        ledger.pay([Share(str(row.id), 1000)], EntryKind.DEBIT, booked_on=DAY, source="b1", now=NOW)
        ledger.book(row.id, EntryKind.RETURNED, 1000, booked_on=DAY, source="b2", now=NOW)
        ledger.pay([Share(str(row.id), 438)], EntryKind.TRANSFER, booked_on=DAY, source="b3", now=NOW)
    total = LedgerEntry.select(fn.SUM(LedgerEntry.cents)).where(LedgerEntry.receivable == row.id).scalar()
    assert fresh(row.id).open_cents == total == 1000
    assert [one.id for one in ledger.open_between(family["alpha"], family["anna"])] == [row.id]


def test_a_source_counts_once(family: Family) -> None:
    """The second time nothing changes, neither entry nor sum."""
    row = owe(family, "anna", "alpha", 1438, DAY)
    for _ in range(2):
        try:
            with database.atomic():
                ledger.pay([Share(str(row.id), 1438)], EntryKind.DEBIT, booked_on=DAY, source="b1", now=NOW)
        except IntegrityError:
            pass
    assert fresh(row.id).open_cents == 0
    assert LedgerEntry.select().where(LedgerEntry.receivable == row.id).count() == 2


def test_a_number_that_was_not_used_is_drawn_again(family: Family) -> None:
    """A transaction that fails gives it back; series and issuers count by themselves."""
    with database.atomic():
        assert numbers.draw(family["alpha"], "invoice-2026") == 1
    with pytest.raises(IntegrityError):
        _draw_twice_and_fail(family)
    with database.atomic():
        assert numbers.draw(family["alpha"], "invoice-2026") == 2
        assert numbers.draw(family["alpha"], "invoice-2027") == 1
        assert numbers.draw(family["beta"], "invoice-2026") == 1


def _draw_twice_and_fail(family: Family) -> None:
    with database.atomic():
        assert numbers.draw(family["alpha"], "invoice-2026") == 2
        assert numbers.draw(family["alpha"], "invoice-2026") == 3
        NumberSeries.create(issuer=family["alpha"], series="invoice-2026", last=0)


def test_two_at_once_draw_without_gaps(family: Family) -> None:
    """Each thread draws in transactions of its own."""
    drawn: list[int] = []

    def draw_some() -> None:
        with connected():
            for _ in range(10):
                with database.atomic():
                    drawn.append(numbers.draw(family["alpha"], "invoice-2026"))

    threads = [threading.Thread(target=draw_some) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(drawn) == list(range(1, 21))
    assert NumberSeries.get().last == 20
