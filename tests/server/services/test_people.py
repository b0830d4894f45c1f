"""How people come in, and how their access is changed and taken away."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest

from server.domain.actions import Action
from server.domain.errors import NotAllowed, NotFound, RuleBroken, ServerError
from server.domain.rights import Role
from server.models.audit import AuditEntry
from server.models.base import database as bound
from server.models.mail import OutgoingMail
from server.models.people import Invitation, Membership, User
from server.services import audit, invitations, login, people
from tests.server.family import NOW, Family
from tests.server.services.access import PASSWORD, actor_of, come_in, link_in_last_mail, log_in


def invite(family: Family, email: str = "new@example.com", party: str = "alpha", **wish: object) -> int:
    """Invite somebody into alpha as its owner would."""
    return people.invite(
        family.actor("alpha"),
        family[party],
        email=email,
        role=Role.SALES,
        language="de",
        now=NOW,
        **wish,  # type: ignore[arg-type]
    )


def test_who_is_invited_chooses_a_password_and_works(family: Family) -> None:
    """From the mail to the first page; nobody ever mails a password."""
    invite(family, "Neu@Example.com ", name="Nina Neu")
    token = link_in_last_mail("neu@example.com")

    offer = invitations.look_at(token, now=NOW)
    assert (offer.email, offer.name, offer.party_name, offer.role) == ("neu@example.com", "Nina Neu", "Alpha GmbH", Role.SALES)
    assert (offer.needs_name, offer.needs_password) == (True, True)
    invitations.accept(token, name="Nina  Neu ", password=PASSWORD, now=NOW)
    actor = actor_of(log_in("NEU@example.com"))
    assert (actor.party_id, actor.role) == (family["alpha"], Role.SALES)
    assert User.get(User.email == "neu@example.com").name == "Nina Neu"


def test_a_mail_is_in_the_language_of_its_reader_and_holds_the_link(family: Family) -> None:
    """German here, though the tests speak English."""
    invite(family)
    mail = OutgoingMail.get()

    assert mail.subject == "Ihr Zugang zu Alpha GmbH bei GlobalDataProtect"
    assert "hat Sie eingeladen, als „Vertrieb“ für Alpha GmbH zu arbeiten" in mail.text
    assert PASSWORD not in mail.text


@pytest.mark.parametrize("reason", ["used", "revoked", "old", "replaced", "invented"])
def test_a_link_works_once_and_not_for_ever(family: Family, reason: str) -> None:
    """Whatever ended it, the answer is the same."""
    number = invite(family)
    token, now = link_in_last_mail("new@example.com"), NOW
    match reason:
        case "used":
            invitations.accept(token, name="N", password=PASSWORD, now=NOW)
        case "revoked":
            people.revoke_invitation(family.actor("alpha"), family["alpha"], number, now=NOW)
        case "old":
            now += timedelta(days=7)
        case "replaced":
            invite(family)
        case _:
            token = "invented"
    before = Membership.select().count()

    with pytest.raises(NotFound, match="does not work"):
        invitations.accept(token, name="N", password=PASSWORD, now=now)
    assert Membership.select().count() == before
    assert token not in {row.token_hash for row in Invitation.select()}


def test_who_has_access_elsewhere_keeps_the_password(family: Family) -> None:
    """One person, two parties; the link alone changes nothing of the login."""
    email = come_in(family, "beta", "both@example.com")
    hashed = User.get(User.email == email).password_hash

    invite(family, email)
    offer = invitations.look_at(link_in_last_mail(email), now=NOW)
    assert (offer.needs_name, offer.needs_password) == (False, False)
    invitations.accept(link_in_last_mail(email), name="Other", password="", now=NOW)
    user = User.get(User.email == email)
    assert (user.password_hash, user.name) == (hashed, "Petra Probe")
    assert {row.party_id for row in Membership.select().where(Membership.user == user.id)} == {family["alpha"], family["beta"]}


@pytest.mark.parametrize("password", ["short", "passwordpassword", "new@example.com", "petra probe 2026", "x" * 501])
def test_passwords_that_others_guess_are_refused(family: Family, password: str) -> None:
    """And the link still works."""
    invite(family)
    token = link_in_last_mail("new@example.com")

    with pytest.raises(RuleBroken) as refused:
        invitations.accept(token, name="Petra Probe", password=password, now=NOW)
    assert refused.value.field == "password"
    invitations.accept(token, name="Petra Probe", password=PASSWORD, now=NOW)


@pytest.mark.parametrize(
    "email", ["", "x", "a@b", "a b@example.com", "a@exa mple.com", "a@example.com\nBcc: x@example.com", "a" * 250 + "@b.de"]
)
def test_what_is_no_address_is_refused(family: Family, email: str) -> None:
    """Also one that would add a line to the mail's head."""
    with pytest.raises(RuleBroken) as refused:
        invite(family, email)
    assert refused.value.field == "email"


@pytest.mark.parametrize(
    ("actor", "party", "refusal"),
    [
        ("alpha", "beta", NotFound),
        ("alpha", "north", NotFound),
        ("alpha", "operator", NotFound),
        ("anna", "alpha", NotFound),
        ("north", "anna", NotAllowed),
        ("operator", "alpha", NotAllowed),
        ("alpha", "alpha", None),
        ("alpha", "anna", None),
        ("operator", "north", None),
    ],
)
def test_people_are_managed_by_the_own_owners_and_those_directly_above(
    family: Family, actor: str, party: str, refusal: type[ServerError] | None
) -> None:
    """What is foreign does not exist; what lies deeper is reached by logging in as the party between."""
    come_in(family, party, "there@example.com")
    number = people.invite(family.actor(party), family[party], email="open@example.com", role=Role.SALES, now=NOW)
    user = User.get(User.email == "there@example.com").id
    who = family.actor(actor)
    steps = (
        lambda: people.invite(who, family[party], email="x@example.com", role=Role.SALES, now=NOW),
        lambda: people.revoke_invitation(who, family[party], number, now=NOW),
        lambda: people.change_role(who, family[party], user, Role.SUPPORT, now=NOW),
        lambda: people.remove_member(who, family[party], user, now=NOW),
    )

    for step in steps:
        if refusal is None:
            step()
            continue
        with pytest.raises(refusal):
            step()


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OWNER])
def test_only_owners_manage_people(family: Family, role: Role) -> None:
    """All others are told so, for they see the party."""
    with pytest.raises(NotAllowed):
        people.invite(family.actor("alpha", role), family["alpha"], email="x@example.com", role=Role.SALES, now=NOW)
    assert people.list_members(family.actor("alpha", role), family["alpha"])


def test_the_last_owner_stays(family: Family) -> None:
    """Nobody locks a party out; with a second owner, the first may go."""
    owner = family.actor("alpha")
    with pytest.raises(RuleBroken, match="last owner"):
        people.remove_member(owner, family["alpha"], owner.user_id, now=NOW)
    with pytest.raises(RuleBroken, match="last owner"):
        people.change_role(family.actor("north"), family["alpha"], owner.user_id, Role.SALES, now=NOW)

    come_in(family, "alpha", "second@example.com")
    people.remove_member(owner, family["alpha"], owner.user_id, now=NOW)
    assert [member.email for member in people.list_members(family.actor("north"), family["alpha"])] == ["second@example.com"]


def test_who_is_removed_is_out_at_once(family: Family) -> None:
    """Not when the session ends."""
    email = come_in(family, "alpha", "out@example.com", Role.SALES)
    token = log_in(email)
    user = User.get(User.email == email).id

    people.remove_member(family.actor("alpha"), family["alpha"], user, now=NOW)
    assert login.session_of(token, now=NOW) is None
    with pytest.raises(ServerError, match="wrong"):
        log_in(email)


def test_a_role_counts_from_the_next_click(family: Family) -> None:
    """Without logging in again."""
    token = log_in(come_in(family, "alpha", "role@example.com", Role.SALES))
    user = User.get(User.email == "role@example.com").id

    people.change_role(family.actor("alpha"), family["alpha"], user, Role.READ_ONLY, now=NOW)
    assert actor_of(token).role is Role.READ_ONLY


def test_everything_is_in_the_log_of_the_party_and_nothing_secret(family: Family) -> None:
    """Who, what, before and after."""
    come_in(family, "alpha", "log@example.com", Role.SALES)
    user = User.get(User.email == "log@example.com")
    people.change_role(family.actor("alpha"), family["alpha"], user.id, Role.SUPPORT, now=NOW)
    people.remove_member(family.actor("north"), family["alpha"], user.id, now=NOW)

    told = audit.entries(family.actor("alpha")).items
    assert [(entry.action, entry.user_name) for entry in told] == [
        (Action.USER_REMOVED, "Owner of north"),
        (Action.ROLE_CHANGED, "Owner of alpha"),
        (Action.INVITATION_ACCEPTED, "Petra Probe"),
        (Action.USER_INVITED, "Owner of alpha"),
    ]
    assert told[1].details["role"] == ["sales", "support"]
    assert audit.entries(family.actor("beta")).items == ()
    assert audit.entries(family.actor("north"), party_id=family["alpha"]).total == 4
    with pytest.raises(NotFound):
        audit.entries(family.actor("beta"), party_id=family["alpha"])
    with pytest.raises(NotAllowed):
        audit.entries(family.actor("alpha", Role.SALES))
    everything = " ".join(row.details for row in AuditEntry.select())
    assert PASSWORD not in everything
    assert "argon2" not in everything


def at_once(*steps: Callable[[], object]) -> list[str]:
    """Take steps at the same moment, each in a thread with a connection of its own; return what became of them."""
    outcomes: list[str] = []
    together = threading.Barrier(len(steps))

    def take(step: Callable[[], object]) -> None:
        with bound.connection_context():
            together.wait(30)
            try:
                step()
                outcomes.append("done")
            except ServerError as error:
                outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=take, args=(step,)) for step in steps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return sorted(outcomes)


def test_two_owners_who_remove_each_other_do_not_leave_the_party_without(family: Family) -> None:
    """At the same moment, again and again: one of them stays."""
    come_in(family, "alpha", "second@example.com")
    first, second = family.actor("alpha").user_id, User.get(User.email == "second@example.com").id
    actor = family.actor("north")
    for _ in range(8):
        Membership.update(role=Role.OWNER).where(Membership.party == family["alpha"]).execute()
        outcomes = at_once(
            lambda: people.change_role(actor, family["alpha"], first, Role.SALES, now=NOW),
            lambda: people.change_role(actor, family["alpha"], second, Role.SALES, now=NOW),
        )

        assert outcomes == ["RuleBroken", "done"]


def test_a_link_that_is_used_twice_at_once_works_once(family: Family) -> None:
    """A double click, or somebody who has read the mail as well."""
    for number in range(4):
        email = f"n{number}@example.com"
        invite(family, email)
        token = link_in_last_mail(email)
        use = lambda: invitations.accept(token, name="N", password=PASSWORD, now=NOW)  # noqa: B023, E731 used at once

        assert at_once(use, use, use) == ["NotFound", "NotFound", "done"]


def test_a_long_log_is_read_page_by_page_from_its_end(family: Family) -> None:
    """Newest first, and nothing of the neighbour's."""
    for number in range(120):
        audit.record(None, Action.PARTY_CHANGED, now=NOW, party_id=family["anna"], subject=("party", number))
    pages = [audit.entries(family.actor("alpha"), page=number) for number in (1, 2, 3)]

    assert [entry.subject_id for page in pages for entry in page.items] == list(range(119, -1, -1))
    assert audit.entries(family.actor("beta")).items == ()
    assert len(audit.entries(family.actor("operator")).items) == 50
