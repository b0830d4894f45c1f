"""Somebody who comes in through the front door: invited, password set, logged in."""

import re
from datetime import datetime

import pyotp

from server.domain.rights import Role
from server.models.mail import OutgoingMail
from server.services import invitations, login, people, twofactor
from server.services.scope import Actor
from tests.server.family import NOW, Family

PASSWORD = "vier blaue Elche tanzen"
ADDRESS = "192.0.2.7"


def link_in_last_mail(to: str) -> str:
    """Return the token of the link in the latest mail to somebody."""
    mail = OutgoingMail.select().where(OutgoingMail.recipient == to).order_by(OutgoingMail.id.desc()).get()
    found = re.search(r"/invitation/(\S+)", mail.text)
    assert found, mail.text
    return found[1]


def come_in(
    family: Family, party: str, email: str, role: Role = Role.OWNER, *, inviter: str | None = None, now: datetime = NOW
) -> str:
    """Invite somebody into a party, let him set his password, and return his address."""
    people.invite(family.actor(inviter or party), family[party], email=email, role=role, language="en", now=now)
    invitations.accept(link_in_last_mail(email), name="Petra Probe", password=PASSWORD, now=now)
    return email


def log_in(email: str, password: str = PASSWORD, *, now: datetime = NOW, address: str = ADDRESS) -> str:
    """Log in without a second factor, and return the token."""
    return login.log_in(email, password, address=address, agent="Firefox", now=now).token


def actor_of(token: str, *, now: datetime = NOW) -> Actor:
    """Return who a token stands for, who must be somebody."""
    found = login.session_of(token, now=now)
    assert found is not None
    return found


def set_up_app(token: str, *, now: datetime = NOW) -> tuple[pyotp.TOTP, tuple[str, ...]]:
    """Switch the second factor on, and return the app and the recovery codes."""
    actor = actor_of(token, now=now)
    app = pyotp.TOTP(twofactor.begin(actor).secret)
    return app, twofactor.confirm(actor, app.at(now), now=now)
