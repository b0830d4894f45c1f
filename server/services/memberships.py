"""Where somebody works who works at several parties: one session is at one of them at a time."""

from dataclasses import dataclass
from datetime import datetime

from server.domain.actions import Action
from server.domain.errors import NotFound
from server.domain.party import PartyKind
from server.domain.rights import Role
from server.domain.sentence import N_
from server.models.base import database
from server.models.party import Party
from server.models.people import Membership
from server.models.sessions import Session
from server.services import audit
from server.services.scope import Actor


@dataclass(frozen=True, slots=True)
class Workplace:
    """A party at which somebody works."""

    party_id: int
    party_name: str
    kind: PartyKind
    role: Role
    is_current: bool
    """whether the session is there now"""


def workplaces(actor: Actor) -> tuple[Workplace, ...]:
    """Return where the actor's person works, in the order in which it came there."""
    rows = Membership.select(Membership, Party).join(Party).where(Membership.user == actor.user_id).order_by(Membership.id)
    return tuple(
        Workplace(row.party_id, row.party.legal_name, row.party.kind, row.role, row.party_id == actor.home_party_id)
        for row in rows
    )


def work_at(actor: Actor, party_id: int, *, now: datetime) -> None:
    """Let this session be at another party at which the person works. Raises NotFound."""
    with database.atomic():
        mine = (Membership.user == actor.user_id) & (Membership.party == party_id)
        if not Membership.select().where(mine).exists():
            raise NotFound(N_("There is no such party."))
        Session.update(party=party_id, on_behalf_of=None).where(Session.id == actor.session_id).execute()
        if party_id != actor.home_party_id:
            subject = ("session", actor.session_id)
            audit.record(None, Action.LOGGED_IN, now=now, party_id=party_id, subject=subject, user_id=actor.user_id)
