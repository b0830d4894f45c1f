"""What administrators hear of the daemon's runs: a mail after each, none twice, none lost."""

import gzip
import queue
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import msgspec
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from gdp.daemon.journal import open_journal
from gdp.daemon.record import Background, is_told, make_record, trouble_before
from gdp.daemon.reports import Reports
from gdp.daemon.settings import LiveSettings
from gdp.mail.queue import MailQueue
from gdp.model.backup_set import OnError
from gdp.model.events import Event, Problem
from gdp.model.run import Proven, Verdict
from gdp.model.runs import Kind, Reason, Run, State
from gdp.report import stops
from gdp.report.run_page import make_run_page
from gdp.report.text import as_text
from tests.daemon.running import PATIENCE_SECONDS, World, events_of
from tests.mail.smtp_server import Mailbox, serving

RECIPIENT = 'to = "admin@example.com"\nlanguage = "de"'
BEGAN = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)


class Waiting(Mailbox):
    """Lets a test wait for the next mail."""

    def __init__(self) -> None:
        super().__init__()
        self.came: queue.SimpleQueue[None] = queue.SimpleQueue()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        self.came.put(None)
        return answer

    def next_mail(self) -> EmailMessage:
        """Return the mail that comes next."""
        self.came.get(timeout=PATIENCE_SECONDS)
        return self.messages[-1]


@pytest.fixture
def mailbox() -> Waiting:
    return Waiting()


@pytest.fixture
def port(mailbox: Waiting) -> Iterator[int]:
    with serving(mailbox) as port:
        yield port


def wait_until_said(world: World, words: str) -> None:
    """Wait until the daemon has said so in the system's log; nobody tells of it, so we look again and again."""
    until = time.monotonic() + PATIENCE_SECONDS
    while words not in (world.home.parent / "said").read_text():
        assert time.monotonic() < until, "nothing was said"
        time.sleep(0.05)


def mail_to(world: World, port: int) -> None:
    world.gdp("config", "set", "mail.smtp", f"smtp://127.0.0.1:{port}")
    world.gdp("config", "set", "mail.from", "gdp@example.com")


@pytest.mark.slow
def test_a_mail_comes_after_a_backup(world: World, port: int, mailbox: Waiting) -> None:
    """In the recipient's language, with the verdict and the counts in the subject, and the log attached."""
    mail_to(world, port)
    world.write_set(**{"snapshot": 'host = "server01"', "[report]": RECIPIENT})
    with world.daemon():
        world.gdp("run", "daten", "--wait")
        mail = mailbox.next_mail()
    text = mail.get_body(("plain",))
    (log,) = mail.iter_attachments()

    assert mail["Subject"].startswith("[OK] daten auf server01: 1 neu")
    assert mail["To"] == "admin@example.com"
    assert text is not None
    assert "Alles gesichert: daten auf server01." in text.get_content()
    assert b'"message_type":"summary"' in gzip.decompress(log.get_content())


@pytest.mark.slow
def test_what_could_not_be_read_and_what_failed_is_told(world: World, port: int, mailbox: Waiting) -> None:
    """With its cause; also of a command, and of a password that is wrong."""
    mail_to(world, port)
    world.write_set(
        **{
            "source": f'paths = ["{world.source}", "{world.source}/gone"]',
            "commands": 'after = ["exit 7"]',
            "[report]": RECIPIENT,
        }
    )
    with world.daemon():
        world.gdp("run", "daten", "--wait")
        attention = mailbox.next_mail()
        world.password_file.write_text("another")
        world.gdp("run", "daten", "--wait")
        error = mailbox.next_mail()
    text, failed = attention.get_body(("plain",)), error.get_body(("plain",))

    assert attention["Subject"].startswith("[ACHTUNG] daten auf ")
    assert text is not None
    assert "exit 7" in text.get_content()
    assert f"{world.source}/gone" in text.get_content()
    assert error["Subject"].startswith("[FEHLER] daten auf ")
    assert failed is not None
    assert "Passwort" in failed.get_content()


@pytest.mark.slow
def test_a_mail_server_that_is_away_and_a_killed_daemon_lose_no_report(world: World, mailbox: Waiting) -> None:
    """The next daemon tells it, and tells it once."""
    mail_to(world, 1)  # where nobody listens
    world.write_set(**{"[report]": RECIPIENT})
    with world.daemon() as daemon:
        world.gdp("run", "daten", "--wait")
        wait_until_said(world, "smtp://127.0.0.1:1 cannot be used")
        status, as_json = world.gdp("status"), world.gdp("--json", "status")
        daemon.kill()
    with serving(mailbox) as port:
        mail_to(world, port)
        with world.daemon():
            sent = world.gdp("mail", "send")
            first = mailbox.next_mail() if not mailbox.taken else mailbox.messages[0]
        with world.daemon():
            again = world.gdp("mail", "queue")

    assert "1 report mail waits since " in status.stdout
    assert "Check host, port and the network" in status.stdout
    assert '"mails_waiting":{"count":1,' in as_json.stdout
    assert '"mails_refused":null' in as_json.stdout
    assert sent.returncode == 0
    assert first["Subject"].startswith("[OK] daten")
    assert len(mailbox.taken) == 1, again.stdout


@pytest.mark.slow
def test_what_a_mail_server_refuses_for_good_is_said_at_once_and_until_it_is_out(
    world: World, port: int, mailbox: Waiting
) -> None:
    """Front ends that watch are told when it happens and when it is over; nobody has to look for a mail that never comes."""
    mailbox.rcpt_answer = "550 5.1.1 no such user"
    mail_to(world, port)
    world.write_set(**{"[report]": RECIPIENT})
    with world.daemon() as daemon, daemon.client() as client:
        events = events_of(client)
        world.gdp("run", "daten", "--wait")
        told = next(event["mails"] for event in events if event["event"] == "mails")
        status = world.gdp("status")
        mailbox.rcpt_answer = ""
        world.gdp("mail", "send", "--refused")
        after = world.gdp("status")

    assert (told["waiting"], told["refused"]["count"]) == (None, 1)
    assert "1 report mail is refused for good since " in status.stdout
    assert "550 5.1.1 no such user" in status.stdout
    assert "Check the address. Then: gdp mail send --refused" in status.stdout
    assert "report mail" not in after.stdout


@pytest.mark.slow
def test_mails_without_a_mail_server_wait_and_status_says_so(world: World) -> None:
    """As soon as one of them is older than a moment."""
    world.write_set(**{"[report]": RECIPIENT})
    with world.daemon():
        world.gdp("run", "daten", "--wait")
        wait_until_said(world, "no mail server is configured")
    [mail] = (world.home / "mail").glob("*.mail")
    header, _, message = mail.read_bytes().partition(b"\n")
    older = msgspec.json.decode(header) | {"made": datetime.now(UTC) - timedelta(hours=3)}
    mail.write_bytes(msgspec.json.encode(older) + b"\n" + message)
    with world.daemon() as daemon, daemon.client() as client:
        backlog = next(event["mails"] for event in client.watch() if event.get("event") == "mails")
        status = world.gdp("status")

    assert backlog["waiting"]["count"] == 1
    assert "no mail server is configured" in status.stdout
    assert "gdp config set mail.smtp" in status.stdout


def run(state: State, reason: Reason = Reason.NONE, kind: Kind = Kind.BACKUP, code: int | None = None) -> Run:
    return Run(
        id=7, set_name="daten", kind=kind, due=BEGAN, began=BEGAN, ended=BEGAN + timedelta(hours=1), state=state, reason=reason,
        exit_code=code,
    )  # fmt: skip


def log_of(folder: Path, *records: dict[str, object]) -> Path:
    log = folder / "log"
    log.write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in records))
    return log


@pytest.mark.parametrize("hindrance", ["config.toml", "mail"])
def test_a_report_that_could_not_be_made_comes_as_soon_as_it_can(world: World, hindrance: str) -> None:
    """A typo in the settings, or a disk that takes nothing, at the moment a run ends; and no restart of the daemon for months."""
    world.write_set(**{"[report]": RECIPIENT})
    settings, said = LiveSettings(world.home), queue.SimpleQueue[Event]()
    settings.read()
    journal = open_journal(world.home / "state" / "journal.sqlite")
    (world.home / hindrance).write_text("language = 7\n")  # no settings; no folder either
    reports = Reports(
        world.home, settings, journal, lambda: datetime.now(UTC), emit=said.put, tell_backlog=lambda _backlog: None
    )  # fmt: skip
    reports.run_ended(run(State.OK))
    complaint = said.get(timeout=PATIENCE_SECONDS)
    (world.home / hindrance).unlink()
    reports.deliver()
    reports.close()
    journal.close()
    entries = MailQueue(world.home).entries()

    assert isinstance(complaint, Problem)
    assert [entry.header.envelope.to for entry in entries] == ["admin@example.com"]


@pytest.mark.parametrize(
    ("ended", "is_worth_it"),
    [
        (run(State.OK), True),
        (run(State.SKIPPED, Reason.OVERLAP), True),
        (run(State.RUNNING), False),
        (run(State.OK, kind=Kind.PRUNE), False),
        (run(State.ERROR, kind=Kind.RETENTION), True),
    ],
)
def test_backups_are_told_and_whatever_failed(ended: Run, is_worth_it: bool) -> None:
    """Nobody reads a mail about a tidy-up that went well."""
    assert is_told(ended) is is_worth_it


@pytest.mark.parametrize(
    ("ended", "verdict", "stop"),
    [
        (run(State.SKIPPED, Reason.UNREACHABLE), Verdict.SKIPPED, stops.TARGET_AWAY),
        (run(State.INTERRUPTED, Reason.WINDOW, code=130), Verdict.INTERRUPTED, stops.WINDOW_CLOSED),
        (run(State.INTERRUPTED, Reason.LOST), Verdict.INTERRUPTED, stops.LOST),
        (run(State.CANCELLED, code=130), Verdict.INTERRUPTED, stops.CANCELLED),
    ],
)
def test_a_run_without_a_word_of_its_own_says_why(tmp_path: Path, ended: Run, verdict: Verdict, stop: object) -> None:
    """The journal knows; a log that is gone changes nothing."""
    record = make_record(ended, tmp_path / "none", host="server01", background=Background())

    assert (record.verdict, record.stopped_by, record.host) == (verdict, stop, "server01")


def test_a_command_that_said_no_is_named(tmp_path: Path) -> None:
    """Whether it failed or wanted no backup."""
    log = log_of(
        tmp_path,
        {"message_type": "step", "role": "before", "words": ["mount /backup"]},
        {"message_type": "output", "stream": "err", "text": "mount: no such device"},
        {"message_type": "step_end", "role": "before", "exit_code": 32, "on_error": OnError.FAIL},
    )
    failed = make_record(run(State.ERROR, Reason.COMMAND), log, host=None, background=Background())
    declined = make_record(run(State.SKIPPED, Reason.COMMAND), log, host=None, background=Background())

    assert failed.stopped_by == stops.command_failed("mount /backup", 32, "mount: no such device")
    assert failed.verdict is Verdict.ERROR
    assert declined.stopped_by == stops.command_declined("mount /backup", "mount: no such device")
    assert declined.verdict is Verdict.SKIPPED


@pytest.mark.slow
def test_all_is_well_again_is_told_once(world: World, port: int, mailbox: Waiting) -> None:
    """To somebody who hears of problems only: after the first good run, and not after the second."""
    mail_to(world, port)
    world.write_set(**{"snapshot": 'host = "server01"', "[report]": 'to = "admin@example.com"\nmode = "problems"'})
    right = world.password_file.read_text()
    with world.daemon() as daemon:
        world.gdp("run", "daten", "--wait")
        world.password_file.write_text("another")
        world.gdp("run", "daten", "--wait")
        failed = mailbox.next_mail()
        world.password_file.write_text(right)
        world.gdp("run", "daten", "--wait")
        well = mailbox.next_mail()
        world.gdp("run", "daten", "--wait")
        shown = world.gdp("report", "show", "3")
        daemon.end()
    with world.daemon() as daemon:  # which tells the last day again
        daemon.end()

    assert failed["Subject"].startswith("[ERROR] daten on server01")
    assert well["Subject"].startswith("[OK] daten on server01: all is well again, ")
    assert shown.stdout.startswith(well["Subject"])
    assert len(mailbox.taken) == 2


def numbered(*ended: Run) -> list[Run]:
    """Return runs as a journal has them, given oldest first."""
    return [msgspec.structs.replace(one, id=number) for number, one in enumerate(ended, 1)][::-1]


FINE, BROKEN = run(State.OK, code=0), run(State.ERROR, code=1)
AWAY, BUSY = run(State.SKIPPED, Reason.UNREACHABLE), run(State.SKIPPED, Reason.OVERLAP)
NO = run(State.SKIPPED, Reason.COMMAND)


@pytest.mark.parametrize(
    ("runs", "number"),
    [
        ([BROKEN, FINE], 1),
        ([run(State.ATTENTION), FINE], 1),
        ([run(State.INTERRUPTED, Reason.WINDOW), BROKEN, FINE], 2),
        ([AWAY, FINE], 1),
        ([BROKEN, BUSY, NO, FINE], 1),
        ([BROKEN, run(State.OK, kind=Kind.PRUNE), FINE], 1),
        ([run(State.ERROR, kind=Kind.PRUNE), run(State.INTERRUPTED, kind=Kind.PRUNE), run(State.OK, kind=Kind.PRUNE)], 1),
        ([run(State.ERROR, Reason.DAMAGE, Kind.CHECK), FINE, run(State.OK, kind=Kind.CHECK)], 1),
        ([run(State.ERROR, kind=Kind.DRILL), run(State.OK, kind=Kind.DRILL)], 1),
        ([FINE], None),
        ([BROKEN, FINE, FINE], None),
        ([BROKEN, FINE, BUSY, FINE], None),
        ([BROKEN, run(State.ATTENTION)], None),
        ([run(State.ERROR, kind=Kind.PRUNE), FINE], None),
        ([run(State.INTERRUPTED, kind=Kind.PRUNE), run(State.OK, kind=Kind.PRUNE)], None),
        ([msgspec.structs.replace(BROKEN, set_name="home"), FINE], None),
        ([run(State.ERROR, Reason.DAMAGE, Kind.CHECK), FINE], None),
        ([run(State.ERROR, Reason.DAMAGE, Kind.DRILL), run(State.ERROR, kind=Kind.DRILL), run(State.OK, kind=Kind.DRILL)], None),
        ([run(State.ATTENTION, kind=Kind.DRILL), run(State.OK, kind=Kind.DRILL)], None),
    ],
)
def test_trouble_before_a_good_run_is_found(runs: list[Run], number: int | None) -> None:
    """What nobody hears of lies between and counts for nothing."""
    newest, *earlier = numbered(*runs)
    trouble = trouble_before(newest, earlier)

    assert (trouble.id if trouble else None) == number


def after_command(on_error: OnError) -> tuple[dict[str, object], ...]:
    """Return what the log says of a command that failed after the backup."""
    return (
        {"message_type": "step", "role": "after", "words": ["umount /mnt"]},
        {"message_type": "output", "stream": "err", "text": "umount: /mnt: target is busy."},
        {"message_type": "step_end", "role": "after", "exit_code": 32, "on_error": on_error},
    )


SUMMARY: dict[str, object] = {"message_type": "summary", "files_new": 1, "snapshot_id": "395d807c" * 8}


def test_a_run_is_well_again_only_when_its_report_says_so(tmp_path: Path) -> None:
    """What was stored may be damaged all the same."""
    well = make_record(FINE, log_of(tmp_path, SUMMARY), host=None, background=Background(trouble=BROKEN))
    damage = Background(trouble=BROKEN, proofs=(Proven(Kind.CHECK, BEGAN, Verdict.ERROR),))
    damaged = make_record(FINE, log_of(tmp_path, SUMMARY), host=None, background=damage)

    assert (well.verdict, well.recovered_from) == (Verdict.OK, BEGAN)
    assert (damaged.verdict, damaged.recovered_from, damaged.proofs) == (Verdict.OK, None, damage.proofs)


def test_a_command_whose_failure_is_to_be_ignored_is_told_and_changes_nothing(tmp_path: Path) -> None:
    """The mail lists every occurrence, and says of the run what the journal says."""
    before: tuple[dict[str, object], ...] = (
        {"message_type": "step", "role": "before", "words": ["lvcreate"]},
        {"message_type": "step_end", "role": "before", "exit_code": 5, "on_error": OnError.IGNORE},
    )
    log = log_of(tmp_path, *before, SUMMARY, *after_command(OnError.IGNORE))
    record = make_record(FINE, log, host=None, background=Background())
    text = as_text(make_run_page(record, language="en"))

    assert (record.verdict, record.problem_count) == (Verdict.OK, 0)
    assert record.remarks == (
        stops.before_ignored("lvcreate", 5),
        stops.after_ignored("umount /mnt", 32, "umount: /mnt: target is busy."),
    )
    assert "○ 2 commands of the set failed, which is to be ignored." in text
    assert "Its last words were: umount: /mnt: target is busy." in " ".join(text.split())


def test_a_command_that_makes_the_run_fail_at_its_end_is_its_cause(tmp_path: Path) -> None:
    """The journal says so; the snapshot is saved, which the mail says."""
    ended = run(State.ERROR, Reason.COMMAND, code=0)
    record = make_record(ended, log_of(tmp_path, SUMMARY, *after_command(OnError.FAIL)), host="pc", background=Background())
    page = make_run_page(record, language="en")

    assert (record.verdict, record.problem_count) == (Verdict.ERROR, 0)
    assert record.stopped_by == stops.after_failed("umount /mnt", 32, "umount: /mnt: target is busy.")
    assert page.subject == "[ERROR] daten on pc: A command that belongs to the set failed"
    assert page.detail == "The files themselves are backed up."
    assert ("Snapshot", "395d807c") in [(row.label, row.value) for row in page.rows]


def test_a_log_that_a_full_disk_cut_short_makes_no_failure_of_a_good_run(tmp_path: Path) -> None:
    """The journal has the summary as well."""
    ended = msgspec.structs.replace(FINE, summary={**SUMMARY, "files_new": 7})
    record = make_record(ended, tmp_path / "none", host=None, background=Background())

    assert (record.verdict, record.files.new, record.stopped_by) == (Verdict.OK, 7, None)


def test_a_clock_that_was_set_is_told(tmp_path: Path) -> None:
    """Times of snapshots settle which are kept."""
    lines = ({"message_type": "clock", "set_by_seconds": -7200}, SUMMARY)
    record = make_record(run(State.ATTENTION, code=0), log_of(tmp_path, *lines), host=None, background=Background())

    assert (record.verdict, record.problems) == (Verdict.ATTENTION, (stops.clock_set(-120),))
