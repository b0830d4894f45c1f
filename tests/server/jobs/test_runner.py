"""Everything happens once, whoever does it, however many there are and whenever they are killed."""

import threading
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from peewee import Database

from server.gateways.files import FileStore
from server.gateways.outbox import OutboxFolder
from server.gateways.smtp import SmtpServer
from server.jobs.runner import Runner
from server.models.base import database as bound
from server.models.mail import OutgoingMail
from server.models.party import Party
from server.models.sessions import LoginAttempt
from server.models.work import JobRun
from server.services import mails, work
from server.services.mails import CLAIM, PAUSES
from tests.mail.smtp_server import Mailbox, serving
from tests.server.family import NOW, Family
from tests.server.jobs.helper import DAILY, RUNNER, finish, start

pytestmark = pytest.mark.slow  # processes are started, and killed
MINUTES = int(CLAIM.total_seconds() // 60)


def queue(count: int) -> None:
    """Let mails wait, each to somebody else."""
    with bound.atomic():
        for number in range(count):
            mails.queue(to=f"{number}@example.com", subject="S", text="secret link", language="de", now=NOW)


def recipients(mailbox: Mailbox) -> Counter[str]:
    """Return how often each has got a mail."""
    return Counter(envelope.rcpt_tos[0] for envelope in mailbox.taken)


def test_several_runners_send_each_mail_once(database: Database, database_url: str) -> None:
    """Three processes at the same time."""
    queue(30)
    database.close()
    mailbox = Mailbox()
    with serving(mailbox) as port:
        assert finish([start(RUNNER, database_url, str(port), "0") for _ in range(3)]) == [0, 0, 0]

    assert recipients(mailbox) == {f"{number}@example.com": 1 for number in range(30)}
    assert OutgoingMail.select().where(OutgoingMail.sent_at.is_null()).count() == 0


class Killing(Mailbox):
    """A mail server at whose every third mail the sender is killed, before he hears that it was taken."""

    def __init__(self) -> None:
        super().__init__()
        self.sender: object = None
        self.asked = 0
        self.killed: list[str] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.asked += 1
        if self.asked % 3 == 0:
            self.sender.kill()  # type: ignore[attr-defined]
            self.killed.append(envelope.rcpt_tos[0])
        return await super().handle_DATA(server, session, envelope)


def test_a_runner_that_is_killed_loses_no_mail(database: Database, database_url: str) -> None:
    """Only what was in its hands is handed over again, as the same mail: nobody can know whether it was taken."""
    queue(9)
    database.close()
    mailbox, minutes = Killing(), 0
    with serving(mailbox) as port:
        while OutgoingMail.select().where(OutgoingMail.sent_at.is_null()).exists():
            database.close()
            mailbox.sender = process = start(RUNNER, database_url, str(port), str(minutes))
            finish([process])
            minutes += MINUTES
            assert minutes < 20 * MINUTES

    assert set(recipients(mailbox)) == {f"{number}@example.com" for number in range(9)}
    assert {who for who, times in recipients(mailbox).items() if times > 1} <= set(mailbox.killed)
    ids = {(message["To"], message["Message-ID"]) for message in mailbox.messages}
    assert len(ids) == 9


def test_a_killed_runner_s_mail_waits_until_it_is_sure_that_nobody_has_it(database: Database, database_url: str) -> None:
    """A second runner does not take it out of its hands."""
    queue(1)
    database.close()
    mailbox = Killing()
    mailbox.asked = 2
    with serving(mailbox) as port:
        mailbox.sender = process = start(RUNNER, database_url, str(port), "0")
        finish([process])
        finish([start(RUNNER, database_url, str(port), str(MINUTES - 1))])
        assert len(mailbox.taken) == 1
        finish([start(RUNNER, database_url, str(port), str(MINUTES))])

    assert len(mailbox.taken) == 2


def test_an_outbox_has_each_mail_exactly_once(database: Database, database_url: str, tmp_path: Path) -> None:
    """Here it can be known: the file is named after the mail."""
    queue(12)
    database.close()
    outbox = tmp_path / "outbox"
    for kill, minutes in ((True, 0), (True, MINUTES), (False, 2 * MINUTES)):
        process = start(RUNNER, database_url, str(outbox), str(minutes))
        if kill:
            for _ in range(2000):
                if outbox.exists() and len(list(outbox.glob("*.eml"))) >= 3:
                    break
                if process.poll() is not None:
                    break
                threading.Event().wait(0.005)
            process.kill()
        finish([process])

    assert len(list(outbox.glob("*.eml"))) == 12
    assert OutgoingMail.select().where(OutgoingMail.sent_at.is_null()).count() == 0


def test_a_mail_is_queued_with_its_cause_or_not_at_all(family: Family, tmp_path: Path) -> None:
    """What was rolled back is told to nobody."""

    def fail() -> None:
        with bound.atomic():
            Party.update(legal_name="X").where(Party.id == family["anna"]).execute()
            queue(1)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    Runner(OutboxFolder(tmp_path / "outbox", "a@example.com"), FileStore(tmp_path), lambda: NOW).work_once()
    assert not (tmp_path / "outbox").exists()


def test_a_server_that_is_away_is_tried_again_with_growing_pauses(database: Database) -> None:
    """For some days, then it is given up, and the operator sees why."""
    del database
    queue(1)
    with serving(Mailbox()) as port:
        pass
    office, now, tries = SmtpServer("127.0.0.1", port, "a@example.com"), NOW, 0
    for pause in (*PAUSES, timedelta(0)):
        assert not mails.send_next(office, now=now - timedelta(seconds=1))
        assert mails.send_next(office, now=now)
        now, tries = now + pause, tries + 1

    row = OutgoingMail.get()
    assert (row.attempts, row.sent_at, row.gave_up_at) == (tries, None, now)
    assert "cannot be used" in row.last_error
    assert not mails.send_next(office, now=now + timedelta(days=9))


def test_what_is_refused_for_good_holds_nobody_up(database: Database, tmp_path: Path) -> None:
    """And is not tried again; what is delayed comes when the server takes it."""
    del database
    queue(3)
    mailbox = Mailbox()
    mailbox.fails_for = {"0@example.com": "550 no such user", "1@example.com": "450 later"}
    with serving(mailbox) as port:
        runner = Runner(SmtpServer("127.0.0.1", port, "a@example.com"), FileStore(tmp_path), lambda: NOW)
        assert runner.work_once()
        mailbox.fails_for = {}
        assert not runner.work_once()
        assert Runner(SmtpServer("127.0.0.1", port, "a@example.com"), FileStore(tmp_path), lambda: NOW + PAUSES[0]).work_once()

    assert recipients(mailbox) == {"1@example.com": 1, "2@example.com": 1}
    assert OutgoingMail.get(OutgoingMail.recipient == "0@example.com").gave_up_at == NOW


def test_a_link_is_forgotten_when_it_was_sent(database: Database, family: Family, tmp_path: Path) -> None:
    """In the outbox of a server under development it can be read."""
    del database
    operator = family.actor("operator")
    queue(1)
    mailbox = Mailbox()
    with serving(mailbox) as port:
        mails.send_next(SmtpServer("127.0.0.1", port, "a@example.com"), now=NOW)
    queue(1)
    mails.send_next(OutboxFolder(tmp_path, "a@example.com"), now=NOW)

    later, earlier = mails.list_mails(operator).items
    assert (earlier.text, later.text) == ("", "secret link")
    assert mails.read_mail(operator, later.id).sent_at == NOW


def test_daily_work_is_done_once_by_however_many(database: Database, database_url: str, family: Family) -> None:
    """Also when the first is killed in the middle of it, or just after."""
    version = Party.get_by_id(family["anna"]).version
    database.close()

    assert finish([start(DAILY, database_url, "a", "killed")]) == [-9]
    assert Party.get_by_id(family["anna"]).version == version
    database.close()
    codes = finish([start(DAILY, database_url, "a", "") for _ in range(3)])
    assert sorted(codes) == [0, 3, 3]
    assert finish([start(DAILY, database_url, "b", "killed after")]) == [-9]
    assert finish([start(DAILY, database_url, "b", "")]) == [3]
    assert Party.get_by_id(family["anna"]).version == version + 2


def test_work_that_fails_is_not_noted_as_done(database: Database) -> None:
    """It is tried again."""
    del database
    with pytest.raises(IndexError):
        work.do_once("x", "1", [].pop, now=NOW)

    assert work.do_once("x", "1", lambda: None, now=NOW)


def test_a_runner_tidies_once_a_day(database: Database, tmp_path: Path) -> None:
    """What is younger stays."""
    del database
    LoginAttempt.create(subject="old", at=NOW - timedelta(days=31))
    LoginAttempt.create(subject="new", at=NOW - timedelta(days=29))
    office = OutboxFolder(tmp_path, "a@example.com")
    for hours in (0, 1, 2):
        Runner(office, FileStore(tmp_path), lambda: NOW + timedelta(hours=hours)).work_once()  # noqa: B023 called at once

    assert [row.subject for row in LoginAttempt.select()] == ["new"]
    days = JobRun.select().where(JobRun.job == "tidy").order_by(JobRun.period)
    assert [row.period for row in days] == ["2026-11-24", "2026-11-25"]


def test_a_runner_stops_when_it_is_told_to(database: Database, tmp_path: Path) -> None:
    """Without waiting for its pause, and survives a database that fails."""
    del database
    stop, looks = threading.Event(), []

    def clock() -> object:
        looks.append(1)
        if len(looks) == 1:
            raise ZeroDivisionError
        stop.set()
        return NOW

    runner = Runner(OutboxFolder(tmp_path, "a@example.com"), FileStore(tmp_path), clock)  # type: ignore[arg-type]
    thread = threading.Thread(target=runner.run, args=(stop,))
    thread.start()
    for _ in range(100):
        if looks:
            break
        threading.Event().wait(0.05)
    stop.set()
    thread.join(10)

    assert not thread.is_alive()
