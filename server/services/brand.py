"""The look of a house on the pages, mails and papers of those below it: name, colour, logo.

Each party meets the brand of the nearest party above that has one, and no other. A logo is drawn anew before it is kept, so that
nothing of the file that somebody uploaded is ever sent to a browser.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from server.documents.pictures import checked_logo
from server.domain.actions import Action
from server.domain.errors import Conflict, NotAllowed, NotFound
from server.domain.party import PartyKind
from server.domain.rights import Right
from server.domain.sentence import N_
from server.gateways.files import FileStore
from server.models.base import database
from server.models.party import Party
from server.services import audit, links
from server.services.scope import Actor


@dataclass(frozen=True, slots=True)
class House:
    """Whose name stands on top."""

    name: str
    """empty: ours"""
    colour: str
    """``#rrggbb``; empty: ours"""
    logo: str
    """name among the server's files; empty: none"""


@dataclass(frozen=True, slots=True)
class BrandPage:
    """The brand of the reader's own party."""

    house: House
    legal_name: str
    login_link: str
    """the login page with this brand; empty: there is no brand yet"""
    version: int


NO_HOUSE = House("", "", "")


def house_above(party: Party) -> House:
    """Return the brand that a party meets: of the nearest party above that has one."""
    while party.parent_id is not None:
        party = Party.get_by_id(party.parent_id)
        if (house := _house(party)) != NO_HOUSE:
            return house
    return NO_HOUSE


def house_at(key: str) -> House:
    """Return the brand whose login page has a key; ours where none has."""
    party = Party.get_or_none((Party.brand_key == key) & Party.ended_at.is_null()) if key else None
    return NO_HOUSE if party is None else _house(party)


def logo(name: str, files: FileStore) -> bytes:
    """Return a logo that some party shows, as PNG. Raises NotFound."""
    if not name or not Party.select().where(Party.brand_logo == name).exists():
        raise NotFound(N_("There is no such logo."))
    return files.get(name)


def brand_page(actor: Actor) -> BrandPage:
    """Return the brand of the actor's own party. Raises NotAllowed."""
    party = _own(actor)
    link = links.house_link(party.brand_key) if party.brand_key else ""
    return BrandPage(_house(party), party.legal_name, link, party.version)


def set_logo(actor: Actor, picture: bytes | None, files: FileStore, *, version: int, now: datetime) -> None:
    """Show a picture to those below, or none any more.

    Raises: NotAllowed, Conflict; RuleBroken where it is no picture, or too large.
    """
    _own(actor)
    name = files.put(checked_logo(picture)) if picture is not None else ""
    with database.atomic():
        party = _own(actor)
        mine = (Party.id == party.id) & (Party.version == version)
        columns = {"brand_logo": name, "brand_key": party.brand_key or secrets.token_urlsafe(12)}
        if not Party.update(**columns, version=Party.version + 1).where(mine).execute():
            raise Conflict(
                N_("Somebody else has changed this meanwhile. Nothing of yours was saved."),
                N_("Look at the page, then try again."),
            )
        audit.record(actor, Action.LOGO_SET, now=now, party_id=party.id, subject=("party", party.id))


def make_link(actor: Actor) -> None:
    """Give the login page with the brand of the actor's party an address, where it has none. Raises NotAllowed."""
    with database.atomic():
        party = _own(actor)
        if not party.brand_key:
            Party.update(brand_key=secrets.token_urlsafe(12)).where((Party.id == party.id) & (Party.brand_key == "")).execute()


def _own(actor: Actor) -> Party:
    actor.need(Right.MANAGE_PARTIES)
    if actor.kind is PartyKind.CUSTOMER:
        raise NotAllowed(N_("Nobody stands below a customer who could see its brand."))
    return Party.get_by_id(actor.party_id)


def _house(party: Party) -> House:
    return House(party.brand_name, party.brand_colour, party.brand_logo)
