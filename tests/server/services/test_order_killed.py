"""Whoever is killed in the middle of a step has taken none of it; whoever takes it again takes it once."""

import signal
from pathlib import Path

import pytest

from server.domain.contract import ContractState
from server.domain.errors import Conflict
from server.domain.ledger import EntryKind
from server.domain.order import OrderState
from server.models.contract import AgreedPrice, Contract, Mandate
from server.models.mail import OutgoingMail
from server.models.money import Invoice, LedgerEntry
from server.models.order import Order, OrderEvent
from server.services import order_release
from tests.server.family import Family
from tests.server.jobs.helper import finish, start
from tests.server.services.order_world import FIRST_DEBIT, World, contract_of, fresh, make_world, owed, pay
from tests.server.services.shop import TODAY

KILLED = """
import os, signal, sys
from datetime import date
from server.domain.party import PartyKind
from server.domain.rights import Role
from server.domain.ledger import EntryKind
from server.models.database import open_database
from server.models.order import Order
from server.models.people import Membership
from server.services import order_letters, order_release
from server.services.scope import Actor
from tests.server.family import NOW
from tests.server.services.order_world import pay
url, deed, moment, order_id = sys.argv[1:]
open_database(url)
def kill(*_args, **_named):
    os.kill(os.getpid(), signal.SIGKILL)
if moment == "before":
    # The mail is the last thing that is written: everything but it is there, and nothing is committed.
    order_letters.tell_released = order_letters.tell_fulfilled = kill
order = Order.get_by_id(int(order_id))
if deed == "release":
    owner = Membership.get((Membership.party == order.distributor_id) & (Membership.role == Role.OWNER))
    actor = Actor(owner.user_id, order.distributor_id, PartyKind.DISTRIBUTOR, Role.OWNER, 0, order.distributor_id)
    order_release.release(actor, order.id, revision=order.revision, today=date(2026, 11, 24), now=NOW)
else:
    pay(order, date(2026, 12, 8), EntryKind.DEBIT)
kill()
"""


@pytest.fixture
def world(family: Family, tmp_path: Path) -> World:
    family.user("north")
    family.user("anna")
    return make_world(family, tmp_path / "files")


def kill_in(url: str, deed: str, moment: str, order: Order) -> None:
    """Let another process do something and be killed before, or just after, its transaction ends."""
    assert finish([start(KILLED, url, deed, moment, str(order.id))]) == [-signal.SIGKILL]


def test_a_release_that_was_killed_has_left_nothing(world: World, database_url: str) -> None:
    """No contract, no number, no invoice, no mandate, no mail; then it is done, without a gap."""
    order = world.signed()
    mails, events = OutgoingMail.select().count(), OrderEvent.select().count()
    kill_in(database_url, "release", "before", order)

    assert fresh(order.id).revision == order.revision
    for rows in (Contract, AgreedPrice, Invoice, LedgerEntry):
        assert rows.select().count() == 0
    assert (OutgoingMail.select().count(), OrderEvent.select().count(), Mandate.get().signed_on) == (mails, events, None)
    order = world.release(order)
    assert (order.state, contract_of(order).number) == (OrderState.AWAITING_PAYMENT, "V-2026-00001")


def test_a_release_that_was_killed_afterwards_is_done_once(world: World, database_url: str) -> None:
    """Whoever sends the form again hears that somebody was quicker."""
    order = world.signed()
    kill_in(database_url, "release", "after", order)

    assert (fresh(order.id).state, Contract.select().count(), Invoice.select().count()) == (OrderState.AWAITING_PAYMENT, 1, 1)
    with pytest.raises(Conflict):
        order_release.release(world.family.actor("north"), order.id, revision=order.revision, today=TODAY, now=order.created_at)
    assert Contract.select().count() == 1


def test_a_payment_and_what_begins_with_it_are_one(world: World, database_url: str) -> None:
    """Either the money is booked and the contract active, or neither."""
    order = world.release(world.signed())
    kill_in(database_url, "pay", "before", order)
    assert owed(order).open_cents == owed(order).cents
    assert contract_of(order).state is ContractState.PENDING
    kill_in(database_url, "pay", "after", order)

    assert (owed(order).open_cents, contract_of(order).state) == (0, ContractState.ACTIVE)
    assert contract_of(order).starts == FIRST_DEBIT
    mails = OutgoingMail.select().count()
    pay(order, FIRST_DEBIT, EntryKind.DEBIT, cents=0, source="again")
    assert OutgoingMail.select().count() == mails
