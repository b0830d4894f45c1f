"""The invoices of a month through the services and the database: the design's example to the cent, its variants, its troubles."""

import signal
from datetime import date, timedelta

import pytest

from server.domain.errors import RuleBroken
from server.domain.invoice import InvoiceKind, PaidBy
from server.domain.month import Month
from server.domain.party import TaxStatus
from server.domain.usage import Metering
from server.models.contract import Contract, ContractItem, UsageRow
from server.models.customer import BankAccount
from server.models.money import Invoice, InvoiceLine, Receivable
from server.models.party import Party
from server.services import invoice_plan
from server.services.invoice_body import decode, encode
from server.services.issuing import Planned
from tests.server.domain.example import NOVEMBER
from tests.server.family import Family
from tests.server.jobs.helper import finish, start
from tests.server.services.invoice_world import InvoiceWorld, cents, sums

DECEMBER = Month(2026, 12)
RUN = """
import os, signal, sys
from datetime import date
from server.domain.month import Month
from server.models.database import open_database
from server.services import invoice_run
from tests.server.services.invoice_world import RUN_AT
open_database(sys.argv[1])
for count, step in enumerate(invoice_run.run(Month(2026, 11), today=date(2026, 12, 1), now=RUN_AT), 1):
    if count == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def world(family: Family) -> InvoiceWorld:
    return InvoiceWorld(family)


def test_the_example_to_the_cent(world: InvoiceWorld) -> None:
    """Three tiers from one usage, as the design gives them; the net margins add up to what the customer paid for November."""
    world.example()
    assert sums(world.document("alpha", "anna", "start-1")) == (1208, 230, 1438)
    assert world.run() == ["RW-2026-00002", "NL-2026-00001", "GDP-2026-00001"]

    assert cents(world.document("alpha", "anna")) == [-542, 1062, 190, 66, 2450]
    assert sums(world.document("alpha", "anna")) == (3226, 613, 3839)
    assert cents(world.document("north", "alpha")) == [421, 602, 110, 39]
    assert sums(world.document("north", "alpha")) == (1172, 223, 1395)
    assert cents(world.document("operator", "north")) == [315, 423, 78, 26]
    assert sums(world.document("operator", "north")) == (842, 160, 1002)
    assert {row.cents for row in Receivable.select()} == {1438, 3839, 1395, 1002}


def test_an_austrian_customer_owes_the_tax(world: InvoiceWorld) -> None:
    world.example()
    values = {"country": "AT", "vat_id": "ATU12345675", "vat_id_confirmed_on": date(2026, 10, 1)}
    Party.update(**values).where(Party.id == world.family["anna"]).execute()
    world.run()
    row = world.document("alpha", "anna")
    assert (sums(row), decode(row.body).groups[0].rule.category) == ((3226, 0, 3226), "AE")


def test_a_small_business_has_no_tax(world: InvoiceWorld) -> None:
    world.example()
    Party.update(tax_status=TaxStatus.SMALL_BUSINESS).where(Party.id == world.family["alpha"]).execute()
    world.run()
    row = world.document("alpha", "anna")
    assert (sums(row), decode(row.body).groups[0].rule.category) == ((3226, 0, 3226), "E")
    assert sums(world.document("north", "alpha")) == (1172, 223, 1395)


def test_what_is_kept_is_what_was_issued(world: InvoiceWorld) -> None:
    """The stored body is the whole document, exactly; it names the mandate and the table of what was stored."""
    world.example()
    world.run()
    document = decode(world.document("alpha", "anna").body)
    assert decode(encode(document)) == document
    assert (document.payment.by, document.payment.mandate, document.payment.due) == (PaidBy.DEBIT, "M-anna", date(2026, 12, 15))
    assert (document.gross, len(document.usage[0].days)) == (3839, 29)
    missing = [one.day for one in document.usage[0].days if one.metering is Metering.MISSING]
    assert missing == [date(2026, 11, 14)]


def test_a_second_run_changes_nothing(world: InvoiceWorld) -> None:
    world.example()
    world.run()
    assert world.run() == []
    assert Invoice.select().count() == 4


def test_what_was_stored_is_frozen_for_all_tiers(world: InvoiceWorld) -> None:
    """Every day of the service is there afterwards and billed; a day that nobody reported is missing."""
    world.example()
    UsageRow.delete().where(UsageRow.day == date(2026, 11, 20)).execute()
    world.run()
    rows = list(UsageRow.select().order_by(UsageRow.day))
    assert len(rows) == 29
    assert all(row.billed_at for row in rows)
    assert next(row for row in rows if row.day == date(2026, 11, 20)).metering is Metering.MISSING


def test_a_month_that_is_not_over_is_only_planned(world: InvoiceWorld) -> None:
    world.example()
    with pytest.raises(RuleBroken, match="not over yet"):
        world.run(today=date(2026, 11, 30))
    planned = [one for one in invoice_plan.plan(NOVEMBER) if isinstance(one, Planned)]
    assert [one.gross for one in planned] == [3839, 1395, 1002]
    assert Invoice.select().count() == 1
    assert not UsageRow.select().where(UsageRow.billed_at.is_null(False)).exists()


def test_what_one_lacks_does_not_stop_the_others(world: InvoiceWorld) -> None:
    """North has no tax number: it sends nothing and draws no number; put right, the next run sends it."""
    world.example()
    Party.update(tax_number="", vat_id="").where(Party.id == world.family["north"]).execute()
    numbers = world.run()
    assert numbers == ["RW-2026-00002", "North GmbH needs a tax number or a VAT id to send invoices.", "GDP-2026-00001"]
    Party.update(tax_number="48/712/00345").where(Party.id == world.family["north"]).execute()
    assert world.run() == ["NL-2026-00001"]


def test_a_transfer_needs_an_account(world: InvoiceWorld) -> None:
    world.example()
    BankAccount.delete().where(BankAccount.party == world.family["operator"]).execute()
    assert world.run()[-1] == "Operator GmbH has no bank account to which the money could be paid."


def test_an_agent_gets_a_commission(world: InvoiceWorld) -> None:
    """North sells to berta itself; beta gets 20 % of what berta's November came to, on a paper that north writes."""
    world.example("berta")
    world.run()
    assert sums(world.document("north", "berta")) == (3226, 613, 3839)
    row = world.document("north", "beta", kind=InvoiceKind.COMMISSION)
    # 16 days at 2.50, 13 at 4.90, 16 GB-months at 0.0238, 6.666... at 0.0198
    assert cents(row) == [133, 212, 38, 13]
    assert sums(row) == (396, 75, 471)
    receivable = Receivable.get(Receivable.invoice == row.id)
    assert (receivable.debtor_id, receivable.cents) == (world.family["beta"], -471)
    assert sums(world.document("operator", "north")) == (842, 160, 1002)
    assert world.run() == []


def test_a_payment_that_came_late_is_credited(world: InvoiceWorld) -> None:
    """Planned and paid for from 2 November, begun on 5 December: November goes back whole, December is billed by the day."""
    world.contract(starts=None)
    world.first()
    assert world.run() == []
    values = {"starts": date(2026, 12, 5)}
    Contract.update(**values).execute()
    ContractItem.update(**values).execute()
    world.run(DECEMBER, today=date(2027, 1, 1))
    row = world.document("alpha", "anna", "2026-12")
    assert cents(row) == [-1208, 1089, 1250]
    assert cents(world.document("north", "alpha", "2026-12")) == [688]


def test_a_trial_costs_nothing_on_any_edge(world: InvoiceWorld) -> None:
    world.contract()
    ContractItem.update(free_until=date(2026, 11, 29)).execute()
    world.store()
    world.run()
    row = world.document("alpha", "anna")
    assert cents(row) == [83, 151, 1250]  # 2 days; 2 x 190 GB-days; December
    assert cents(world.document("operator", "north")) == [39, 62]


def test_numbers_have_no_gaps_and_two_at_once_issue_each_once(world: InvoiceWorld, database_url: str) -> None:
    for name in ("anna", "axel", "berta"):
        world.example(name)
    assert finish([start(RUN, database_url, "0"), start(RUN, database_url, "0")]) == [0, 0]
    _each_once(world)


@pytest.mark.parametrize("after", [1, 2, 4])
def test_whoever_was_killed_goes_on_where_he_was(world: InvoiceWorld, database_url: str, after: int) -> None:
    for name in ("anna", "axel", "berta"):
        world.example(name)
    assert finish([start(RUN, database_url, str(after))]) == [-signal.SIGKILL]
    assert Invoice.select().where(Invoice.period == "2026-11").count() == after
    world.run()
    _each_once(world)


def _each_once(world: InvoiceWorld) -> None:
    rows = list(Invoice.select().order_by(Invoice.id))
    assert len(rows) == 3 + 3 + 1 + 1 + 1  # first ones, customers, north to alpha, operator to north, beta's commission
    for name in ("alpha", "north", "operator"):
        numbers = sorted(row.number for row in rows if row.issuer_id == world.family[name])
        assert [int(number[-5:]) for number in numbers] == list(range(1, len(numbers) + 1))
    assert sums(world.document("operator", "north")) == (842 * 3, 480, 842 * 3 + 480)
    assert Receivable.select().count() == len(rows)


@pytest.mark.parametrize(
    ("starts", "days"), [(date(2028, 2, 29), 1), (date(2028, 2, 1), 29), (date(2027, 2, 28), 1), (date(2027, 1, 31), 1)]
)
def test_short_months_and_leap_days(world: InvoiceWorld, starts: date, days: int) -> None:
    world.contract(starts=starts)
    month = Month.of(starts)
    world.run(month, today=month.end)
    lines = list(InvoiceLine.select().join(Invoice).where(Invoice.recipient == world.family["north"]))
    assert [(line.numerator / line.denominator) for line in lines] == [days / month.days]
    assert (month.end - starts) == timedelta(days=days)
