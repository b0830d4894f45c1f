"""Who acts, and what lies within reach: the one place where subtrees are checked. What is foreign does not exist (NotFound)."""

from dataclasses import dataclass
from typing import Any

from peewee import Expression

from server.domain.errors import NotAllowed, NotFound
from server.domain.party import PartyKind
from server.domain.rights import Right, Role, rights_of
from server.domain.sentence import N_
from server.models.party import Party


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who is logged in, as a member of one party. Made by ``login.session_of`` alone."""

    user_id: int
    """the person; also while logged in as another party"""
    party_id: int
    """whose subtree is within reach"""
    kind: PartyKind
    """of that party"""
    role: Role
    """in the person's own party"""
    session_id: int
    home_party_id: int
    """the person's own party; another than ``party_id`` while logged in as a party below"""
    lacks_two_factor: bool = False
    """a party above demands a second factor, and this user has none yet: nothing else is allowed"""

    @property
    def is_on_behalf(self) -> bool:
        """Say whether the person is logged in as a party below the own one."""
        return self.party_id != self.home_party_id

    def may(self, right: Right) -> bool:
        """Say whether the role permits something here."""
        return not self.lacks_two_factor and right in rights_of(self.kind, self.role, on_behalf=self.is_on_behalf)

    def need(self, right: Right) -> None:
        """Raise NotAllowed unless the role permits something."""
        if self.lacks_two_factor:
            raise NotAllowed(N_("A second factor is required."), N_("Set it up under “Security” first."))
        if not self.may(right):
            raise NotAllowed(
                N_("The role {role} does not permit this."), N_("Ask an owner of your organisation."), role=self.role
            )


def within(actor: Actor) -> Expression:
    """Return the condition on ``Party`` that holds for the actor's party and everything below."""
    return below(actor.party_id, actor.kind.height)


def below(party_id: int, height: int) -> Expression:
    """Return the condition on ``Party`` that holds for a party and for what lies up to ``height`` levels below it."""
    if height == PartyKind.OPERATOR.height:
        return Party.id.is_null(False)  # the root: everything
    condition = Party.id == party_id
    parents: Any = (party_id,)
    for _ in range(height):
        condition |= Party.parent.in_(parents)
        alias = Party.alias()
        parents = alias.select(alias.id).where(alias.parent.in_(parents))
    return condition


def hold(party_id: int) -> None:
    """Let everybody else who holds a party wait until this transaction ends: what two must not do at once begins with it."""
    Party.update(version=Party.version).where(Party.id == party_id).execute()


def visible_party(actor: Actor, party_id: int) -> Party:
    """Return a party of the actor's subtree. Raises NotFound where it is none of it, or none at all."""
    party = Party.get_or_none((Party.id == party_id) & within(actor))
    if party is None:
        raise NotFound(N_("There is no such party."))
    return party
