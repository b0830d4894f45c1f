"""The second factor itself: codes of an app (TOTP, RFC 6238) and recovery codes, each taken once; and who must have one."""

import hmac
from datetime import datetime

import pyotp

from server.domain.actions import Action
from server.domain.sentence import N_
from server.models.base import database
from server.models.party import Party
from server.models.people import RecoveryCode, User
from server.services import invitations, letters
from server.services.tokens import recovery_code_hash

WRONG_CODE = (
    N_("This code is wrong, or was used before."),
    N_("Wait for the next one. Check the time of your phone."),
)
STEP_SECONDS = 30
_SLACK = (0, -1, 1)  # steps: clocks differ, and people type slowly
_CODE_LENGTH = 6


def take(user: User, code: str, *, now: datetime) -> bool:
    """Say whether a code is right for somebody, and see to it that it is not taken again."""
    typed = "".join(code.split())
    if user.totp_secret is None:
        return False
    if len(typed) == _CODE_LENGTH and typed.isdecimal() and typed.isascii():
        return _take_step(user, user.totp_secret, typed, now)
    return _take_recovery_code(user, typed, now)


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the step of time whose code this is; None where it is of none close to now."""
    generator, current = pyotp.TOTP(secret, interval=STEP_SECONDS), int(now.timestamp()) // STEP_SECONDS
    steps = (current + slack for slack in _SLACK)
    return next((step for step in steps if hmac.compare_digest(generator.generate_otp(step), code)), None)


def is_demanded(party: Party) -> bool:
    """Say whether a party, or one above it, demands a second factor of its people."""
    while not party.requires_two_factor and party.parent_id is not None:
        party = Party.get_by_id(party.parent_id)
    return party.requires_two_factor


def _take_step(user: User, secret: str, code: str, now: datetime) -> bool:
    step = step_of(secret, code, now)
    if step is None:
        return False
    newer = (User.id == user.id) & (User.totp_last_step < step)
    return bool(User.update(totp_last_step=step).where(newer).execute())


def _take_recovery_code(user: User, code: str, now: datetime) -> bool:
    known = (RecoveryCode.user == user.id) & (RecoveryCode.code_hash == recovery_code_hash(user.id, code))
    with database.atomic():
        if not RecoveryCode.update(used_at=now).where(known & RecoveryCode.used_at.is_null()).execute():
            return False
        invitations.record_for(user, Action.RECOVERY_CODE_USED, now=now)
        letters.send_notice(to=user.email, language=user.language, what=N_("A recovery code was used to log in."), now=now)
    return True
