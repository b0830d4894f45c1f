"""Bank days, mandates and arrears."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.arrears import ArrearsSchedule, ArrearsStep, announcements, deletion_day, step_on
from server.domain.bank_days import bank_days_after, is_bank_day, next_bank_day
from server.domain.errors import RuleBroken
from server.domain.mandate import MandateFacts, MandateState, due_day, last_usable_day, state_on

DAYS = st.dates(date(2024, 1, 1), date(2031, 12, 31))


@pytest.mark.parametrize(
    ("day", "settles"),
    [
        (date(2026, 4, 2), True),
        (date(2026, 4, 3), False),
        (date(2026, 4, 6), False),
        (date(2026, 5, 1), False),
        (date(2026, 5, 14), True),
        (date(2026, 10, 31), False),
        (date(2026, 12, 24), True),
        (date(2026, 12, 25), False),
        (date(2027, 1, 1), False),
    ],
)
def test_payments_are_settled_on_days_of_the_ecb(day: date, settles: bool) -> None:
    """Good Friday, Easter Monday, 1 May, two days of Christmas, New Year; Ascension and Christmas Eve are ordinary days."""
    assert is_bank_day(day) is settles


@given(DAYS, st.integers(0, 12))
def test_bank_days_are_counted_one_by_one(day: date, count: int) -> None:
    """Whatever lies between."""
    later = bank_days_after(day, count)

    between = [day + timedelta(days=passed) for passed in range(1, (later - day).days + 1)]
    assert sum(map(is_bank_day, between)) == count
    assert count == 0 or is_bank_day(later)


def test_the_example_s_first_debit_falls_due_on_monday_the_second() -> None:
    """Announced on 26 October; seven days later, or the Monday after a Saturday."""
    assert [due_day(date(2026, 10, 26), days) for days in (7, 5)] == [date(2026, 11, 2)] * 2


@given(DAYS, st.integers(0, 20))
def test_a_debit_falls_due_when_it_was_announced_long_enough_and_the_bank_can(announced: date, days: int) -> None:
    """Never on the day it is given to the bank."""
    due = due_day(announced, days)

    assert is_bank_day(due)
    assert due >= max(announced + timedelta(days=days), bank_days_after(announced, 1))
    assert due <= max(next_bank_day(announced + timedelta(days=days)), bank_days_after(announced, 1))


@pytest.mark.parametrize(
    ("facts", "last"),
    [
        (MandateFacts(date(2026, 11, 2)), date(2029, 11, 2)),
        (MandateFacts(date(2026, 11, 2), last_used=date(2027, 5, 31)), date(2030, 5, 31)),
        (MandateFacts(date(2024, 2, 29)), date(2027, 2, 28)),
    ],
)
def test_a_mandate_lapses_36_months_after_its_last_use(facts: MandateFacts, last: date) -> None:
    """Or after its signature, when it was never used. 29 February has no anniversary in 2027."""
    assert last_usable_day(facts) == last
    assert state_on(facts, last) is MandateState.ACTIVE
    assert state_on(facts, last + timedelta(days=1)) is MandateState.LAPSED


def test_a_revoked_mandate_cannot_be_used_from_that_day() -> None:
    """But it could before."""
    facts = MandateFacts(date(2026, 1, 1), revoked=date(2026, 6, 1))

    assert [state_on(facts, date(2026, month, 1)) for month in (5, 6)] == [MandateState.ACTIVE, MandateState.REVOKED]


def test_steps_of_arrears_follow_each_other() -> None:
    """A returned debit never kills backups at once."""
    came_back, schedule = date(2026, 11, 9), ArrearsSchedule(reminder=0, orders_blocked=2, backup_paused=30, ended=90)
    days = (-1, 0, 1, 2, 29, 30, 89, 90, 500)

    assert [step_on(came_back, came_back + timedelta(days=passed), schedule) for passed in days] == [
        ArrearsStep.NONE, ArrearsStep.REMINDED, ArrearsStep.REMINDED, ArrearsStep.ORDERS_BLOCKED, ArrearsStep.ORDERS_BLOCKED,
        ArrearsStep.BACKUP_PAUSED, ArrearsStep.BACKUP_PAUSED, ArrearsStep.ENDED, ArrearsStep.ENDED,
    ]  # fmt: skip
    assert step_on(None, came_back, schedule) is ArrearsStep.NONE


def test_a_deletion_is_announced_twice() -> None:
    """And lies at least a month behind the end of the contract."""
    deletion = deletion_day(date(2027, 2, 7), ArrearsSchedule())

    assert deletion == date(2027, 4, 8)
    assert announcements(deletion) == (date(2027, 3, 25), date(2027, 4, 5))


@pytest.mark.parametrize("wrong", [{"kept": 29}, {"backup_paused": 100}, {"reminder": -1}, {"orders_blocked": 31}])
def test_schedules_that_would_harm_are_refused(wrong: dict[str, int]) -> None:
    """Data deleted too early, steps in the wrong order."""
    with pytest.raises(RuleBroken):
        ArrearsSchedule(**wrong)
