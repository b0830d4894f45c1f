"""One-time links: into a party, or to a new password. The link holds the token, the row its hash."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import Expression

from server.domain.actions import Action
from server.domain.email_address import clean_address
from server.domain.errors import NotFound, RuleBroken
from server.domain.password import check_password
from server.domain.rights import Role
from server.domain.sentence import N_
from server.models.base import database
from server.models.party import Party
from server.models.people import Invitation, Membership, Purpose, User
from server.models.sessions import Session
from server.services import audit, letters
from server.services.passwords import hash_password
from server.services.tokens import new_token, token_hash

VALID = {Purpose.JOIN: timedelta(days=7), Purpose.RESET: timedelta(hours=2)}
LONGEST_NAME = 70  # characters


@dataclass(frozen=True, slots=True)
class Offer:
    """What a link that still works leads to."""

    purpose: Purpose
    email: str
    name: str
    """as the inviter wrote it, or as the user is called already"""
    party_name: str
    """empty for a new password"""
    role: Role | None
    language: str
    needs_name: bool
    needs_password: bool
    """False: the person has one already, and keeps it"""


def make_invitation(
    party: Party, *, email: str, name: str, role: Role, language: str, inviter: User | None, now: datetime, mail: bool = True
) -> tuple[int, str]:
    """Create a link into a party inside the caller's transaction; earlier ones for the same person stop working.

    Returns: the link's number and its token.
    """
    address = clean_address(email)
    member = Membership.select().join(User).where((Membership.party == party.id) & (User.email == address))
    if member.exists():
        raise RuleBroken(N_("{email} works here already."), field="email", email=address)
    same = (Invitation.party == party.id) & (Invitation.email == address)
    Invitation.update(revoked_at=now).where(same & _is_open()).execute()
    token, expires = new_token(), now + VALID[Purpose.JOIN]
    row = Invitation.create(
        token_hash=token_hash(token), purpose=Purpose.JOIN, party=party.id, email=address, name=clean_name(name, may_lack=True),
        role=role, language=language, created_by=inviter.id if inviter is not None else None, created_at=now, expires_at=expires,
    )  # fmt: skip
    if mail:
        letters.send_invitation(
            to=address, language=language, party=(party.id, party.legal_name), role=role,
            inviter=inviter.name if inviter is not None else "", token=token, expires=expires, now=now,
        )  # fmt: skip
    return row.id, token


def make_reset(user: User, *, now: datetime, mail: bool = True) -> str:
    """Create a link to a new password inside the caller's transaction, and return its token; earlier ones stop working."""
    same = (Invitation.email == user.email) & (Invitation.purpose == Purpose.RESET)
    Invitation.update(revoked_at=now).where(same & _is_open()).execute()
    token, expires = new_token(), now + VALID[Purpose.RESET]
    Invitation.create(
        token_hash=token_hash(token), purpose=Purpose.RESET, email=user.email, name=user.name, language=user.language,
        created_at=now, expires_at=expires,
    )  # fmt: skip
    if mail:
        letters.send_reset(to=user.email, language=user.language, token=token, expires=expires, now=now)
    return token


def look_at(token: str, *, now: datetime) -> Offer:
    """Return what a link leads to. Raises NotFound where it does not work, or no more."""
    row = _working(token, now)
    user = User.get_or_none(User.email == row.email)
    return Offer(
        purpose=row.purpose,
        email=row.email,
        name=user.name if user is not None else row.name,
        party_name=row.party.legal_name if row.party is not None else "",
        role=row.role,
        language=user.language if user is not None else row.language,
        needs_name=user is None,
        needs_password=row.purpose is Purpose.RESET or user is None or user.password_hash is None,
    )


def accept(token: str, *, name: str = "", password: str = "", now: datetime) -> None:
    """Use a link: create the user or set the password, and make the user a member.

    Args:
        token: what stands in the link.
        name: how a new user is called; not looked at where there is one.
        password: the password that is chosen; not looked at where the offer needs none.
        now: when.

    Raises: NotFound where the link does not work (any more); RuleBroken for the name or the password.
    """
    offer = look_at(token, now=now)
    called = clean_name(name) if offer.needs_name else offer.name
    hashed = None
    if offer.needs_password:
        check_password(password, known=(offer.email, called, offer.party_name))
        hashed = hash_password(password)  # takes long: before the transaction
    with database.atomic():
        row = _working(token, now)
        used = Invitation.update(used_at=now).where((Invitation.id == row.id) & _is_open()).execute()
        if not used:
            raise _not_working()
        # Somebody who was invited twice may open both links at once.
        User.insert(email=row.email, name=called, language=row.language, created_at=now).on_conflict_ignore().execute()
        user = User.get(User.email == row.email)
        if hashed is not None and (row.purpose is Purpose.RESET or user.password_hash is None):
            _set_password(user, hashed, now=now)
        if row.purpose is Purpose.JOIN:
            _join(user, row, now)
        else:
            record_for(user, Action.PASSWORD_SET, now=now)
            letters.send_notice(to=user.email, language=user.language, what=N_("Your password was changed."), now=now)


def clean_name(text: str, *, may_lack: bool = False) -> str:
    """Return a person's name without superfluous spaces. Raises RuleBroken."""
    name = " ".join(text.split())
    if not name and not may_lack:
        raise RuleBroken(N_("Please say your name."), field="name")
    if len(name) > LONGEST_NAME:
        raise RuleBroken(N_("A name has at most {count:character|characters}."), field="name", count=LONGEST_NAME)
    return name


def record_for(user: User, action: Action, *, now: datetime, details: Mapping[str, object] | None = None) -> None:
    """Add an entry about a user's own access to the log of each party in which the user works."""
    for member in Membership.select().where(Membership.user == user.id):
        audit.record(None, action, now=now, party_id=member.party_id, subject=("user", user.id), user_id=user.id, details=details)


def _set_password(user: User, hashed: str, *, now: datetime) -> None:
    """Keep a password's hash, and end every session: whoever had the old password is out."""
    User.update(password_hash=hashed).where(User.id == user.id).execute()
    Session.update(revoked_at=now).where((Session.user == user.id) & Session.revoked_at.is_null()).execute()


def _join(user: User, row: Invitation, now: datetime) -> None:
    assert row.party_id is not None
    assert row.role is not None
    Membership.insert(user=user.id, party=row.party_id, role=row.role).on_conflict_ignore().execute()
    Membership.update(role=row.role).where((Membership.user == user.id) & (Membership.party == row.party_id)).execute()
    audit.record(
        None, Action.INVITATION_ACCEPTED, now=now, party_id=row.party_id, subject=("user", user.id), user_id=user.id,
        details={"name": user.name, "email": user.email, "role": str(row.role)},
    )  # fmt: skip


def _is_open() -> Expression:
    condition: Expression = Invitation.used_at.is_null() & Invitation.revoked_at.is_null()
    return condition


def _working(token: str, now: datetime) -> Invitation:
    row = Invitation.get_or_none((Invitation.token_hash == token_hash(token)) & _is_open() & (Invitation.expires_at > now))
    if row is None or (row.purpose is Purpose.RESET and not User.select().where(User.email == row.email).exists()):
        raise _not_working()
    return row


def _not_working() -> NotFound:
    return NotFound(
        N_("This link does not work, or no more: it was used, replaced or withdrawn, or it is too old."),
        N_("Ask whoever invited you for a new one, or ask for a new password on the login page."),
    )
