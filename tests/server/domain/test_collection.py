"""What is collected when: planned twice, printed, and turned into files."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.addresses import Address
from server.domain.bank_days import bank_days_after, is_bank_day
from server.domain.collection import CollectionPlan, Left, Mandate, Owed, PlannedDebit, plan_announcements, plan_export
from server.domain.debits import Creditor
from server.domain.export import debit_files, items_of
from server.domain.mandate import MandateFacts, Scheme
from server.domain.sentence import complete
from server.domain.settlement import ItemState, Share

TOLD = date(2026, 10, 26)
MONDAY = date(2026, 11, 2)
HOME = Address("Weg", "1", "80331", "München", "DE")
SEVEN_DAYS = Mandate(
    "M-1", Scheme.CORE, MandateFacts(date(2026, 10, 20)), "Meier", "DE02120300000000202051", HOME, prenotification_days=7
)
CREDITOR = Creditor("Systemhaus", "DE89370400440532013000", "DE98ZZZ09999999999", HOME)


def owed(receivable: str, cents: int, due: date = TOLD, debtor: int = 1) -> Owed:
    """Return something that is owed."""
    return Owed(receivable, debtor, cents, due)


def shares(plan: CollectionPlan) -> list[tuple[int, date, list[tuple[str, int]]]]:
    """Return who is debited when, and for what."""
    return [(one.debtor, one.due, [(share.receivable, share.cents) for share in one.shares]) for one in plan.debits]


def reasons(plan: CollectionPlan) -> list[tuple[str, Left]]:
    """Return what is left out, and why."""
    return [(one.receivable, one.why) for one in plan.left]


def test_what_a_debtor_owes_is_one_debit_a_day() -> None:
    """One announcement, one line on the debtor's statement; what falls due later is collected later."""
    later = owed("c", 100, date(2026, 11, 7))
    plan = plan_announcements(
        TOLD, [owed("b", 2000), owed("a", 1438), later, owed("d", 5, debtor=2)], {1: SEVEN_DAYS, 2: SEVEN_DAYS}
    )

    assert shares(plan) == [
        (1, MONDAY, [("a", 1438), ("b", 2000)]), (1, date(2026, 11, 9), [("c", 100)]), (2, MONDAY, [("d", 5)]),
    ]  # fmt: skip
    assert plan.left == ()
    assert complete(*next(plan.sentences()), "en") == "On 2026-11-02: 34.38 euro from 1 by mandate M-1."


def test_credits_come_off_the_oldest() -> None:
    """A cancelled invoice, a payment that was too much."""
    plan = plan_announcements(TOLD, [owed("a", 1000, date(2026, 9, 1)), owed("b", 500), owed("credit", -1200)], {1: SEVEN_DAYS})

    assert shares(plan) == [(1, MONDAY, [("b", 300)])]
    assert reasons(plan) == [("a", Left.CREDIT)]


@pytest.mark.parametrize(
    ("mandate", "one", "why"),
    [
        (None, owed("a", 1), Left.NO_MANDATE),
        (replace(SEVEN_DAYS, facts=MandateFacts(date(2026, 1, 1), revoked=MONDAY)), owed("a", 1), Left.REVOKED),
        (replace(SEVEN_DAYS, facts=MandateFacts(date(2023, 11, 1))), owed("a", 1), Left.LAPSED),
        (replace(SEVEN_DAYS, scheme=Scheme.B2B), owed("a", 1), Left.BANK_UNAWARE),
        (SEVEN_DAYS, replace(owed("a", 1), is_held=True), Left.HELD),
        (SEVEN_DAYS, replace(owed("a", 1), is_under_way=True), Left.UNDER_WAY),
        (SEVEN_DAYS, owed("a", 1, date(2026, 12, 1)), Left.NOT_YET),
    ],
)
def test_what_is_not_collected_says_why(mandate: Mandate | None, one: Owed, why: Left) -> None:
    """State and lapse are those of the due day, not of today. The dry run prints it."""
    plan = plan_announcements(TOLD, [one], {} if mandate is None else {1: mandate})

    assert (shares(plan), reasons(plan)) == ([], [("a", why)])
    assert [complete(template, facts, "en") for template, facts in plan.sentences()] == [f"Not from 1, a: {why.label}"]


def announced(due: date = MONDAY, mandate: Mandate = SEVEN_DAYS, *parts: Share) -> PlannedDebit:
    """Return a debit that was announced."""
    return PlannedDebit(1, mandate, due, parts or (Share("a", 1438), Share("b", 2000)), reference="D-1")


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (date(2026, 10, 28), None),
        (date(2026, 10, 29), MONDAY),
        (date(2026, 10, 30), MONDAY),
        (date(2026, 10, 31), date(2026, 11, 2)),
        (date(2026, 11, 1), date(2026, 11, 2)),
        (MONDAY, date(2026, 11, 3)),
        (date(2026, 11, 6), date(2026, 11, 9)),
    ],
)
def test_a_debit_goes_to_the_bank_two_of_its_days_before(day: date, due: date | None) -> None:
    """On Thursday for Monday. One that was missed is collected as soon as the bank can; much too late, it is told again."""
    plan = plan_export(day, [announced()], {"a": 1438, "b": 2000})

    if due == date(2026, 11, 9):
        assert reasons(plan) == [("", Left.TOO_LATE)]
    else:
        assert [one.due for one in plan.debits] == ([] if due is None else [due])
        assert plan.left == ()


def test_no_more_is_collected_than_is_open_or_was_announced() -> None:
    """What was paid meanwhile is not; what is new waits for its own announcement."""
    some = plan_export(date(2026, 10, 30), [announced()], {"a": 900, "b": 5000})
    none = plan_export(date(2026, 10, 30), [announced()], {})

    assert shares(some) == [(1, MONDAY, [("a", 900), ("b", 2000)])]
    assert (shares(none), reasons(none)) == ([], [("", Left.PAID)])


def test_what_two_debits_announce_is_collected_once() -> None:
    """Whatever led to two."""
    twice = [announced(), replace(announced(), reference="D-2")]

    plan = plan_export(date(2026, 10, 30), twice, {"a": 1438, "b": 2500})

    assert sorted((share.receivable, share.cents) for one in plan.debits for share in one.shares) == [
        ("a", 1438),
        ("b", 500),
        ("b", 2000),
    ]


def test_a_mandate_that_was_revoked_after_the_announcement_is_not_used() -> None:
    """The debtor would have it back anyway."""
    revoked = replace(SEVEN_DAYS, facts=MandateFacts(date(2026, 10, 20), revoked=date(2026, 10, 28)))

    assert reasons(plan_export(date(2026, 10, 30), [announced(MONDAY, revoked)], {"a": 1, "b": 1})) == [("", Left.REVOKED)]


def test_files_are_one_for_each_scheme_with_a_batch_for_each_day() -> None:
    """And what is remembered of them says the same."""
    company = replace(SEVEN_DAYS, scheme=Scheme.B2B, is_known_to_bank=True, reference="M-2")
    debits = [
        replace(announced(date(2026, 11, 3)), reference="D-2", attempt=2),
        announced(),
        replace(announced(MONDAY, company), reference="D-3"),
    ]

    files = debit_files(
        debits,
        CREDITOR,
        {one.end_to_end_id: "Rechnung" for one in debits},
        created=datetime(2026, 10, 30, tzinfo=UTC),
        first_number=8,
    )

    assert [(one.message_id, one.scheme, [batch.payment_id for batch in one.batches]) for one in files] == [
        ("GDP-00000008", Scheme.B2B, ["GDP-00000008-1"]), ("GDP-00000009", Scheme.CORE, ["GDP-00000009-1", "GDP-00000009-2"]),
    ]  # fmt: skip
    items = items_of(files, debits)
    assert [(one.end_to_end_id, one.payment_id, one.due.day) for one in items] == [
        ("D-3-1", "GDP-00000008-1", 2), ("D-1-1", "GDP-00000009-1", 2), ("D-2-2", "GDP-00000009-2", 3),
    ]  # fmt: skip
    assert {one.cents == sum(share.cents for share in one.shares) == 3438 for one in items} == {True}
    assert {one.state for one in items} == {ItemState.EXPORTED}


DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))


@given(
    DAYS,
    st.lists(st.tuples(st.integers(-5000, 5000), st.integers(-60, 40), st.integers(1, 3), st.booleans()), max_size=12),
    st.integers(0, 14),
)
def test_nothing_is_collected_twice_early_or_for_more_than_is_owed(
    day: date, rows: list[tuple[int, int, int, bool]], notice: int
) -> None:
    """Everything positive is either in a debit or left out, or its credit has eaten it; nobody pays more than the balance."""
    mandate = replace(SEVEN_DAYS, facts=MandateFacts(day), prenotification_days=notice)
    all_owed = [
        Owed(f"r{number}", debtor, cents, day + timedelta(days=offset), is_held=held)
        for number, (cents, offset, debtor, held) in enumerate(rows)
    ]
    plan = plan_announcements(day, all_owed, dict.fromkeys((1, 2, 3), mandate))

    by_name = {one.receivable: one for one in all_owed}
    collected = [share for one in plan.debits for share in one.shares]
    assert len({one.receivable for one in collected}) == len(collected)
    assert {one.receivable for one in collected} | {one.receivable for one in plan.left} == {
        one.receivable for one in all_owed if one.cents > 0
    }
    assert {one.receivable for one in collected}.isdisjoint(one.receivable for one in plan.left)
    for one in plan.debits:
        assert is_bank_day(one.due)
        assert one.due >= max(day + timedelta(days=notice), bank_days_after(day, 1))
        assert all(
            share.cents <= by_name[share.receivable].cents and by_name[share.receivable].due <= one.due for share in one.shares
        )
    covered = {one.receivable for one in plan.left if one.why is Left.CREDIT} | {one.receivable for one in collected}
    for debtor in (1, 2, 3):
        wanted = sum(by_name[one].cents for one in covered if by_name[one].debtor == debtor)
        credit = -sum(one.cents for one in all_owed if one.debtor == debtor and one.cents < 0)
        assert sum(one.cents for one in plan.debits if one.debtor == debtor) == max(0, wanted - credit)
