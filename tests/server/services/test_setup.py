"""The first step."""

import pytest
from peewee import Database

from server.domain.actions import Action
from server.domain.errors import NotFound, RuleBroken, SetupError
from server.domain.party import PartyKind
from server.models.mail import OutgoingMail
from server.services import audit, invitations, login, setup
from tests.server.family import NOW, Family
from tests.server.services.access import ADDRESS, PASSWORD, actor_of, come_in, log_in, set_up_app


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


@pytest.mark.parametrize("without_second_factor", [False, True])
def test_who_has_lost_everything_is_let_in_by_whoever_runs_the_server(family: Family, without_second_factor: bool) -> None:
    """By a link without a mail; the party sees it in its log."""
    email = come_in(family, "alpha", "lost@example.com")
    token = log_in(email)
    set_up_app(token)

    link = setup.rescue(" LOST@example.com", without_second_factor=without_second_factor, now=NOW)
    invitations.accept(link, password="neun graue Wale singen", now=NOW)
    entry = login.log_in(email, "neun graue Wale singen", address=ADDRESS, agent="", now=NOW)
    assert entry.needs_code is not without_second_factor
    assert Action.RESCUED in {one.action for one in audit.entries(family.actor("alpha")).items}
    with pytest.raises(SetupError, match="Nobody with the address"):
        setup.rescue("nobody@example.com", without_second_factor=False, now=NOW)


@pytest.mark.parametrize(("name", "email"), [(" ", "a@example.com"), ("GDP", "nobody")])
def test_bad_words_leave_nothing_behind(database: Database, name: str, email: str) -> None:
    """The next try begins anew."""
    del database
    with pytest.raises(RuleBroken):
        create(name, email)

    assert create()
