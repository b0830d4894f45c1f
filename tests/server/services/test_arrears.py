"""Contracts follow what is overdue, step by step, and are back at once when it is paid."""

from datetime import UTC, date, datetime, timedelta

import pytest

from server.domain.contract import ContractState
from server.domain.invoice import PaidBy
from server.domain.matching import Match, Paid
from server.domain.settlement import Share
from server.models.base import database
from server.models.contract import Contract, ContractItem
from server.models.mail import OutgoingMail
from server.models.party import Party
from server.services import arrears, bank_deeds
from tests.server.family import NOW, Family
from tests.server.services.money import owe
from tests.server.services.shop import open_shop

DUE = date(2026, 11, 8)
SINCE = date(2026, 11, 9)


@pytest.fixture
def contract(family: Family) -> Contract:
    """A contract of anna's with alpha that runs; both have an address for mails."""
    Party.update(email="post@x.example").execute()
    made: Contract = Contract.create(
        customer=family["anna"], seller=family["alpha"], number="V-2026-00001", repository="r1", state=ContractState.ACTIVE,
        paid_by=PaidBy.TRANSFER, notice_months=1, created_at=NOW,
    )  # fmt: skip
    return made


def state(contract: Contract) -> ContractState:
    """Return the state that lies in the database."""
    found: ContractState = Contract.get_by_id(contract.id).state
    return found


def on(day: date) -> int:
    """Do the daily work of a day."""
    return arrears.apply_arrears(day, datetime(day.year, day.month, day.day, 8, tzinfo=UTC))


def test_step_by_step_each_told_once(family: Family, contract: Contract) -> None:
    """Blocked, paused after 30 days, ended after 90; a day that is done again changes nothing."""
    owe(family, "anna", "alpha", 1738, DUE)
    small = open_shop(family).version_id
    item = ContractItem.create(contract=contract.id, package_version=small, starts=date(2026, 11, 2))
    assert on(DUE) == 0
    for days, wanted in ((0, ContractState.RESTRICTED), (30, ContractState.PAUSED), (90, ContractState.ENDED)):
        day = SINCE + timedelta(days=days)
        assert (on(day), on(day)) == (1, 0)
        assert state(contract) is wanted
    assert Contract.get_by_id(contract.id).ends == SINCE + timedelta(days=90)
    assert ContractItem.get_by_id(item.id).ends == SINCE + timedelta(days=90)  # so that nothing is billed from then on
    assert OutgoingMail.select().count() == 3 * 2
    assert OutgoingMail.select().where(OutgoingMail.party == family["alpha"]).count() == 3


def test_a_payment_brings_a_paused_contract_back_at_once(family: Family, contract: Contract) -> None:
    """In the transaction of the payment, without the daily work."""
    row = owe(family, "anna", "alpha", 1738, DUE)
    on(SINCE + timedelta(days=40))
    assert state(contract) is ContractState.PAUSED
    paid = Paid("k", family["anna"], 1738, (Share(str(row.id), 1738),), 0, Match.ACCOUNT)
    with database.atomic():
        bank_deeds.pay(family["alpha"], paid, date(2026, 12, 20), now=NOW)
    assert state(contract) is ContractState.ACTIVE


def test_what_is_owed_to_somebody_else_changes_nothing(family: Family, contract: Contract) -> None:
    """Trouble further up never touches customers who pay."""
    owe(family, "alpha", "north", 100_000, DUE)
    owe(family, "axel", "alpha", 1438, DUE)
    assert on(SINCE + timedelta(days=95)) == 0
    assert state(contract) is ContractState.ACTIVE
