"""What a bank's answers lead to, from the exported bytes to what is open."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.domain.errors import RuleBroken
from server.domain.matching import (
    Advice,
    Charged,
    Decision,
    Match,
    NotOurs,
    Paid,
    Repeated,
    Returned,
    Unmatched,
    Waiting,
    Why,
    advice,
    assign,
    match_entries,
    take_for_return,
)
from server.domain.settlement import ItemState, Known, Open, Share
from server.domain.statement import Statement
from server.gateways.bank.inbox import read_bank_file
from server.gateways.bank.pain008 import write_pain008
from tests.server.gateways.bank.messages import Told
from tests.server.gateways.bank.office import Office, invoice, item
from tests.server.gateways.bank.samples import CREDITOR_IBAN, DEBTOR_IBANS, MONDAY, debit, file_of
from tests.server.gateways.bank.simulator import Bank

NEXT = MONDAY + timedelta(days=7)
AMOUNTS = (1438, 2000, 500)


def opened(amounts: tuple[int, ...] = AMOUNTS) -> tuple[Bank, Office]:
    """Return a bank that was given a file of debits, and the office that made it. Debtor n is debited by debit n."""
    bank, office = Bank(), Office(CREDITOR_IBAN)
    ibans = [DEBTOR_IBANS[number % len(DEBTOR_IBANS)] for number in range(len(amounts))]
    numbered = list(enumerate(zip(amounts, ibans, strict=True), start=1))
    bank.take(write_pain008(file_of(*(debit(number, cents, iban=iban) for number, (cents, iban) in numbered))))
    items = [item(number, cents, iban, due=MONDAY) for number, (cents, iban) in numbered]
    office.remember(*items, invoices=[invoice(number, cents, due=MONDAY) for number, (cents, _) in numbered])
    return bank, office


def states(office: Office) -> list[ItemState]:
    """Return where each debit stands."""
    return [one.state for one in office.items.values()]


def reasons(decisions: list[Decision]) -> list[Why]:
    """Return why something is not matched."""
    return [one.why for one in decisions if isinstance(one, Unmatched)]


@pytest.mark.parametrize(
    ("told", "by"),
    [(Told.SUM, Match.BATCH), (Told.BARE_SUM, Match.BATCH_SUM), (Told.DETAILS, Match.END_TO_END_ID)],
)
def test_however_a_batch_is_told_all_are_paid(told: Told, by: Match) -> None:
    """As one sum with its id, as a sum without any name, or payment by payment."""
    bank, office = opened()
    bank.settle(MONDAY, told)

    decided = office.read(bank.statement(MONDAY))

    assert [(one.by, one.cents, one.excess) for one in decided if isinstance(one, Paid)] == [(by, cents, 0) for cents in AMOUNTS]
    assert states(office) == [ItemState.PAID] * 3
    assert [office.owes(number) for number in (1, 2, 3)] == [0, 0, 0]


def test_a_payment_that_lost_its_name_is_known_by_its_mandate() -> None:
    """Where one debit by it waits for just this amount."""
    bank, office = opened((1438,))
    bank.settle(MONDAY, Told.DETAILS)
    told = (
        bank.statement(MONDAY)
        .replace(b"R-000001-1", b"NOTPROVIDED")
        .replace(b"R-2026-0001", b"?")
        .replace(b"<Btch>", b"<Btch><!--")
    )
    told = told.replace(b"</Btch>", b"--></Btch>")

    (paid,) = office.read(told)

    assert isinstance(paid, Paid)
    assert (paid.by, states(office)) == (Match.MANDATE, [ItemState.PAID])


def test_a_sum_less_the_rejected_waits_for_the_report() -> None:
    """Which debits are missing, only the report says; then nobody need look at it."""
    bank, office = opened()
    bank.reject("R-000002-1")
    bank.settle(MONDAY, Told.SUM, net=True)

    assert reasons(office.read(bank.statement(MONDAY))) == [Why.BATCH_DIFFERS] * 2  # as it came, and once more from the queue
    assert states(office) == [ItemState.EXPORTED] * 3

    for report in bank.report(MONDAY):
        office.read(report)
    assert states(office) == [ItemState.PAID, ItemState.REJECTED, ItemState.PAID]
    assert (office.queue, office.owes(2)) == ({}, 2000)


def test_a_whole_sum_with_the_rejected_taken_back_leaves_these_open() -> None:
    """Whether the report came before, after or not at all."""
    for before, after in ((1, 0), (0, 1), (0, 0)):
        bank, office = opened()
        bank.reject("R-000002-1")
        bank.settle(MONDAY, Told.SUM, net=False)

        for file in bank.report(MONDAY) * before + [bank.statement(MONDAY)] + bank.report(MONDAY) * after:
            office.read(file)

        assert states(office) == [ItemState.PAID, ItemState.RETURNED, ItemState.PAID]
        assert (office.queue, office.owes(2), office.claims[2]) == ({}, 2000, 0)


@pytest.mark.parametrize("apart", [False, True])
def test_a_return_opens_what_was_paid_and_claims_the_charge(apart: bool) -> None:
    """In one booking or in two."""
    bank, office = opened()
    bank.settle(MONDAY)
    bank.send_back("R-000003-1", NEXT, charge=700, apart=apart)
    office.read(bank.statement(MONDAY))

    decided = office.read(bank.statement(NEXT))

    kinds: list[type[Decision]] = [Returned, Charged] if apart else [Returned]
    assert [type(one) for one in decided] == kinds
    assert (office.open_cents("R-000003"), office.claims[3], office.owes(3)) == (500, 700, 1200)
    assert office.cash == 1438 + 2000 - 700


def test_several_returns_in_one_booking_are_told_apart() -> None:
    """Each with its own charge, which the bank writes beside the amounts and not into them."""
    bank, office = opened()
    bank.settle(MONDAY)
    bank.send_back_together(["R-000001-1", "R-000003-1"], NEXT)
    office.read(bank.statement(MONDAY))

    decided = office.read(bank.statement(NEXT))

    assert [(one.end_to_end_id, one.cents, one.charge) for one in decided if isinstance(one, Returned)] == [
        ("R-000001-1", 1438, 300),
        ("R-000003-1", 500, 300),
    ]
    assert (office.owes(1), office.owes(2), office.owes(3)) == (1738, 0, 800)


def test_a_return_that_was_a_mistake_is_undone() -> None:
    """What it had opened is paid again; the charge stays until the bank gives it back. Only a reversal does so."""
    bank, office = opened()
    bank.settle(MONDAY)
    bank.send_back("R-000001-1", MONDAY)
    bank.undo_return("R-000001-1", NEXT)
    office.read(bank.statement(MONDAY))
    told = bank.statement(NEXT)

    plain = office.read(told.replace(b"<RvslInd>true</RvslInd>", b""))
    assert set(reasons(plain)) == {Why.RETURNED_BEFORE}
    office.queue.clear()
    office.read(told)

    assert (states(office)[0], office.open_cents("R-000001"), office.owes(1)) == (ItemState.PAID, 0, 300)


def test_a_return_may_come_before_the_payment_it_takes_back() -> None:
    """Files arrive in any order; it waits in the queue."""
    bank, office = opened()
    bank.settle(MONDAY)
    bank.send_back("R-000001-1", NEXT)

    assert set(reasons(office.read(bank.statement(NEXT)))) == {Why.NOT_PAID_YET}
    office.read(bank.statement(MONDAY))

    assert (states(office)[0], office.owes(1), office.queue) == (ItemState.RETURNED, 1738, {})


def test_a_return_that_names_nothing_is_found_by_mandate_or_account() -> None:
    """With just its amount; the charge is told apart by what the bank says it is."""
    for name in (b"<EndToEndId>R-000001-1</EndToEndId>", b"<EndToEndId>R-000001-1</EndToEndId><MndtId>M-000001</MndtId>"):
        bank, office = opened()
        bank.settle(MONDAY)
        bank.send_back("R-000001-1", NEXT)
        office.read(bank.statement(MONDAY))
        told = bank.statement(NEXT)
        assert name in told

        (returned,) = office.read(told.replace(name, b"" if b"MndtId" in name else b"<EndToEndId>NOTPROVIDED</EndToEndId>"))

        assert isinstance(returned, Returned)
        assert (returned.cents, returned.charge, returned.by) == (
            1438,
            300,
            Match.ACCOUNT if b"MndtId" in name else Match.MANDATE,
        )


def test_a_notice_tells_what_the_statement_keeps_to_itself() -> None:
    """Before the statement or after it; alone it books nothing."""
    for first in (True, False):
        bank, office = opened()
        bank.reject("R-000002-1")
        bank.settle(MONDAY, Told.SUM, net=True)
        files = [bank.notice(MONDAY), bank.statement(MONDAY)]
        office.read(files[0 if first else 1])
        assert office.cash == 0

        office.read(files[1 if first else 0])

        assert states(office) == [ItemState.PAID, ItemState.EXPORTED, ItemState.PAID]
        assert office.queue == {}


def test_what_is_told_again_changes_nothing() -> None:
    """The same file, a copy, a notice of the same day, in any order."""
    bank, office = opened()
    bank.settle(MONDAY)
    bank.send_back("R-000001-1", MONDAY, apart=True)
    bank.transfer(MONDAY, 100, "Meier", DEBTOR_IBANS[3], "unbekannt")
    office.read(bank.statement(MONDAY))
    before = (office.cash, office.claims.copy(), office.allocated.copy(), dict(office.unmatched), states(office))

    for again in (bank.statement(MONDAY), bank.statement(MONDAY, copy=True), bank.notice(MONDAY), bank.statement(MONDAY)):
        assert {type(one) for one in office.read(again)} <= {Repeated, Unmatched}

    assert (office.cash, office.claims, office.allocated, office.unmatched, states(office)) == before


def test_what_is_pending_is_decided_once_it_is_booked() -> None:
    """It has the same key then."""
    bank, office = opened()
    bank.settle(MONDAY)
    pending = bank.statement(MONDAY).replace(b"<Cd>BOOK</Cd>", b"<Cd>PDNG</Cd>").replace(b">CLBD<", b">CLAV<")

    assert [type(one) for one in office.read(pending)] == [Waiting]
    office.read(bank.statement(MONDAY))

    assert states(office) == [ItemState.PAID] * 3


def transferred(cents: int, text: str, iban: str = DEBTOR_IBANS[3], *invoices: Open) -> tuple[Office, Decision]:
    """Return the office after a transfer, with two invoices of debtor 7 (10.00 and 25.00) and one of debtor 8 (10.00)."""
    office, bank = Office(CREDITOR_IBAN), Bank(CREDITOR_IBAN)
    theirs = [
        Open("a", 7, "R-2026-0007", 1000, date(2026, 10, 1)),
        Open("b", 7, "R-2026-0017", 2500, date(2026, 11, 1)),
        Open("c", 8, "R-2026-0170", 1000, date(2026, 9, 1)),
    ]
    office.remember(invoices=[*theirs, *invoices])
    office.accounts = {DEBTOR_IBANS[0]: frozenset({7}), DEBTOR_IBANS[1]: frozenset({7, 8})}
    bank.transfer(NEXT, cents, "Jemand", iban, text)
    return office, office.read(bank.statement(NEXT))[0]


@pytest.mark.parametrize(
    ("cents", "text", "left"),
    [
        (2500, "Rechnung R-2026-0017 danke", [1000, 0, 1000]),
        (900, "RNr. R 2026/0017", [1000, 1600, 1000]),
        (2600, "r-2026-\n0017", [900, 0, 1000]),
        (3500, "R-2026-0007, R-2026-0017", [0, 0, 1000]),
        (1000, "R20260170", [1000, 2500, 0]),
    ],
)
def test_a_transfer_that_names_an_invoice_pays_it_whole_in_part_or_more(cents: int, text: str, left: list[int]) -> None:
    """However the number is written; what is too much goes to the debtor's oldest."""
    office, decision = transferred(cents, text)

    assert isinstance(decision, Paid)
    assert decision.by is Match.NUMBER
    assert [office.open_cents(one) for one in "abc"] == left


def test_what_nothing_is_open_for_is_kept_for_the_debtor() -> None:
    """To be refunded or carried over: a person's decision."""
    office, decision = transferred(4000, "R-2026-0017")

    assert isinstance(decision, Paid)
    assert (decision.excess, office.credit[7], office.owes(7)) == (500, 500, -500)


@pytest.mark.parametrize(("cents", "left"), [(1000, [0, 2500]), (2500, [1000, 0]), (3500, [0, 0])])
def test_a_known_account_with_a_fitting_amount_pays(cents: int, left: list[int]) -> None:
    """One receivable, or all of them; nothing else would be more than a guess."""
    office, decision = transferred(cents, "danke", DEBTOR_IBANS[0])

    assert isinstance(decision, Paid)
    assert decision.by is Match.ACCOUNT
    assert [office.open_cents(one) for one in "ab"] == left


@pytest.mark.parametrize(
    ("cents", "text", "iban", "why", "suggested"),
    [
        (900, "danke", DEBTOR_IBANS[0], Why.UNKNOWN, ["a", "b"]),
        (1000, "danke", DEBTOR_IBANS[1], Why.SEVERAL_DEBTORS, ["a", "b", "c"]),
        (1000, "danke", DEBTOR_IBANS[3], Why.UNKNOWN, ["a", "c"]),
        (2000, "R-2026-0007 und R-2026-0170", DEBTOR_IBANS[3], Why.SEVERAL_DEBTORS, ["a", "c"]),
        (1234, "R-2026-00170 17 0017", DEBTOR_IBANS[3], Why.UNKNOWN, []),
    ],
)
def test_what_is_not_sure_is_left_to_a_person_with_suggestions(
    cents: int, text: str, iban: str, why: Why, suggested: list[str]
) -> None:
    """By number, account and amount, the likeliest first. Numbers are not found in longer ones."""
    office, decision = transferred(cents, text, iban)

    assert isinstance(decision, Unmatched)
    assert (decision.why, [one.receivable for one in decision.suggestions]) == (why, suggested)
    assert office.cash == 0


def test_what_a_person_decides_is_checked() -> None:
    """No more than came or is open; what is left is kept for the debtor."""
    _, decision = transferred(1300, "danke")
    assert isinstance(decision, Unmatched)
    theirs = [Open("a", 7, "", 1000, MONDAY), Open("c", 8, "", 1000, MONDAY)]

    paid = assign(decision, 7, [Share("a", 1000)], theirs)
    assert (paid.key, paid.cents, paid.excess, paid.by) == (decision.key, 1300, 300, Match.HAND)
    assert assign(decision, 7, [], theirs).excess == 1300
    for shares in ([Share("a", 1001)], [Share("a", 600), Share("a", 600)], [Share("c", 1)], [Share("a", 0)], [Share("x", 5)]):
        with pytest.raises(RuleBroken):
            assign(decision, 7, shares, theirs)
    with pytest.raises(RuleBroken):
        assign(replace(decision, signed_cents=900), 7, [Share("a", 1000)], theirs)
    with pytest.raises(RuleBroken):
        assign(replace(decision, signed_cents=-1300), 7, [], theirs)


def test_a_person_can_say_which_debit_came_back() -> None:
    """Its charge is what left beyond it; a debit that is not paid, or is more, is refused."""
    left = Unmatched("key", -1738, Why.RETURN_UNKNOWN)
    paid = replace(item(1, 1438, DEBTOR_IBANS[0], due=MONDAY), state=ItemState.PAID, settled=(Share("R-000001", 1000),))

    returned = take_for_return(left, paid, "MD06")
    assert (returned.cents, returned.charge, returned.shares, returned.excess) == (1438, 300, (Share("R-000001", 1000),), 438)
    for wrong in (replace(paid, state=ItemState.RETURNED), replace(paid, cents=1739)):
        with pytest.raises(RuleBroken):
            take_for_return(left, wrong)


def test_money_for_other_things_is_not_our_business() -> None:
    """Rent, wages, the bank's monthly fee."""
    _, decision = transferred(-5000, "Miete R-2026-0017", DEBTOR_IBANS[0])

    assert isinstance(decision, NotOurs)


def test_a_return_of_nothing_known_is_shown() -> None:
    """It may be a debit that another program made from this account."""
    bank, office = opened()
    bank.settle(MONDAY)
    bank.send_back("R-000001-1", NEXT)
    foreign = Office(CREDITOR_IBAN)

    assert set(reasons(foreign.read(bank.statement(NEXT)))) == {Why.RETURN_UNKNOWN}
    assert set(reasons(foreign.read(bank.statement(MONDAY)))) == {Why.RETURN_UNKNOWN, Why.BATCH_UNKNOWN}
    assert states(office) == [ItemState.EXPORTED] * 3


@pytest.mark.parametrize("cents", [1438, 400])
def test_who_paid_while_a_debit_was_under_way_has_it_kept(cents: int) -> None:
    """Whole or in part. The debit is booked all the same; its return takes back what was kept, not the transfer."""
    bank, office = opened()
    bank.transfer(MONDAY, cents, "Groß", DEBTOR_IBANS[3], "R-2026-0001")
    bank.settle(MONDAY)
    bank.send_back("R-000001-1", NEXT, "MD06", charge=0)

    office.read(bank.statement(MONDAY))
    assert (office.open_cents("R-000001"), office.credit[1]) == (0, cents)
    office.read(bank.statement(NEXT))

    assert (office.open_cents("R-000001"), office.credit[1], office.owes(1)) == (1438 - cents, 0, 1438 - cents)


def test_too_much_does_not_go_to_what_a_debit_is_under_way_for() -> None:
    """It would be paid twice within days; so it is kept."""
    bank, office = opened((1438,))
    office.remember(invoices=[Open("x", 1, "R-2026-0009", 1000, MONDAY)])
    bank.transfer(MONDAY, 1500, "Groß", DEBTOR_IBANS[0], "R-2026-0009")

    office.read(bank.statement(MONDAY))

    assert (office.open_cents("x"), office.open_cents("R-000001"), office.credit[1]) == (0, 1438, 500)


def test_amounts_that_do_not_fit_are_not_forced() -> None:
    """A debit is paid whole or not; a sum of details that is not the booking's is nobody's."""
    bank, office = opened()
    bank.settle(MONDAY, Told.DETAILS)
    told = bank.statement(MONDAY)

    wrong = told.replace(b'<Amt Ccy="EUR">5.00</Amt>', b'<Amt Ccy="EUR">6.00</Amt>', 1)
    assert wrong != told
    office.read(wrong)

    assert states(office) == [ItemState.PAID] * 3  # the batch's id and sum are right all the same
    bank, office = opened((1438,))
    bank.settle(MONDAY, Told.DETAILS)
    assert set(reasons(office.read(bank.statement(MONDAY).replace(b"14.38", b"14.37").replace(b"1014.38", b"1014.37")))) == {
        Why.AMOUNT_DIFFERS
    }


def test_a_payment_that_is_not_what_the_booking_says_is_nobody_s() -> None:
    """Whoever it names."""
    bank, office = Bank(CREDITOR_IBAN), Office(CREDITOR_IBAN)
    office.remember(invoices=[invoice(1, 500, due=MONDAY)])
    bank.transfer(MONDAY, 500, "Groß", DEBTOR_IBANS[0], "R-2026-0001")
    told = bank.statement(MONDAY)
    inner = b'</Refs><Amt Ccy="EUR">5.00</Amt>'
    assert inner in told

    assert set(reasons(office.read(told.replace(inner, inner.replace(b"5.00", b"6.00"))))) == {Why.DETAILS_DIFFER}
    assert office.cash == 0


def test_two_batches_of_one_sum_without_a_name_are_not_told_apart() -> None:
    """A guess would activate the wrong customer."""
    bank, office = opened((1000,))
    bank.take(write_pain008(file_of(debit(2, 1000), number=2)))
    office.remember(item(2, 1000, DEBTOR_IBANS[0], due=MONDAY, file=2), invoices=[invoice(2, 1000, due=MONDAY)])
    bank.settle(MONDAY, Told.BARE_SUM)

    assert set(reasons(office.read(bank.statement(MONDAY)))) == {Why.SEVERAL_BATCHES}
    office.read(bank.notice(MONDAY))

    assert states(office) == [ItemState.PAID] * 2


@pytest.mark.parametrize(
    ("code", "what"),
    [("MS03", Advice.RETRY), ("AM04", Advice.RETRY), ("", Advice.RETRY), ("AC04", Advice.NEW_MANDATE),
     ("MD01", Advice.NEW_MANDATE), ("MD06", Advice.STOP), ("MS02", Advice.STOP)],
)  # fmt: skip
def test_a_code_says_what_is_worth_trying(code: str, what: Advice) -> None:
    """Not why: banks write MS03 for most things."""
    assert advice(code) is what


@pytest.mark.parametrize("day", [date(2026, 10, 30), date(2026, 11, 10)])
def test_a_sum_without_a_name_is_of_a_batch_that_fell_due_within_the_week(day: date) -> None:
    """Not of one that is due later, nor of one that should long be booked."""
    bank, office = opened()
    bank.settle(MONDAY, Told.BARE_SUM)
    bank.bookings[0] = replace(bank.bookings[0], day=day)

    assert set(reasons(office.read(bank.statement(day)))) == {Why.BATCH_UNKNOWN}


def test_a_booking_that_is_known_in_part_waits_for_the_rest_only() -> None:
    """Told again, even as a mere sum, the known part stays as it is; what a person must look at is shown once."""
    bank, office = opened()
    bank.settle(MONDAY, Told.DETAILS)
    strange = [replace(bank.bookings[0].payments[1], end_to_end_id="strange", mandate="", iban="", text="?")]
    payments = (bank.bookings[0].payments[0], *strange, bank.bookings[0].payments[2])
    bank.bookings[0] = replace(bank.bookings[0], payments=payments, payment_id="", message_id="")
    told = bank.statement(MONDAY).replace(b"<DbtrAcct><Id><IBAN/></Id></DbtrAcct>", b"")
    office.read(told)
    assert states(office) == [ItemState.PAID, ItemState.EXPORTED, ItemState.PAID]
    shown = dict(office.unmatched)
    assert [one.signed_cents for one in shown.values()] == [2000]

    bank.bookings[0] = replace(bank.bookings[0], payment_id="GDP-000001-1", told=Told.SUM)
    for again in (told, bank.statement(MONDAY)):
        office.read(again)

    assert states(office) == [ItemState.PAID, ItemState.EXPORTED, ItemState.PAID]
    assert (office.unmatched, office.cash) == (shown, 1938)


def test_the_order_within_a_statement_does_not_matter() -> None:
    """A charge before its return before its payment: nothing needs a second look."""
    bank, office = opened()
    bank.settle(MONDAY)
    bank.send_back("R-000003-1", MONDAY, charge=700, apart=True)
    bank.bookings.reverse()

    assert reasons(office.read(bank.statement(MONDAY))) == []
    assert office.owes(3) == 1200


def test_bookings_that_are_given_twice_are_decided_once() -> None:
    """The second time they are known."""
    bank, office = opened()
    bank.settle(MONDAY)
    (statement,) = read_bank_file("x.xml", bank.statement(MONDAY))
    assert isinstance(statement, Statement)
    known = Known(CREDITOR_IBAN, tuple(office.items.values()), tuple(office.invoices.values()))

    first, second = match_entries(known, statement.entries * 2)

    assert [type(one) for one in first.decisions] == [Paid] * 3
    assert [type(one) for one in second.decisions] == [Repeated]


def test_other_currencies_and_other_accounts_are_not_taken_for_ours() -> None:
    """A person looks at the one; the other is refused as a whole."""
    bank, office = opened()
    bank.settle(MONDAY)
    told = bank.statement(MONDAY)

    assert set(reasons(office.read(told.replace(b"EUR", b"USD")))) == {Why.CURRENCY}
    with pytest.raises(RuleBroken):
        Office("DE02120300000000202051").read(told)


def test_a_report_on_something_unknown_is_told() -> None:
    """And one that comes again, or after the booking, changes nothing."""
    bank, office = opened()
    bank.reject("R-000001-1")
    (report,) = bank.report(MONDAY)
    office.read(report)
    office.read(report)
    assert (states(office)[0], office.strange) == (ItemState.REJECTED, [])

    foreign = Office(CREDITOR_IBAN)
    foreign.read(report)
    assert [one.reference for one in foreign.strange] == ["R-000001-1", "GDP-000001-1"]


@pytest.mark.parametrize(("old", "new"), [(b"<GrpSts>PART", b"<GrpSts>RJCT"), (b"<PmtInfSts>PART", b"<PmtInfSts>RJCT")])
def test_a_whole_file_or_batch_may_be_rejected(old: bytes, new: bytes) -> None:
    """Then none of its debits is collected."""
    bank, office = opened()
    bank.reject("R-000001-1")
    office.read(bank.report(MONDAY)[0].replace(old, new))

    assert states(office) == [ItemState.REJECTED] * 3


@st.composite
def stories(draw: st.DrawFn) -> tuple[Bank, Office, list[int], list[bytes]]:
    """Return a bank that did what it likes, its office, what each debtor owes at the end, its files in any order, some twice."""
    amounts = tuple(draw(st.lists(st.integers(1, 50_000), min_size=1, max_size=6)))
    bank, office = opened(amounts)
    rejected = draw(st.sets(st.integers(1, len(amounts)), max_size=len(amounts) - 1))
    for number in rejected:
        bank.reject(f"R-{number:06}-1")
    net = draw(st.booleans())
    bank.settle(MONDAY, draw(st.sampled_from(Told)), net=net)
    owed = [cents if number in rejected else 0 for number, cents in enumerate(amounts, start=1)]
    for number in draw(st.sets(st.sampled_from(range(1, len(amounts) + 1)))) - rejected:
        charge = draw(st.integers(0, 900))
        apart = bool(charge) and draw(st.booleans())
        bank.send_back(f"R-{number:06}-1", draw(st.sampled_from([MONDAY, NEXT])), charge=charge, apart=apart)
        owed[number - 1] = amounts[number - 1] + charge
    files = [bank.statement(MONDAY), bank.statement(NEXT), *bank.report(MONDAY)]
    more = [bank.statement(MONDAY, copy=True), bank.notice(MONDAY), bank.notice(NEXT), *files]
    files += draw(st.lists(st.sampled_from(more), max_size=4))
    return bank, office, owed, draw(st.permutations(files))


@settings(max_examples=150, deadline=None)
@given(stories())
def test_whatever_the_bank_does_and_in_whatever_order_it_tells_the_books_are_right(
    story: tuple[Bank, Office, list[int], list[bytes]],
) -> None:
    """Nothing is lost, nothing booked twice, nobody has to look; and all of it again changes nothing."""
    bank, office, owed, files = story
    for _ in range(2):
        for file in files:
            office.read(file)

        assert [office.owes(number) for number in range(1, len(owed) + 1)] == owed
        assert office.unmatched == {}
        assert office.cash == sum(one.signed_cents for one in bank.bookings)
