"""Throttles whoever guesses passwords or codes: by rows, so that neither a restart nor another process forgets."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from server.domain.errors import LoginRefused, ServerError, TooManyAttempts
from server.domain.sentence import N_
from server.models.base import database
from server.models.sessions import LoginAttempt

WINDOW = timedelta(minutes=15)
MOST_BY_EMAIL = 10
MOST_BY_ADDRESS = 50  # many may sit behind one address
MOST_MAILS = 3  # to one address
KEPT = timedelta(days=30)


@contextmanager
def attempt(email: str, address: str, *, now: datetime) -> Iterator[None]:
    """Count what is tried in the block, unless it succeeds; it fails by raising LoginRefused. Raises TooManyAttempts."""
    with _counted({f"email:{email}": MOST_BY_EMAIL, f"address:{address}": MOST_BY_ADDRESS}, LoginRefused, now):
        yield


@contextmanager
def counted(subject: str, most: int, failure: type[ServerError], *, now: datetime) -> Iterator[None]:
    """Count what somebody tries in the block, unless it succeeds; it fails by raising ``failure``. Raises TooManyAttempts."""
    with _counted({subject: most}, failure, now):
        yield


@contextmanager
def _counted(limits: dict[str, int], failure: type[ServerError], now: datetime) -> Iterator[None]:
    rows = _note(limits, now)
    try:
        yield
    except failure:
        raise
    except BaseException:
        LoginAttempt.delete().where(LoginAttempt.id.in_(rows)).execute()
        raise
    LoginAttempt.update(succeeded=True).where(LoginAttempt.id.in_(rows)).execute()


def count_request(email: str, address: str, *, now: datetime) -> None:
    """Count that somebody asks for a mail to an address, whether or not it is anybody's. Raises TooManyAttempts."""
    _note({f"mail to:{email}": MOST_MAILS, f"mail from:{address}": MOST_BY_ADDRESS}, now)


def forget_old(*, now: datetime) -> None:
    """Delete what counts no more and nobody will ask for."""
    LoginAttempt.delete().where(LoginAttempt.at < now - KEPT).execute()


def _note(limits: dict[str, int], now: datetime) -> list[int]:
    """Note a failure for each subject, and return the rows; raises TooManyAttempts where there were too many already.

    It is noted before anything is compared, in a transaction of its own: a thousand that come at once are counted as a thousand.
    What is refused here counts as nothing, so that nobody is locked out for ever.
    """
    with database.atomic():
        rows = [LoginAttempt.create(subject=subject, at=now).id for subject in limits]
    for subject, most in limits.items():
        if (first := _oldest_that_counts(subject, most, now)) is not None:
            LoginAttempt.delete().where(LoginAttempt.id.in_(rows)).execute()
            raise TooManyAttempts(
                N_("Too many attempts. None is made for {minutes:minute|minutes}."),
                N_("Wait, then try again."),
                minutes=max(1, -int((now - first - WINDOW).total_seconds() // 60)),
            )
    return rows


def _oldest_that_counts(subject: str, most: int, now: datetime) -> datetime | None:
    """Return when the first of the failures was that make it too many, the one just noted not counted; None where it is not."""
    failures = (LoginAttempt.subject == subject) & (LoginAttempt.at > now - WINDOW) & ~LoginAttempt.succeeded
    rows = LoginAttempt.select(LoginAttempt.at).where(failures).order_by(LoginAttempt.at.desc()).limit(most + 1)
    moments = [row.at for row in rows]
    return moments[-1] if len(moments) > most else None
