"""Switching the second factor on and off, and its recovery codes."""

from dataclasses import dataclass
from datetime import datetime

import pyotp

from server.domain.actions import Action
from server.domain.errors import LoginRefused, RuleBroken
from server.domain.sentence import N_
from server.models.base import database
from server.models.party import Party
from server.models.people import Membership, RecoveryCode, User
from server.models.sessions import Session
from server.services import invitations, letters, second_factor
from server.services.attempts import attempt
from server.services.scope import Actor
from server.services.tokens import new_recovery_code, recovery_code_hash

ISSUER = "GlobalDataProtect"
RECOVERY_CODES = 10


@dataclass(frozen=True, slots=True)
class Offer:
    """A secret that an app is to keep."""

    secret: str
    """base32"""
    uri: str
    """``otpauth://...``, to be shown as a QR code"""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is switched on."""

    is_on: bool
    codes_left: int
    is_required: bool
    """a party above demands it: it cannot be switched off"""


def standing(actor: Actor) -> Standing:
    """Return what the person has switched on."""
    user = User.get_by_id(actor.user_id)
    left = RecoveryCode.select().where((RecoveryCode.user == user.id) & RecoveryCode.used_at.is_null()).count()
    return Standing(user.totp_secret is not None, left, _is_required(user))


def begin(actor: Actor) -> Offer:
    """Return a secret for the person's app: the same each time, until ``confirm``. Raises RuleBroken where it is on already."""
    user = User.get_by_id(actor.user_id)
    if user.totp_secret is not None:
        raise RuleBroken(N_("The second factor is on already."))
    with database.atomic():
        session = Session.get_by_id(actor.session_id)
        secret = session.totp_offer or pyotp.random_base32()
        if session.totp_offer is None:
            Session.update(totp_offer=secret).where(Session.id == session.id).execute()
    return Offer(secret, pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=ISSUER))


def confirm(actor: Actor, code: str, *, now: datetime) -> tuple[str, ...]:
    """Switch it on for who can say the app's code, and return the recovery codes: they are shown once. Raises RuleBroken."""
    with database.atomic():
        session, user = Session.get_by_id(actor.session_id), User.get_by_id(actor.user_id)
        if session.totp_offer is None or user.totp_secret is not None:
            raise RuleBroken(N_("There is nothing to confirm."), N_("Begin again."), field="code")
        step = second_factor.step_of(session.totp_offer, "".join(code.split()), now)
        if step is None:
            raise RuleBroken(
                N_("This is not the code that the app shows now."), N_("Check the time of your phone."), field="code"
            )
        User.update(totp_secret=session.totp_offer, totp_last_step=step).where(User.id == user.id).execute()
        Session.update(totp_offer=None).where(Session.user == user.id).execute()
        others = (Session.user == user.id) & (Session.id != session.id) & Session.revoked_at.is_null()
        Session.update(revoked_at=now).where(others).execute()
        codes = _new_codes(user)
        invitations.record_for(user, Action.TWO_FACTOR_ON, now=now)
    return codes


def disable(actor: Actor, code: str, *, address: str, now: datetime) -> None:
    """Switch it off for who can say a code. Raises RuleBroken where it is demanded; LoginRefused, TooManyAttempts."""
    user = _proven(actor, code, address=address, now=now, demanded=N_("A party above requires the second factor."))
    with database.atomic():
        User.update(totp_secret=None).where(User.id == user.id).execute()
        RecoveryCode.delete().where(RecoveryCode.user == user.id).execute()
        invitations.record_for(user, Action.TWO_FACTOR_OFF, now=now)
        letters.send_notice(to=user.email, language=user.language, what=N_("Your second factor was switched off."), now=now)


def renew_codes(actor: Actor, code: str, *, address: str, now: datetime) -> tuple[str, ...]:
    """Return new recovery codes; the old ones stop working. Raises LoginRefused, TooManyAttempts."""
    user = _proven(actor, code, address=address, now=now)
    with database.atomic():
        codes = _new_codes(user)
        invitations.record_for(user, Action.RECOVERY_CODES_MADE, now=now)
    return codes


def _proven(actor: Actor, code: str, *, address: str, now: datetime, demanded: str = "") -> User:
    user = User.get_by_id(actor.user_id)
    if user.totp_secret is None:
        raise RuleBroken(N_("The second factor is off."), field="code")
    if demanded and _is_required(user):
        raise RuleBroken(demanded, field="code")
    with attempt(user.email, address, now=now):
        if not second_factor.take(user, code, now=now):
            raise LoginRefused(*second_factor.WRONG_CODE, field="code")
    return user


def _new_codes(user: User) -> tuple[str, ...]:
    RecoveryCode.delete().where(RecoveryCode.user == user.id).execute()
    codes = tuple(new_recovery_code() for _ in range(RECOVERY_CODES))
    for code in codes:
        RecoveryCode.create(user=user.id, code_hash=recovery_code_hash(user.id, code))
    return codes


def _is_required(user: User) -> bool:
    members = Membership.select(Membership, Party).join(Party).where(Membership.user == user.id)
    return any(second_factor.is_demanded(member.party) for member in members)
