"""Logging in and out. A session is a row; the browser holds a token that opens it, and the row the token's hash."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from peewee import Expression

from server.domain.actions import Action
from server.domain.errors import LoginRefused, NotFound
from server.domain.password import check_password
from server.domain.rights import Right, Role, rights_of
from server.domain.sentence import N_
from server.models.base import database
from server.models.party import Party
from server.models.people import Membership, User
from server.models.sessions import Session
from server.services import audit, invitations, letters, second_factor
from server.services.attempts import attempt, count_request
from server.services.passwords import hash_password, is_outdated, is_right
from server.services.scope import Actor, below
from server.services.tokens import new_token, token_hash

IDLE = timedelta(hours=12)  # a session that nobody uses ends
LONGEST = timedelta(days=30)  # as does one that is used
FOR_THE_CODE = timedelta(minutes=10)  # from the password to the second factor
SEEN_AGAIN = timedelta(minutes=1)  # so often at most it is noted that a session was used
LONGEST_AGENT = 300  # characters of what a browser calls itself


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody is in, or is when the second factor comes."""

    token: str
    needs_code: bool


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """One browser in which somebody is logged in."""

    id: int
    created_at: datetime
    last_seen_at: datetime
    address: str
    agent: str
    is_current: bool


def log_in(email: str, password: str, *, address: str, agent: str, now: datetime) -> Entry:
    """Begin a session for who knows the password; where there is a second factor, ``confirm_code`` completes it.

    Raises: LoginRefused, the same for every reason; TooManyAttempts.
    """
    known_as = email.strip().lower()
    with attempt(known_as, address, now=now):
        user = User.get_or_none(User.email == known_as)
        matches = is_right(password, user.password_hash if user is not None else None)
        if user is None or not matches or user.disabled_at is not None or (party_id := _first_party(user)) is None:
            raise LoginRefused(N_("E-mail address or password is wrong."), N_("Passwords tell capital letters from small ones."))
    token, needs_code = new_token(), user.totp_secret is not None
    fresh = hash_password(password) if user.password_hash and is_outdated(user.password_hash) else user.password_hash
    with database.atomic():
        session = Session.create(
            token_hash=token_hash(token), user=user.id, party=None if needs_code else party_id,
            created_at=now, last_seen_at=now, address=address, agent=agent[:LONGEST_AGENT],
        )  # fmt: skip
        if fresh != user.password_hash:
            User.update(password_hash=fresh).where(User.id == user.id).execute()
        if not needs_code:
            _note_login(session, party_id, now)
    return Entry(token, needs_code)


def confirm_code(token: str, code: str, *, address: str, now: datetime) -> None:
    """Complete a login by the second factor: the app's code, or a recovery code. Raises LoginRefused, TooManyAttempts."""
    waits = Session.party.is_null() & Session.revoked_at.is_null() & (Session.created_at > now - FOR_THE_CODE)
    session = Session.get_or_none((Session.token_hash == token_hash(token)) & waits)
    if session is None:
        raise LoginRefused(N_("It took too long."), N_("Log in again from the beginning."))
    user = session.user
    party_id = _first_party(user)
    with attempt(user.email, address, now=now):
        if user.disabled_at is not None or party_id is None or not second_factor.take(user, code, now=now):
            raise LoginRefused(*second_factor.WRONG_CODE)
    with database.atomic():
        Session.update(party=party_id, last_seen_at=now).where((Session.id == session.id) & waits).execute()
        _note_login(session, party_id, now)


def session_of(token: str, *, now: datetime) -> Actor | None:
    """Return who a token stands for; None where its session has ended, or does not exist."""
    is_alive = Session.revoked_at.is_null() & (Session.last_seen_at > now - IDLE) & (Session.created_at > now - LONGEST)
    session = Session.get_or_none((Session.token_hash == token_hash(token)) & Session.party.is_null(False) & is_alive)
    if session is None or (home := session.party) is None or session.user.disabled_at is not None:
        return None
    member = Membership.get_or_none((Membership.user == session.user_id) & (Membership.party == session.party_id))
    if member is None:
        return None
    acting = _acting_as(session, home, member.role)
    if now - session.last_seen_at >= SEEN_AGAIN:
        Session.update(last_seen_at=now).where(Session.id == session.id).execute()
    return Actor(
        user_id=session.user_id,
        party_id=acting.id,
        kind=acting.kind,
        role=member.role,
        session_id=session.id,
        home_party_id=home.id,
        lacks_two_factor=session.user.totp_secret is None and second_factor.is_demanded(home),
    )


def log_out(token: str, *, now: datetime) -> None:
    """End the session of a token, if there is one."""
    Session.update(revoked_at=now).where((Session.token_hash == token_hash(token)) & Session.revoked_at.is_null()).execute()


def list_sessions(actor: Actor, *, now: datetime) -> tuple[SessionFacts, ...]:
    """Return where the actor's person is logged in, latest first."""
    rows = Session.select().where(_alive_of(actor.user_id, now)).order_by(Session.last_seen_at.desc())
    return tuple(
        SessionFacts(row.id, row.created_at, row.last_seen_at, row.address, row.agent, row.id == actor.session_id) for row in rows
    )


def revoke_session(actor: Actor, session_id: int, *, now: datetime) -> None:
    """End one of the person's own sessions. Raises NotFound."""
    with database.atomic():
        mine = _alive_of(actor.user_id, now) & (Session.id == session_id)
        if not Session.update(revoked_at=now).where(mine).execute():
            raise NotFound(N_("There is no such session, or no more."))
        audit.record(actor, Action.SESSION_REVOKED, now=now, party_id=actor.home_party_id, subject=("session", session_id))


def change_password(actor: Actor, old: str, new: str, *, address: str, now: datetime) -> None:
    """Let the person have another password; every other session ends. Raises LoginRefused, TooManyAttempts, RuleBroken."""
    user = User.get_by_id(actor.user_id)
    with attempt(user.email, address, now=now):
        if not is_right(old, user.password_hash):
            raise LoginRefused(N_("This is not your present password."), field="old_password")
    check_password(new, known=(user.email, user.name))
    hashed = hash_password(new)
    with database.atomic():
        User.update(password_hash=hashed).where(User.id == user.id).execute()
        others = (Session.user == user.id) & (Session.id != actor.session_id) & Session.revoked_at.is_null()
        Session.update(revoked_at=now).where(others).execute()
        invitations.record_for(user, Action.PASSWORD_SET, now=now)
        letters.send_notice(to=user.email, language=user.language, what=N_("Your password was changed."), now=now)


def request_reset(email: str, *, address: str, now: datetime) -> None:
    """Queue a link to a new password if somebody with that address has access. Nobody is told whether. Raises TooManyAttempts."""
    known_as = email.strip().lower()
    count_request(known_as, address, now=now)
    with database.atomic():
        user = User.get_or_none(User.email == known_as)
        if user is not None and user.disabled_at is None and _first_party(user) is not None:
            invitations.make_reset(user, now=now)
            invitations.record_for(user, Action.RESET_REQUESTED, now=now)


def _acting_as(session: Session, home: Party, role: Role) -> Party:
    """Return the party as which a session looks at things: one below, while the role permits it; else its own."""
    if session.on_behalf_of_id is None or Right.SUPPORT not in rights_of(home.kind, role):
        return home
    return Party.get_or_none((Party.id == session.on_behalf_of_id) & below(home.id, home.kind.height)) or home


def _first_party(user: User) -> int | None:
    """Return the party as whose member somebody begins: the first he came into."""
    member = Membership.select().where(Membership.user == user.id).order_by(Membership.id).first()
    return None if member is None else int(member.party_id)


def _note_login(session: Session, party_id: int, now: datetime) -> None:
    audit.record(None, Action.LOGGED_IN, now=now, party_id=party_id, subject=("session", session.id), user_id=session.user_id)


def _alive_of(user_id: int, now: datetime) -> Expression:
    is_alive = Session.revoked_at.is_null() & (Session.last_seen_at > now - IDLE) & (Session.created_at > now - LONGEST)
    condition: Expression = (Session.user == user_id) & Session.party.is_null(False) & is_alive
    return condition
