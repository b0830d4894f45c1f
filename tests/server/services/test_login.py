"""The door: who gets in, who is kept out and for how long, and when a session ends."""

import threading
from datetime import timedelta

import pytest
from peewee import Database

from server.domain.errors import LoginRefused, NotFound, RuleBroken, TooManyAttempts
from server.models.base import database as bound
from server.models.mail import OutgoingMail
from server.models.people import Membership, User
from server.models.sessions import LoginAttempt, Session
from server.services import invitations, login
from server.services.attempts import MOST_BY_ADDRESS, MOST_BY_EMAIL, MOST_MAILS, WINDOW
from tests.server.family import NOW, Family
from tests.server.services.access import ADDRESS, PASSWORD, actor_of, come_in, link_in_last_mail, log_in

WRONG = "vier blaue Elche schlafen"
EMAIL = "petra@example.com"


@pytest.fixture
def petra(family: Family) -> str:
    """Somebody with a password, who owns alpha."""
    return come_in(family, "alpha", EMAIL)


def fail(times: int, email: str = EMAIL, address: str = ADDRESS) -> None:
    """Type a wrong password so often."""
    for _ in range(times):
        with pytest.raises(LoginRefused):
            log_in(email, WRONG, address=address)


def test_all_refusals_sound_the_same(petra: str, family: Family) -> None:
    """Nobody learns from them who has access."""
    come_in(family, "beta", "gone@example.com")
    come_in(family, "beta", "off@example.com")
    Membership.delete().where(Membership.user == User.get(User.email == "gone@example.com").id).execute()
    User.update(disabled_at=NOW).where(User.email == "off@example.com").execute()
    said = set()
    for email, password in (
        (petra, WRONG),
        ("nobody@example.com", WRONG),
        ("gone@example.com", PASSWORD),
        ("off@example.com", PASSWORD),
    ):
        with pytest.raises(LoginRefused) as refused:
            log_in(email, password)
        said.add((str(refused.value), refused.value.hint, refused.value.field))

    assert len(said) == 1


def test_the_row_does_not_hold_the_token(petra: str) -> None:
    """Whoever reads the database cannot use it."""
    token = log_in(petra)

    assert token not in Session.get().token_hash
    assert login.session_of(Session.get().token_hash, now=NOW) is None


def test_passwords_cannot_be_guessed(petra: str, database: Database) -> None:
    """Also the right one is not tried any more, whoever asks, and after a restart; later it is."""
    fail(MOST_BY_EMAIL)
    database.close()

    for address in (ADDRESS, "198.51.100.1"):
        with pytest.raises(TooManyAttempts) as refused:
            log_in(petra, address=address)
        assert refused.value.facts["minutes"] == 15
    later = NOW + WINDOW - timedelta(seconds=61)
    with pytest.raises(TooManyAttempts, match="2 minutes"):
        log_in(petra, now=later)
    assert actor_of(log_in(petra, now=NOW + WINDOW), now=NOW + WINDOW).party_id


def test_who_is_refused_for_trying_too_often_is_not_kept_out_for_ever(petra: str) -> None:
    """Attempts that were not made do not count."""
    fail(MOST_BY_EMAIL)
    for minutes in range(15):
        with pytest.raises(TooManyAttempts):
            log_in(petra, now=NOW + timedelta(minutes=minutes))

    assert log_in(petra, now=NOW + WINDOW)


def test_many_accounts_cannot_be_tried_from_one_address(petra: str) -> None:
    """Somebody else, elsewhere, gets in."""
    for number in range(MOST_BY_ADDRESS):
        LoginAttempt.create(subject=f"address:{ADDRESS}", at=NOW - timedelta(seconds=number))

    with pytest.raises(TooManyAttempts):
        log_in(petra)
    assert log_in(petra, address="198.51.100.1")


def test_who_mistypes_now_and_then_gets_in(petra: str) -> None:
    """Successes cost nothing, however many."""
    fail(MOST_BY_EMAIL - 1)
    for _ in range(MOST_BY_EMAIL):
        assert log_in(petra)


def test_attempts_at_the_same_moment_are_all_counted(petra: str) -> None:
    """Twice as many as allowed at once: no more get through than allowed one by one."""
    outcomes: list[str] = []

    def guess() -> None:
        with bound.connection_context():
            try:
                log_in(petra, WRONG)
            except (LoginRefused, TooManyAttempts) as error:
                outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=guess) for _ in range(2 * MOST_BY_EMAIL)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(outcomes) == 2 * MOST_BY_EMAIL
    assert outcomes.count("LoginRefused") <= MOST_BY_EMAIL


@pytest.mark.parametrize(
    ("used_every", "lasts"),
    [(timedelta(hours=13), timedelta(0)), (timedelta(hours=11), timedelta(days=29, hours=12))],
    ids=["not used", "used daily"],
)
def test_a_session_ends_when_nobody_uses_it_and_after_a_month(petra: str, used_every: timedelta, lasts: timedelta) -> None:
    """A forgotten browser is no open door."""
    token, now = log_in(petra), NOW
    while login.session_of(token, now=now + used_every) is not None:
        now += used_every

    assert lasts <= now - NOW < timedelta(days=30)


def test_logging_out_ends_it(petra: str) -> None:
    """In this browser; the other one goes on."""
    here, there = log_in(petra), log_in(petra)

    login.log_out(here, now=NOW)
    assert login.session_of(here, now=NOW) is None
    assert login.session_of(there, now=NOW) is not None
    login.log_out("no token", now=NOW)


def test_sessions_are_listed_and_ended_by_their_owner_alone(petra: str, family: Family) -> None:
    """A foreign one does not exist."""
    here, there = actor_of(log_in(petra)), log_in(petra, address="198.51.100.1")
    foreign = actor_of(log_in(come_in(family, "beta", "bernd@example.com")))

    listed = {one.address: one for one in login.list_sessions(here, now=NOW)}
    assert {address: one.is_current for address, one in listed.items()} == {ADDRESS: True, "198.51.100.1": False}
    other = listed["198.51.100.1"].id
    with pytest.raises(NotFound):
        login.revoke_session(foreign, other, now=NOW)
    login.revoke_session(here, other, now=NOW)
    assert login.session_of(there, now=NOW) is None
    with pytest.raises(NotFound):
        login.revoke_session(here, other, now=NOW)


def test_a_new_password_ends_the_other_sessions(petra: str) -> None:
    """The old one must be known; a mail tells of it."""
    token, other = log_in(petra), log_in(petra)
    with pytest.raises(LoginRefused) as refused:
        login.change_password(actor_of(token), WRONG, "neun graue Wale singen", address=ADDRESS, now=NOW)
    assert refused.value.field == "old_password"
    with pytest.raises(RuleBroken):
        login.change_password(actor_of(token), PASSWORD, "short", address=ADDRESS, now=NOW)

    login.change_password(actor_of(token), PASSWORD, "neun graue Wale singen", address=ADDRESS, now=NOW)
    assert login.session_of(token, now=NOW) is not None
    assert login.session_of(other, now=NOW) is None
    assert log_in(petra, "neun graue Wale singen")
    fail(1)
    assert OutgoingMail.select().where(OutgoingMail.subject.contains("was changed")).count() == 1


def test_a_forgotten_password_is_chosen_anew_by_mail(petra: str) -> None:
    """All sessions end: the old one may be in wrong hands."""
    token = log_in(petra)
    login.request_reset(" PETRA@example.com", address=ADDRESS, now=NOW)

    link = link_in_last_mail(petra)
    invitations.accept(link, password="neun graue Wale singen", now=NOW + timedelta(hours=1))
    assert login.session_of(token, now=NOW) is None
    assert log_in(petra, "neun graue Wale singen")
    with pytest.raises(NotFound):
        invitations.accept(link, password="zehn graue Wale singen", now=NOW)


def test_links_to_a_new_password_are_few_and_short_lived(petra: str) -> None:
    """Nobody's mailbox is filled; an old link found in it is worth nothing. Whether the address is known cannot be told."""
    mails = OutgoingMail.select().count()
    for email in (petra, "nobody@example.com"):
        for _ in range(MOST_MAILS):
            login.request_reset(email, address=ADDRESS, now=NOW)
        with pytest.raises(TooManyAttempts):
            login.request_reset(email, address=ADDRESS, now=NOW)

    assert OutgoingMail.select().count() == mails + MOST_MAILS
    with pytest.raises(NotFound):
        invitations.accept(link_in_last_mail(petra), password=PASSWORD, now=NOW + timedelta(hours=2))
