"""Nobody reaches beyond the own subtree, whatever number is named."""

import pytest

from server.domain.errors import NotAllowed, NotFound
from server.domain.rights import Right, Role, rights_of
from server.models.party import Party
from server.services.scope import visible_party, within
from tests.server.family import TREE, Family

SEEN = {
    "operator": set(TREE),
    "north": {"north", "alpha", "beta", "anna", "axel", "berta"},
    "south": {"south", "gamma", "greta"},
    "alpha": {"alpha", "anna", "axel"},
    "beta": {"beta", "berta"},
    "anna": {"anna"},
}


@pytest.mark.parametrize("party", SEEN)
def test_one_sees_the_own_party_and_what_lies_below(family: Family, party: str) -> None:
    """In a list, and one by one."""
    actor = family.actor(party)

    listed = {row.id for row in Party.select().where(within(actor))}
    assert listed == {family[name] for name in SEEN[party]}
    for name in TREE:
        if name in SEEN[party]:
            assert visible_party(actor, family[name]).id == family[name]
        else:
            with pytest.raises(NotFound):
                visible_party(actor, family[name])


def test_what_is_foreign_answers_as_what_does_not_exist(family: Family) -> None:
    """Word for word."""
    said = set()
    for number in (family["gamma"], 987_654, 0, -1):
        with pytest.raises(NotFound) as refused:
            visible_party(family.actor("alpha"), number)
        said.add((str(refused.value), refused.value.hint))

    assert len(said) == 1


def test_logged_in_as_a_party_below_one_sees_its_subtree_alone(family: Family) -> None:
    """And its prices not at all: they are known to the two ends of an edge only."""
    actor = family.actor("north", on_behalf_of="alpha")

    assert {row.id for row in Party.select().where(within(actor))} == {family[name] for name in SEEN["alpha"]}
    assert actor.may(Right.MANAGE_CUSTOMERS)
    for hidden in (Right.SEE_PRICES, Right.SET_PRICES):
        with pytest.raises(NotAllowed):
            actor.need(hidden)


@pytest.mark.parametrize("role", Role)
def test_every_role_sees_and_only_owners_manage_users(family: Family, role: Role) -> None:
    """The rest is in the table."""
    actor = family.actor("alpha", role)

    assert actor.may(Right.SEE)
    assert actor.may(Right.MANAGE_USERS) is (role is Role.OWNER)
    assert rights_of(actor.kind, role) <= rights_of(actor.kind, Role.OWNER)
