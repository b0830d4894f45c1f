"""The second factor: every code once, recovery codes when the phone is lost, and demanded from above."""

import threading
from datetime import timedelta

import pytest

from server.domain.errors import LoginRefused, NotAllowed, RuleBroken, TooManyAttempts
from server.domain.rights import Right
from server.models.base import database as bound
from server.models.party import Party
from server.models.people import RecoveryCode, User
from server.services import login, twofactor
from server.services.attempts import MOST_BY_EMAIL
from tests.server.family import NOW, Family
from tests.server.services.access import ADDRESS, PASSWORD, actor_of, come_in, log_in, set_up_app

LATER = NOW + timedelta(minutes=1)
EMAIL = "petra@example.com"


@pytest.fixture
def token(family: Family) -> str:
    """The session of somebody who owns alpha."""
    return log_in(come_in(family, "alpha", EMAIL))


def confirm(code: str, *, token: str | None = None) -> str:
    """Log in by password, then by a code; return the token."""
    token = token or log_in(EMAIL, now=LATER)
    login.confirm_code(token, code, address=ADDRESS, now=LATER)
    return token


def test_the_password_alone_opens_nothing_any_more(token: str) -> None:
    """Until the code has come."""
    app, _codes = set_up_app(token)
    entry = login.log_in(EMAIL, PASSWORD, address=ADDRESS, agent="", now=LATER)

    assert entry.needs_code
    assert login.session_of(entry.token, now=LATER) is None
    confirm(app.at(LATER), token=entry.token)
    assert login.session_of(entry.token, now=LATER) is not None


def test_a_code_is_taken_once(token: str) -> None:
    """Not even that which switched it on; who looks over a shoulder gains nothing."""
    app, _codes = set_up_app(token)
    with pytest.raises(LoginRefused):
        confirm(app.at(NOW))

    confirm(app.at(LATER))
    with pytest.raises(LoginRefused):
        confirm(app.at(LATER))


def test_a_code_is_taken_once_also_by_two_at_the_same_moment(token: str) -> None:
    """One of them is in."""
    app, _codes = set_up_app(token)
    tokens = [log_in(EMAIL, now=LATER) for _ in range(4)]
    outcomes: list[bool] = []

    def run(one: str) -> None:
        with bound.connection_context():
            try:
                confirm(app.at(LATER), token=one)
                outcomes.append(True)
            except LoginRefused:
                outcomes.append(False)

    threads = [threading.Thread(target=run, args=(one,)) for one in tokens]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(outcomes) == [False, False, False, True]


@pytest.mark.parametrize(("seconds", "is_taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_clocks_may_differ_by_half_a_minute(token: str, seconds: int, is_taken: bool) -> None:
    """A phone's clock is not ours."""
    app, _codes = set_up_app(token, now=NOW - timedelta(minutes=5))
    code = app.at(LATER + timedelta(seconds=seconds))
    if is_taken:
        assert confirm(code)
        return
    with pytest.raises(LoginRefused):
        confirm(code)


@pytest.mark.parametrize("code", ["", "000000", "12345", "١٢٣٤٥٦", "abcde-fghjk", "0" * 5000])
def test_anything_else_is_refused(token: str, code: str) -> None:
    """Without an error of another kind."""
    set_up_app(token)
    with pytest.raises(LoginRefused):
        confirm(code)


def test_a_recovery_code_stands_in_once(token: str) -> None:
    """However it is typed in."""
    _app, codes = set_up_app(token)
    assert len(set(codes)) == 10
    actor = actor_of(confirm(codes[0].upper().replace("-", " ")))

    assert twofactor.standing(actor).codes_left == 9
    with pytest.raises(LoginRefused):
        confirm(codes[0])
    assert codes[1] not in {row.code_hash for row in RecoveryCode.select()}


def test_codes_cannot_be_guessed(token: str) -> None:
    """Not even by who knows the password and begins anew each time."""
    app, _codes = set_up_app(token)
    for _ in range(MOST_BY_EMAIL):
        with pytest.raises(LoginRefused):
            confirm("000000")

    with pytest.raises(TooManyAttempts):
        login.log_in(EMAIL, PASSWORD, address=ADDRESS, agent="", now=LATER)
    assert app.at(LATER)


def test_the_code_must_come_soon(token: str) -> None:
    """Half a login is not kept open."""
    app, _codes = set_up_app(token)
    half = log_in(EMAIL, now=LATER)
    late = LATER + timedelta(minutes=10)

    with pytest.raises(LoginRefused, match="too long"):
        login.confirm_code(half, app.at(late), address=ADDRESS, now=late)


def test_it_is_switched_on_only_by_who_has_the_secret(token: str) -> None:
    """The same secret is shown until then; other sessions end."""
    other = log_in(EMAIL)
    actor = actor_of(token)
    offer = twofactor.begin(actor)
    assert twofactor.begin(actor) == offer
    assert offer.uri.startswith("otpauth://totp/GlobalDataProtect:petra%40example.com?")
    with pytest.raises(RuleBroken):
        twofactor.confirm(actor, "000000", now=NOW)
    assert not twofactor.standing(actor).is_on

    set_up_app(token)
    assert twofactor.standing(actor).is_on
    assert login.session_of(other, now=NOW) is None
    with pytest.raises(RuleBroken):
        twofactor.begin(actor)


def test_it_is_switched_off_by_a_code(token: str) -> None:
    """The password is enough then; recovery codes are gone."""
    app, codes = set_up_app(token)
    actor = actor_of(token)
    with pytest.raises(LoginRefused):
        twofactor.disable(actor, "000000", address=ADDRESS, now=LATER)

    fresh = twofactor.renew_codes(actor, codes[0], address=ADDRESS, now=LATER)
    assert not set(fresh) & set(codes)
    twofactor.disable(actor, app.at(LATER), address=ADDRESS, now=LATER)
    assert not login.log_in(EMAIL, PASSWORD, address=ADDRESS, agent="", now=LATER).needs_code
    assert twofactor.standing(actor) == twofactor.Standing(is_on=False, codes_left=0, is_required=False)


@pytest.mark.parametrize("demanding", ["alpha", "north", "operator"])
def test_it_can_be_demanded_of_a_subtree(family: Family, token: str, demanding: str) -> None:
    """Who lacks it may do nothing but set it up, and cannot switch it off again; the neighbour is not concerned."""
    neighbour = log_in(come_in(family, "gamma", "gerda@example.com"))
    Party.update(requires_two_factor=True).where(Party.id == family[demanding]).execute()

    actor = actor_of(token)
    assert actor.lacks_two_factor
    with pytest.raises(NotAllowed, match="second factor"):
        actor.need(Right.SEE)
    assert actor_of(neighbour).lacks_two_factor is (demanding == "operator")
    app, _codes = set_up_app(token)
    assert actor_of(token).may(Right.SEE)
    with pytest.raises(RuleBroken, match="requires"):
        twofactor.disable(actor_of(token), app.at(LATER), address=ADDRESS, now=LATER)
    assert User.get(User.email == EMAIL).totp_secret is not None
