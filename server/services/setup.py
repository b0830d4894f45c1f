"""The first step: the operator, and the link by which its first user comes in."""

from datetime import datetime

from server.domain.actions import Action
from server.domain.errors import SetupError
from server.domain.party import PartyKind
from server.domain.rights import Role
from server.domain.sentence import N_
from server.models.base import database
from server.models.party import Party
from server.models.people import User
from server.services import audit, invitations


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
