"""The people of a party: invite, give another role, take access away. The last owner stays."""

from dataclasses import dataclass
from datetime import datetime

from peewee import Expression

from server.domain.actions import Action
from server.domain.email_address import clean_address
from server.domain.errors import NotAllowed, NotFound, RuleBroken
from server.domain.rights import Right, Role
from server.domain.sentence import N_
from server.language import LANGUAGES
from server.models.base import database
from server.models.party import Party
from server.models.people import Invitation, Membership, Purpose, User
from server.models.sessions import Session
from server.services import audit, invitations
from server.services.scope import Actor, visible_party


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who works at a party."""

    user_id: int
    name: str
    email: str
    role: Role
    has_two_factor: bool


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """Somebody who has not come in yet."""

    id: int
    email: str
    name: str
    role: Role
    created_at: datetime
    expires_at: datetime


def invite(actor: Actor, party_id: int, *, email: str, role: Role, name: str = "", language: str = "de", now: datetime) -> int:
    """Queue a link into a party for somebody, and return its number. An earlier link for the same person stops working.

    Raises: NotFound, NotAllowed; RuleBroken for the address, the name, or who works there already.
    """
    if language not in LANGUAGES:
        raise RuleBroken(N_("This language is not known here."), field="language")
    with database.atomic():
        party = _managed(actor, party_id)
        number, _token = invitations.make_invitation(
            party, email=email, name=name, role=role, language=language, inviter=User.get_by_id(actor.user_id), now=now
        )
        details = {"email": clean_address(email), "role": str(role)}
        audit.record(actor, Action.USER_INVITED, now=now, party_id=party.id, subject=("invitation", number), details=details)
    return number


def revoke_invitation(actor: Actor, party_id: int, invitation_id: int, *, now: datetime) -> None:
    """Let a link work no more. Raises NotFound (also where it was used or revoked), NotAllowed."""
    with database.atomic():
        party = _managed(actor, party_id)
        row = Invitation.get_or_none((Invitation.id == invitation_id) & _open_in(party.id))
        if row is None:
            raise NotFound(N_("There is no such invitation, or no more."))
        Invitation.update(revoked_at=now).where(Invitation.id == row.id).execute()
        audit.record(
            actor, Action.INVITATION_REVOKED, now=now, party_id=party.id, subject=("invitation", row.id),
            details={"email": row.email},
        )  # fmt: skip


def list_members(actor: Actor, party_id: int) -> tuple[Member, ...]:
    """Return who works at a party, by name. Raises NotFound."""
    party = visible_party(actor, party_id)
    rows = Membership.select(Membership, User).join(User).where(Membership.party == party.id).order_by(User.name, User.id)
    return tuple(Member(row.user_id, row.user.name, row.user.email, row.role, row.user.totp_secret is not None) for row in rows)


def list_invitations(actor: Actor, party_id: int) -> tuple[OpenInvitation, ...]:
    """Return who was invited to a party and has not come in yet, too late or not; newest first. Raises NotFound."""
    party = visible_party(actor, party_id)
    rows = Invitation.select().where(_open_in(party.id)).order_by(Invitation.id.desc())
    return tuple(
        OpenInvitation(row.id, row.email, row.name, row.role or Role.READ_ONLY, row.created_at, row.expires_at) for row in rows
    )


def change_role(actor: Actor, party_id: int, user_id: int, role: Role, *, now: datetime) -> None:
    """Give somebody another role. Raises NotFound, NotAllowed; RuleBroken for the last owner."""
    with database.atomic():
        party = _managed(actor, party_id)
        member = _member(party, user_id)
        if member.role is role:
            return
        _keep_an_owner(party, member)
        Membership.update(role=role).where(Membership.id == member.id).execute()
        details = {"name": member.user.name, "role": [str(member.role), str(role)]}
        audit.record(actor, Action.ROLE_CHANGED, now=now, party_id=party.id, subject=("user", user_id), details=details)


def remove_member(actor: Actor, party_id: int, user_id: int, *, now: datetime) -> None:
    """Take somebody's access to a party away, at once. Raises NotFound, NotAllowed; RuleBroken for the last owner."""
    with database.atomic():
        party = _managed(actor, party_id)
        member = _member(party, user_id)
        _keep_an_owner(party, member)
        Membership.delete().where(Membership.id == member.id).execute()
        theirs = (Session.user == user_id) & (Session.party == party.id) & Session.revoked_at.is_null()
        Session.update(revoked_at=now).where(theirs).execute()
        details = {"name": member.user.name, "email": member.user.email, "role": str(member.role)}
        audit.record(actor, Action.USER_REMOVED, now=now, party_id=party.id, subject=("user", user_id), details=details)


def _managed(actor: Actor, party_id: int) -> Party:
    """Return a party whose people the actor may change: the own, or one directly below. The row is locked for the transaction."""
    party = visible_party(actor, party_id)
    actor.need(Right.MANAGE_USERS)
    if actor.party_id not in {party.id, party.parent_id}:
        raise NotAllowed(
            N_("Your role does not permit to change the people of this party."),
            N_("They are changed by its own owners, and by those directly above it."),
        )
    # Two who each demote the other at once would leave no owner; they wait for each other here.
    Party.update(version=Party.version).where(Party.id == party.id).execute()
    return party


def _member(party: Party, user_id: int) -> Membership:
    row = Membership.get_or_none((Membership.party == party.id) & (Membership.user == user_id))
    if row is None:
        raise NotFound(N_("There is no such person."))
    return row


def _keep_an_owner(party: Party, member: Membership) -> None:
    if member.role is not Role.OWNER:
        return
    others = (Membership.party == party.id) & (Membership.role == Role.OWNER) & (Membership.id != member.id)
    if not Membership.select().where(others).exists():
        raise RuleBroken(
            N_("{name} is the last owner of {party}."),
            N_("Make somebody else an owner first."),
            field="role",
            name=member.user.name,
            party=party.legal_name,
        )


def _open_in(party_id: int) -> Expression:
    is_open = Invitation.used_at.is_null() & Invitation.revoked_at.is_null()
    return (Invitation.party == party_id) & (Invitation.purpose == Purpose.JOIN) & is_open
