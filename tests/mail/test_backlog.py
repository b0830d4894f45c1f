"""What is said of mails that do not get out. Pure."""

from datetime import UTC, datetime, timedelta

import pytest

from gdp.core.errors import BadInput
from gdp.core.language import speaking
from gdp.mail.backlog import mail_backlog
from gdp.mail.message import Envelope
from gdp.mail.queue import Entry, Header, State
from gdp.model.run import Saying
from gdp.model.service import HeldMails, MailBacklog
from gdp.model.service_words import mails_in_words

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NO_SERVER = BadInput("no mail server is configured", "Say: gdp config set mail.smtp smtp://user@mail.example.com:587")


def entry(hours: float, state: State | None = None) -> Entry:
    """Return a mail that was made so long ago."""
    made = NOW - hours * HOUR
    return Entry(f"{hours}", Header(Envelope("gdp@example.com", "admin@example.com"), "[OK] daten", made), state or State())


def failed(reason: str, *, next_try: float = 1, is_refused: bool = False) -> State:
    """Return how a mail stands that was tried, and is again in so many hours."""
    saying = Saying("{server} does not take the mail now: {reason}", {"server": "smtp://mail", "reason": reason}, "Check it.")
    return State(3, None if is_refused else NOW + next_try * HOUR, saying, is_refused)


@pytest.mark.parametrize(
    ("entries", "waiting", "refused"),
    [
        ([], None, None),
        ([entry(0.01)], None, None),
        ([entry(5)], (1, 5, None), None),
        ([entry(0.01, failed("451 busy"))], (1, 0.01, "451 busy"), None),
        ([entry(9, failed("old", next_try=0.5)), entry(3, failed("new", next_try=6))], (2, 9, "new"), None),
        ([entry(7, failed("550 who", is_refused=True)), entry(2, failed("451"))], (1, 2, "451"), (1, 7, "550 who")),
    ],
    ids=["nothing", "on-its-way", "never-tried", "tried", "the-newest-attempt-counts", "both"],
)
def test_what_is_held_back_since_when_and_why(
    entries: list[Entry], waiting: tuple[int, float, str] | None, refused: tuple[int, float, str] | None
) -> None:
    """A mail that is only just on its way alarms nobody."""
    backlog = mail_backlog(entries, NOW)

    for held, expected in ((backlog.waiting, waiting), (backlog.refused, refused)):
        found = held and (held.count, held.since, held.reason and held.reason.facts["reason"])
        assert found == (expected and (expected[0], NOW - expected[1] * HOUR, expected[2]))


def test_where_none_could_be_tried_that_is_the_reason() -> None:
    """Such as without a mail server; what a server has said of a mail goes first."""
    alone, tried = mail_backlog([entry(5)], NOW, NO_SERVER), mail_backlog([entry(5, failed("451"))], NOW, NO_SERVER)

    assert alone.waiting is not None
    assert alone.waiting.reason is not None
    assert alone.waiting.reason.template == NO_SERVER.template
    assert tried.waiting is not None
    assert tried.waiting.reason is not None
    assert tried.waiting.reason.facts["reason"] == "451"


def test_the_words_say_what_to_do_in_the_readers_language() -> None:
    held = HeldMails(count=2, since=NOW, reason=failed("550 who").failure)
    one = MailBacklog(refused=HeldMails(count=1, since=NOW, reason=failed("550 who").failure))
    with speaking("en"):
        [(sentence, step)] = mails_in_words(MailBacklog(waiting=held))
    with speaking("de"):
        [(german, _)] = mails_in_words(one)

    assert sentence.startswith("2 report mails wait since ")
    assert sentence.endswith(": smtp://mail does not take the mail now: 550 who")
    assert step == "Check it. It is tried again by itself; at once: gdp mail send"
    assert german.startswith("1 Berichtsmail ist seit ")
