"""The first step."""

import pytest
from peewee import Database

from server.domain.errors import NotFound, RuleBroken, SetupError
from server.domain.party import PartyKind
from server.models.mail import OutgoingMail
from server.services import invitations, setup
from tests.server.family import NOW
from tests.server.services.access import PASSWORD, actor_of, log_in


def create(name: str = "GDP GmbH", email: str = "chef@example.com") -> str:
    """Create the operator."""
    return setup.create_operator(name=name, email=email, language="de", now=NOW)


def test_the_link_leads_to_the_operator_s_first_owner(database: Database) -> None:
    """Without a mail: there may be no mail server yet."""
    del database
    invitations.accept(create(), name="Chef", password=PASSWORD, now=NOW)

    assert actor_of(log_in("chef@example.com")).kind is PartyKind.OPERATOR
    assert OutgoingMail.select().count() == 0


def test_it_can_be_said_again_until_somebody_is_in(database: Database) -> None:
    """A lost link is replaced; a server that is used is left alone."""
    del database
    first, second = create("GDP"), create()
    with pytest.raises(NotFound):
        invitations.look_at(first, now=NOW)

    assert invitations.look_at(second, now=NOW).party_name == "GDP GmbH"
    invitations.accept(second, name="Chef", password=PASSWORD, now=NOW)
    with pytest.raises(SetupError, match="set up already, for GDP GmbH"):
        create()


@pytest.mark.parametrize(("name", "email"), [(" ", "a@example.com"), ("GDP", "nobody")])
def test_bad_words_leave_nothing_behind(database: Database, name: str, email: str) -> None:
    """The next try begins anew."""
    del database
    with pytest.raises(RuleBroken):
        create(name, email)

    assert create()
