"""Logged in as a party below: only downwards, with one's own role, seen by that party in its log, and never its prices."""

from datetime import datetime

from server.domain.actions import Action
from server.domain.errors import RuleBroken
from server.domain.rights import Right
from server.domain.sentence import N_
from server.models.base import database
from server.models.sessions import Session
from server.services import audit
from server.services.scope import Actor, visible_party


def begin(actor: Actor, party_id: int, *, now: datetime) -> None:
    """Let this session look at things as a party below. Raises NotFound for what is not below, NotAllowed."""
    with database.atomic():
        party = visible_party(actor, party_id)
        actor.need(Right.SUPPORT)
        if party.id == actor.party_id:
            raise RuleBroken(N_("You are there already."))
        Session.update(on_behalf_of=party.id).where(Session.id == actor.session_id).execute()
        audit.record(actor, Action.LOGGED_IN_AS, now=now, party_id=party.id, subject=("session", actor.session_id))


def end(actor: Actor, *, now: datetime) -> None:
    """Go back to one's own party; nothing happens where one is there."""
    if not actor.is_on_behalf:
        return
    with database.atomic():
        Session.update(on_behalf_of=None).where(Session.id == actor.session_id).execute()
        audit.record(actor, Action.LOGGED_OUT_AS, now=now, party_id=actor.party_id, subject=("session", actor.session_id))
