"""Who looks at a page: names for its head, and in whose colours it is."""

from dataclasses import dataclass

from server.domain.errors import RuleBroken
from server.domain.party import PartyKind
from server.domain.rights import Right, Role
from server.domain.sentence import N_
from server.models.base import database
from server.models.party import Party
from server.models.people import User
from server.services.brand import house_above
from server.services.scope import Actor


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who is logged in, as pages name him."""

    user_id: int
    user_name: str
    email: str
    language: str
    party_id: int
    """as which party he works now"""
    party_name: str
    party_kind: PartyKind
    home_name: str
    """the party to which he belongs"""
    role: Role
    """in that party"""
    on_behalf: bool
    """whether he works as a party below his own"""
    rights: frozenset[Right]
    house: str
    """whose name stands above the pages; empty: ours"""
    colour: str
    """``#rrggbb``; empty: ours"""
    logo: str
    """name of its logo among the server's files; empty: none"""


def viewer_of(actor: Actor) -> Viewer:
    """Return the names that belong to somebody who is logged in."""
    user = User.get_by_id(actor.user_id)
    party = Party.get_by_id(actor.party_id)
    home = Party.get_by_id(actor.home_party_id) if actor.is_on_behalf else party
    house = house_above(party)
    return Viewer(
        user_id=user.id,
        user_name=user.name,
        email=user.email,
        language=user.language,
        party_id=party.id,
        party_name=party.legal_name,
        party_kind=party.kind,
        home_name=home.legal_name,
        role=actor.role,
        on_behalf=actor.is_on_behalf,
        rights=frozenset(right for right in Right if actor.may(right)),
        house=house.name,
        colour=house.colour,
        logo=house.logo,
    )


def choose_language(actor: Actor, language: str) -> None:
    """Let pages and mails speak a language to this user from now on. Raises RuleBroken for one that nothing speaks."""
    if language not in {"de", "en"}:
        raise RuleBroken(N_("This language is not known here."), field="language")
    with database.atomic():
        User.update(language=language).where(User.id == actor.user_id).execute()
