"""``gdp mail``: what an administrator does to get reports, and to find out why none come."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from gdp.mail.message import Mail, make_mail
from gdp.mail.post import Post
from gdp.mail.queue import MailQueue
from gdp.model.backup_set import Recipient, ReportMode
from gdp.report.run_page import make_run_page
from tests.cli.command_line import here
from tests.mail.smtp_server import PASSWORD, USER, Mailbox, serving
from tests.report.samples import SAMPLES

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
MADE = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


@pytest.fixture
def queue(isolated_home: Path) -> MailQueue:
    """The queue of the user's installation."""
    return MailQueue(isolated_home / "gdp")


def report(to: str = "anne@example.com") -> Mail:
    """Return a report for somebody."""
    return make_mail(make_run_page(SAMPLES["ok"]), sender="gdp@example.com", to=to, now=MADE)


def configure(port: int, user: str = "") -> None:
    """Let mails go to a server on this computer."""
    assert here(["config", "set", "mail.smtp", f"smtp://{user}127.0.0.1:{port}"]).code == 0


def test_a_test_mail_is_a_real_report(tmp_path: Path) -> None:
    """With login, in German, with its log, and saying that it is a test."""
    mailbox = Mailbox()
    password = tmp_path / "mail-password"
    password.write_text(PASSWORD)
    password.chmod(0o600)
    with serving(mailbox, auth_required=True, auth_require_tls=False) as port:
        configure(port, f"{USER}@")
        here(["config", "set", "mail.password-file", str(password)])
        done = here(["mail", "test", "anne@example.com", "--language", "de"])
    (message,) = mailbox.messages
    text = message.get_body(("plain",))

    assert done.code == 0, done.err
    assert "angenommen" in done.out
    assert re.fullmatch(r"\[TEST] \[OK] test auf .+: 2 neu, [0-9,]+ kB", message["Subject"])
    assert message["From"] == USER
    assert text is not None
    assert "Dies ist ein Test" in text.get_content()
    assert [part.get_filename() for part in message.iter_attachments()] == ["test.log.gz"]


def test_why_a_test_mail_does_not_arrive() -> None:
    """The sentence of the server, a next step, and an exit code for scripts."""
    mailbox = Mailbox()
    mailbox.rcpt_answer = "550 no such user here"
    with serving(mailbox) as port:
        configure(port)
        done = here(["mail", "test", "anne@example.com"])

    assert done.code == 1
    assert "550 no such user here" in done.err
    assert "Check the address." in done.err


@pytest.mark.parametrize("words", [["test", "a@example.com"], ["send"]])
def test_without_a_mail_server_it_is_said_how_to_name_one(words: list[str]) -> None:
    """Before anything else is done."""
    done = here(["mail", *words])

    assert done.code == 1
    assert "gdp config set mail.smtp" in done.err


def test_no_mail_waits() -> None:
    """The usual case."""
    assert "No mail waits." in here(["mail", "queue"]).out


def test_mails_wait_and_are_sent(queue: MailQueue) -> None:
    """First to a server that is away, then to one that is there: no pause holds up who sends by hand."""
    queue.add(report(), MADE)
    mailbox = Mailbox()
    with serving(mailbox) as port:
        configure(port)
    away = here(["mail", "send"])
    listed = here(["mail", "queue"])
    with serving(mailbox) as port:
        configure(port)
        sent = here(["--json", "mail", "send"])

    assert (away.code, sent.code) == (1, 0)
    assert "0 sent, 1 waiting for another attempt" in away.out
    assert "Attempt 1 failed" in listed.out
    assert "[OK] daten on server01" in listed.out
    assert sent.summary == {"message_type": "summary", "sent": 1, "delayed": 0, "refused": 0, "is_busy": False}
    assert len(mailbox.taken) == 1


def test_refused_mails_can_be_tried_again_or_thrown_away(queue: MailQueue) -> None:
    """They never go away by themselves."""
    first, second = queue.add(report("bob@example.com"), MADE), queue.add(report("cleo@example.com"), MADE + timedelta(1))
    mailbox = Mailbox()
    mailbox.rcpt_answer = "550 unknown"
    with serving(mailbox) as port:
        configure(port)
        assert here(["mail", "send"]).code == 1
        assert here(["mail", "send"]).code == 0
        records = here(["--json", "mail", "queue"]).records
        removed = here(["mail", "queue", "--remove", first])
        mailbox.rcpt_answer = ""
        assert here(["mail", "send", "--refused"]).code == 0

    assert [(record["id"], record["is_refused"]) for record in records[:-1]] == [(first, True), (second, True)]
    assert "550 unknown" in records[0]["reason"]
    assert records[-1] == {"message_type": "summary", "mails": 2, "refused": 2}
    assert removed.code == 0
    assert [envelope.rcpt_tos for envelope in mailbox.taken] == [["cleo@example.com"]]
    assert here(["mail", "queue", "--remove", first]).code == 1


def test_the_summary_of_yesterday_goes_along(queue: MailQueue) -> None:
    """Whoever sends by hand wants all that there is."""
    record = msgspec.structs.replace(SAMPLES["ok"], ended=datetime.now(UTC) - timedelta(days=2))
    cleo = Recipient(to="cleo@example.com", mode=ReportMode.DAILY)
    Post(queue.folder.parent, sender="gdp@example.com").post_run(record, [cleo], datetime.now(UTC))
    mailbox = Mailbox()
    with serving(mailbox) as port:
        configure(port)
        here(["mail", "send"])

    assert [envelope.rcpt_tos for envelope in mailbox.taken] == [["cleo@example.com"]]
