"""What is waiting for somebody: what the first page asks to be done."""

from dataclasses import dataclass
from datetime import datetime

from server.domain.party import PartyKind
from server.domain.rights import Right
from server.models.mail import OutgoingMail
from server.models.party import Party
from server.models.people import Invitation, Membership
from server.services.hierarchy import Step
from server.services.scope import Actor, visible_party

MOST_SHOWN = 5  # parties without anybody; the rest stands in the list of parties


@dataclass(frozen=True, slots=True)
class Waiting:
    """Everything that waits, as far as its reader may do it."""

    address_missing: bool
    """of the own party"""
    is_first: bool
    """nothing was created below the own party yet"""
    without_people: tuple[Step, ...]
    """parties directly below into which nobody has come and nobody is invited; not customers, who need no access"""
    expired_invitations: int
    """into the own party"""
    troubled_mails: int
    """which could not be sent so far"""


def waiting(actor: Actor, *, now: datetime) -> Waiting:
    """Return what is waiting for somebody."""
    own = visible_party(actor, actor.party_id)
    may_manage, may_invite = actor.may(Right.MANAGE_PARTIES), actor.may(Right.MANAGE_USERS)
    has_children = Party.select().where(Party.parent == own.id).exists()
    return Waiting(
        address_missing=may_manage and not own.street,
        is_first=may_manage and own.kind.below is not None and not has_children,
        without_people=_without_people(own, now) if may_invite else (),
        expired_invitations=_expired(own, now) if may_invite else 0,
        troubled_mails=_troubled() if actor.may(Right.RUN_SERVER) else 0,
    )


def _without_people(own: Party, now: datetime) -> tuple[Step, ...]:
    if own.kind.below in {PartyKind.CUSTOMER, None}:
        return ()
    members = Membership.select(Membership.party)
    is_open = Invitation.used_at.is_null() & Invitation.revoked_at.is_null() & (Invitation.expires_at > now)
    invited = Invitation.select(Invitation.party).where(is_open & Invitation.party.is_null(False))
    lonely = (Party.parent == own.id) & Party.ended_at.is_null() & Party.id.not_in(members) & Party.id.not_in(invited)
    rows = Party.select().where(lonely).order_by(Party.id).limit(MOST_SHOWN)
    return tuple(Step(row.id, row.legal_name, row.kind) for row in rows)


def _expired(own: Party, now: datetime) -> int:
    is_open = Invitation.used_at.is_null() & Invitation.revoked_at.is_null()
    return int(Invitation.select().where((Invitation.party == own.id) & is_open & (Invitation.expires_at <= now)).count())


def _troubled() -> int:
    return int(OutgoingMail.select().where(OutgoingMail.sent_at.is_null() & (OutgoingMail.last_error != "")).count())
