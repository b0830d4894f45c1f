"""What only whoever runs the server does: create the operator, and let somebody in who has lost every way."""

from datetime import datetime

from server.domain.actions import Action
from server.domain.errors import SetupError
from server.domain.party import PartyKind
from server.domain.rights import Role
from server.domain.sentence import N_
from server.models.base import database
from server.models.party import Party
from server.models.people import RecoveryCode, User
from server.services import audit, invitations


def rescue(email: str, *, without_second_factor: bool, now: datetime) -> str:
    """Return the token of a link to a new password for somebody who has no other way in: no mailbox, no phone, no codes.

    For whoever runs the server alone: there is no page for it. It stands in the log of each party in which the person works.

    Args:
        email: whose access it is.
        without_second_factor: switch that off, too.
        now: when.

    Raises: SetupError where nobody has that address.
    """
    with database.atomic():
        user = User.get_or_none(User.email == email.strip().lower())
        if user is None:
            raise SetupError(N_("Nobody with the address {email} has access."), email=email)
        invitations.record_for(user, Action.RESCUED, now=now, details={"second_factor": "off"} if without_second_factor else None)
        if without_second_factor:
            User.update(totp_secret=None).where(User.id == user.id).execute()
            RecoveryCode.delete().where(RecoveryCode.user == user.id).execute()
        return invitations.make_reset(user, now=now, mail=False)


def create_operator(*, name: str, email: str, language: str, now: datetime) -> str:
    """Create the operator, and return the token of its first owner's link. No mail is sent: there may be no mail server yet.

    Said again before anybody has come in, it returns a new link; the old one stops working.

    Raises:
        SetupError: there is an operator whose users have come in.
        RuleBroken: the name or the address is none.
    """
    called = invitations.clean_name(name)
    with database.atomic():
        operator = Party.get_or_none(Party.kind == PartyKind.OPERATOR)
        if operator is not None and User.select().exists():
            raise SetupError(
                N_("The server is set up already, for {name}."), N_("Log in, and change it there."), name=operator.legal_name
            )
        if operator is None:
            operator = Party.create(kind=PartyKind.OPERATOR, legal_name=called, email=email.strip(), created_at=now)
            audit.record(None, Action.SERVER_SET_UP, now=now, party_id=operator.id, subject=("party", operator.id))
        else:
            Party.update(legal_name=called).where(Party.id == operator.id).execute()
        _id, token = invitations.make_invitation(
            operator, email=email, name="", role=Role.OWNER, language=language, inviter=None, now=now, mail=False
        )
    return token
