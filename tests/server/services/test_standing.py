"""What is overdue blocks orders: with one's seller, and further up; never backups."""

from datetime import date

import pytest

from server.domain.errors import RuleBroken
from server.domain.ledger import EntryKind, ReceivableKind
from server.domain.settlement import Share
from server.models.base import database
from server.models.money import Receivable
from server.models.terms import SellerTerms
from server.services import ledger, standing
from tests.server.family import NOW, Family
from tests.server.services.money import owe

DUE, NEXT = date(2026, 11, 9), date(2026, 11, 10)


def test_overdue_from_the_day_after_it_fell_due_until_it_is_paid(family: Family) -> None:
    """On its day it can still be paid."""
    row = owe(family, "anna", "alpha", 1738, DUE)
    standing.check_may_order(family["anna"], family["alpha"], DUE)
    assert standing.is_in_good_standing(family["anna"], family["alpha"], DUE)
    assert not standing.is_in_good_standing(family["anna"], family["alpha"], NEXT)
    with pytest.raises(RuleBroken):
        standing.check_may_order(family["anna"], family["alpha"], NEXT)
    with database.atomic():
        ledger.pay([Share(str(row.id), 1738)], EntryKind.TRANSFER, booked_on=NEXT, source="b", now=NOW)
    standing.check_may_order(family["anna"], family["alpha"], NEXT)


def test_a_return_counts_from_its_own_day(family: Family) -> None:
    """Whatever the invoice's due day was."""
    row = owe(family, "anna", "alpha", 1438, date(2026, 10, 1))
    Receivable.update(overdue_since=DUE).where(Receivable.id == row.id).execute()
    assert standing.is_in_good_standing(family["anna"], family["alpha"], date(2026, 11, 8))
    assert not standing.is_in_good_standing(family["anna"], family["alpha"], DUE)


def test_what_is_kept_for_a_debtor_stands_against_what_is_oldest(family: Family) -> None:
    """A credit of 10.00 covers the first 8.00 and a part of what falls due later."""
    owe(family, "anna", "alpha", 800, DUE)
    owe(family, "anna", "alpha", 800, date(2026, 12, 1))
    owe(family, "anna", "alpha", -1000, NEXT, kind=ReceivableKind.CREDIT)
    assert standing.overdue_since(family["anna"], family["alpha"]) == date(2026, 12, 2)


@pytest.mark.parametrize(("debtor", "creditor"), [("alpha", "north"), ("north", "operator")])
def test_arrears_above_block_new_orders_but_not_the_customer(family: Family, debtor: str, creditor: str) -> None:
    """The message does not tell a customer what its seller owes."""
    owe(family, debtor, creditor, 1395, DUE)
    assert standing.is_in_good_standing(family["anna"], family["alpha"], NEXT)
    with pytest.raises(RuleBroken) as refused:
        standing.check_may_order(family["anna"], family["alpha"], NEXT)
    assert "Alpha" not in str(refused.value)
    standing.check_may_order(family["greta"], family["gamma"], NEXT) if debtor == "alpha" else None


def test_the_sellers_days_hold(family: Family) -> None:
    """A seller that blocks after ten days blocks nobody before."""
    SellerTerms.create(party=family["alpha"], reminder_days=3, blocked_days=10)
    owe(family, "anna", "alpha", 1738, DUE)
    standing.check_may_order(family["anna"], family["alpha"], date(2026, 11, 19))
    with pytest.raises(RuleBroken):
        standing.check_may_order(family["anna"], family["alpha"], date(2026, 11, 20))
