"""A customer that is served, or owes something, neither ends nor is erased."""

import json
from pathlib import Path

import pytest

from server.domain.errors import RuleBroken
from server.models.contract import Contract
from server.models.order import Order
from server.models.party import Party
from server.services import customers
from server.services.customer_privacy import erase_customer, export_customer
from server.services.customer_ties import refuse_while_owing
from tests.server.family import NOW, Family
from tests.server.services.order_world import World, make_world


@pytest.fixture
def world(family: Family, tmp_path: Path) -> World:
    """Parties that can sell."""
    return make_world(family, tmp_path)


def end(world: World) -> None:
    """Let the reseller end anna."""
    anna = world.family["anna"]
    customers.end_customer(world.family.actor("alpha"), anna, version=Party.get_by_id(anna).version, now=NOW)


def test_who_has_an_order_under_way_does_not_end(world: World) -> None:
    """Nothing would come of what was signed."""
    order = world.draw()
    with pytest.raises(RuleBroken, match=order.number):
        end(world)
    Order.update(state="withdrawn").where(Order.id == order.id).execute()
    end(world)


def test_who_has_a_contract_does_not_end_before_it_has(world: World) -> None:
    """Backups would be paid for by nobody."""
    contract = world.contract()
    with pytest.raises(RuleBroken, match=contract.number):
        end(world)
    Contract.update(ends=NOW.date()).where(Contract.id == contract.id).execute()
    end(world)


def test_who_owes_something_is_not_erased(world: World) -> None:
    """Nor who is owed something."""
    order = world.release(world.signed())
    anna = world.family["anna"]
    Contract.update(ends=NOW.date()).where(Contract.id == order.contract_id).execute()
    Order.update(state="withdrawn").where(Order.id == order.id).execute()
    end(world)
    with pytest.raises(RuleBroken, match="not settled"):
        erase_customer(world.family.actor("alpha"), anna, version=Party.get_by_id(anna).version, now=NOW)
    refuse_while_owing(world.family["berta"])


def test_what_a_customer_ordered_is_among_what_is_known_of_it(world: World) -> None:
    """Paper, contracts, mandates and, for who may see money, what is owed."""
    contract = world.contract()
    told = json.loads(export_customer(world.family.actor("anna"), world.family["anna"], now=NOW))

    assert [one["number"] for one in told["contracts"]] == [contract.number]
    assert [one["state"] for one in told["orders"]] == ["fulfilled"]
    assert len(told["mandates"]) == len(told["money"]) == 1
