"""The payments of the design's acceptance example, from the announcement to the last euro."""

from dataclasses import replace
from datetime import UTC, date, datetime

from server.domain.arrears import ArrearsSchedule, ArrearsStep, step_on
from server.domain.collection import Mandate, Owed, plan_announcements, plan_export
from server.domain.export import debit_files, items_of
from server.domain.mandate import MandateFacts, Scheme
from server.domain.matching import Advice, Paid, Returned, advice
from server.domain.settlement import Open, spread
from server.gateways.bank.pain008 import write_pain008
from tests.server.gateways.bank.messages import Told
from tests.server.gateways.bank.office import Office
from tests.server.gateways.bank.samples import CREDITOR, CREDITOR_IBAN, DEBTOR_IBANS, TOWN
from tests.server.gateways.bank.simulator import Bank

TOLD, EXPORTED = date(2026, 10, 26), datetime(2026, 10, 29, 18, tzinfo=UTC)
FIRST, RETURN, PAYPAL = date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 12)
CUSTOMER, OTHER = 1, 2
INVOICES = (Open("no. 1", CUSTOMER, "R-2026-0001", 1438, TOLD), Open("other", OTHER, "R-2026-0002", 2000, TOLD))


def mandate(number: int) -> Mandate:
    """Return a customer's mandate; its contract announces debits seven days before."""
    facts = MandateFacts(date(2026, 10, 24))
    return Mandate(f"M-{number}", Scheme.CORE, facts, "Ährenfeld KG", DEBTOR_IBANS[number - 1], TOWN, prenotification_days=7)


def collected() -> tuple[Bank, Office]:
    """Return bank and office once both first invoices are announced, and the file is at the bank."""
    plan = plan_announcements(
        TOLD,
        [Owed(one.receivable, one.debtor, one.cents, one.due) for one in INVOICES],
        {n: mandate(n) for n in (CUSTOMER, OTHER)},
    )
    announced = [replace(one, reference=f"D-{one.debtor}") for one in plan.debits]
    exported = plan_export(EXPORTED.date(), announced, {one.receivable: one.cents for one in INVOICES}).debits
    texts = {one.end_to_end_id: "Rechnung R-2026-000" + one.reference[-1] for one in exported}
    files = debit_files(exported, CREDITOR, texts, created=EXPORTED, first_number=1)
    bank, office = Bank(), Office(CREDITOR_IBAN)
    office.remember(*items_of(files, exported), invoices=INVOICES)
    for file in files:
        bank.take(write_pain008(file))
    return bank, office


def is_paid(office: Office, debtor: int) -> bool:
    """Say whether the customer's edge is paid, which is what activates."""
    return office.owes(debtor) == 0


def test_payments_of_the_example() -> None:
    """2 Nov one credit of 34.38 without details: both are active. 9 Nov return of 17.38: open 17.38. 12 Nov PayPal: open 0.00."""
    bank, office = collected()
    assert [one.due for one in bank.batches] == [FIRST]
    assert not is_paid(office, CUSTOMER)

    bank.settle(FIRST, Told.BARE_SUM)
    assert [one.signed_cents for one in bank.bookings] == [3438]
    paid = office.read(bank.statement(FIRST))
    assert [(one.debtor, one.cents) for one in paid if isinstance(one, Paid)] == [(CUSTOMER, 1438), (OTHER, 2000)]
    assert is_paid(office, CUSTOMER)
    assert is_paid(office, OTHER)

    bank.send_back("D-1-1", RETURN, "MS03", charge=300)
    assert bank.bookings[-1].signed_cents == -1738
    (returned,) = office.read(bank.statement(RETURN))
    assert isinstance(returned, Returned)
    assert (returned.cents, returned.charge, advice(returned.code)) == (1438, 300, Advice.RETRY)
    assert (office.owes(CUSTOMER), office.open_cents("no. 1"), office.claims[CUSTOMER]) == (1738, 1438, 300)
    assert is_paid(office, OTHER)
    assert step_on(RETURN, RETURN, ArrearsSchedule()) is ArrearsStep.ORDERS_BLOCKED  # and backup runs

    claim = Open("charge", CUSTOMER, "", 300, RETURN)
    shares, excess = spread(1738, [replace(INVOICES[0], cents=office.open_cents("no. 1")), claim])
    assert ([(one.receivable, one.cents) for one in shares], excess) == ([("no. 1", 1438), ("charge", 300)], 0)
    office.allocated["no. 1"] += shares[0].cents
    office.claims[CUSTOMER] -= shares[1].cents
    assert office.owes(CUSTOMER) == 0
    assert step_on(None, PAYPAL, ArrearsSchedule()) is ArrearsStep.NONE


def test_importing_any_file_again_changes_nothing() -> None:
    """At any time: statements, copies, notices that repeat them."""
    bank, office = collected()
    bank.settle(FIRST, Told.BARE_SUM)
    bank.send_back("D-1-1", RETURN)
    files = [
        bank.statement(FIRST),
        bank.notice(FIRST),
        bank.statement(RETURN),
        bank.notice(RETURN),
        bank.statement(FIRST, copy=True),
    ]
    for file in files:
        office.read(file)
    before = (office.owes(CUSTOMER), office.owes(OTHER), office.cash, office.seen)

    for file in files * 2:
        office.read(file)

    assert (office.owes(CUSTOMER), office.owes(OTHER), office.cash, office.seen) == before == (1738, 0, 3438 - 1738, before[3])
    assert office.queue == {}
