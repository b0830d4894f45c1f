"""Logged in as a party below: only downwards, seen by everybody concerned, and back again."""

import pytest

from server.domain.actions import Action
from server.domain.errors import NotAllowed, NotFound, RuleBroken
from server.domain.rights import Right, Role
from server.models.people import Membership
from server.services import audit, impersonation, people
from tests.server.family import NOW, TREE, Family
from tests.server.services.access import actor_of, come_in, log_in


@pytest.fixture
def token(family: Family) -> str:
    """The session of somebody who owns north."""
    return log_in(come_in(family, "north", "nora@example.com"))


@pytest.mark.parametrize("party", TREE)
def test_only_downwards(family: Family, token: str, party: str) -> None:
    """What lies above or beside does not exist."""
    match party:
        case "alpha" | "beta" | "anna" | "axel" | "berta":
            impersonation.begin(actor_of(token), family[party], now=NOW)
            assert actor_of(token).party_id == family[party]
        case "north":
            with pytest.raises(RuleBroken):
                impersonation.begin(actor_of(token), family[party], now=NOW)
        case _:
            with pytest.raises(NotFound):
                impersonation.begin(actor_of(token), family[party], now=NOW)
            assert not actor_of(token).is_on_behalf


def test_it_is_seen_by_the_party_and_names_the_person(family: Family, token: str) -> None:
    """Each change too, with the person and the party as which it was made."""
    impersonation.begin(actor_of(token), family["alpha"], now=NOW)
    people.invite(actor_of(token), family["alpha"], email="x@example.com", role=Role.SALES, now=NOW)
    impersonation.end(actor_of(token), now=NOW)
    impersonation.end(actor_of(token), now=NOW)

    told = audit.entries(family.actor("alpha")).items
    assert [(entry.action, entry.user_name, entry.on_behalf_of) for entry in told] == [
        (Action.LOGGED_OUT_AS, "Petra Probe", "Alpha GmbH"),
        (Action.USER_INVITED, "Petra Probe", "Alpha GmbH"),
        (Action.LOGGED_IN_AS, "Petra Probe", ""),
    ]
    assert actor_of(token).party_id == family["north"]


def test_nobody_gains_a_right_by_it(family: Family) -> None:
    """The role is the own; prices stay hidden."""
    token = log_in(come_in(family, "north", "sven@example.com", Role.SUPPORT))
    own = {right for right in Right if actor_of(token).may(right)}

    impersonation.begin(actor_of(token), family["alpha"], now=NOW)
    assert {right for right in Right if actor_of(token).may(right)} <= own
    with pytest.raises(NotAllowed):
        people.invite(actor_of(token), family["alpha"], email="x@example.com", role=Role.SALES, now=NOW)


@pytest.mark.parametrize("role", [Role.BILLING, Role.READ_ONLY])
def test_not_every_role_may(family: Family, role: Role) -> None:
    """And a customer has nobody below."""
    for party, target in (("north", "alpha"), ("alpha", "anna")):
        with pytest.raises(NotAllowed):
            impersonation.begin(family.actor(party, role), family[target], now=NOW)


def test_who_leaves_the_party_leaves_what_is_below(family: Family, token: str) -> None:
    """Membership and role are looked at with every click."""
    impersonation.begin(actor_of(token), family["alpha"], now=NOW)
    user = actor_of(token).user_id
    Membership.update(role=Role.READ_ONLY).where(Membership.user == user).execute()

    assert actor_of(token).role is Role.READ_ONLY
    assert not actor_of(token).is_on_behalf
    family.user("north")
    people.change_role(family.actor("north"), family["north"], user, Role.SALES, now=NOW)
    people.remove_member(family.actor("north"), family["north"], user, now=NOW)
    with pytest.raises(AssertionError):
        actor_of(token)
