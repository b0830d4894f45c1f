"""``gdp report``: what the mail says, at the terminal and once more by mail, with no daemon at work."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gdp.daemon.journal import Journal, open_journal
from gdp.daemon.service import JOURNAL
from gdp.mail.queue import MailQueue
from gdp.model.runs import Kind, Reason, State
from tests.cli.command_line import Gdp, here
from tests.mail.smtp_server import Mailbox, serving

BEGAN = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
RECIPIENTS = '[[report]]\nto = "anne@example.com"\nlanguage = "de"\nmode = "daily"\n\n[[report]]\nto = "bob@example.com"\n'


class Journaled:
    """An installation whose daemon has made runs."""

    def __init__(self, gdp: Gdp, home: Path, source: Path) -> None:
        self._gdp, self.home, self._source = gdp, home, source
        (home / "sets").mkdir(parents=True, mode=0o700)
        self.journal: Journal = open_journal(home / JOURNAL)
        self.write_set("daten", RECIPIENTS)

    def write_set(self, name: str, report: str) -> None:
        """Write the file of a set that runs every night."""
        lines = (
            f'[source]\npaths = ["{self._source}"]\n[snapshot]\nhost = "server01"\n[target]\nrepo = "{self._gdp.repository}"\n'
            f'[encryption]\npassword-file = "{self._gdp.password_file}"\nrecovery-confirmed = true\n'
            f'[schedule]\nwhen = ["daily 02:30"]\n{report}'
        )
        file = self.home / "sets" / f"{name}.toml"
        file.write_text(lines)
        file.chmod(0o600)

    def run(self, name: str = "daten", *words: str, kind: Kind = Kind.BACKUP, days: int = 0) -> int:
        """Note a run that really was made, and return its number."""
        run = self.journal.begin(name, kind, due=BEGAN, now=BEGAN + timedelta(days), log="log/runs/{id:06d}.jsonl")
        made = self._gdp.process("--json", *(words or ("backup", "-v", str(self._source), "--host", "server01")))
        log = self.home / run.log
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(made.out + made.err)
        state = State.OK if made.code == 0 else State.ERROR
        self.journal.finish(run.id, state, now=BEGAN + timedelta(days, minutes=2), exit_code=made.code)
        return run.id

    def log_of(self, number: int) -> Path:
        """Return the log of a run."""
        run = self.journal.run(number)
        assert run is not None
        return self.home / run.log


@pytest.fixture
def past(ready: Gdp, isolated_home: Path, source: Path) -> Journaled:
    return Journaled(ready, isolated_home / "gdp", source)


def test_a_run_is_shown_as_the_mail_tells_it(past: Journaled) -> None:
    """With the journal open elsewhere, as by a daemon, and with the next run."""
    past.run()
    said = here(["report", "show", "1"])
    german = here(["report", "show", "latest", "--language", "de"])

    assert said.code == 0, said.err
    assert said.out.startswith("[OK] daten on server01: 3 new, ")
    assert "● Everything is backed up: daten on server01." in said.out
    assert "Next run: 2026-11-2" in said.out
    assert said.out.endswith(f"The log is in {past.log_of(1)}.\n")
    assert "● Alles gesichert: daten auf server01." in german.out


def test_a_closed_journal_is_read_as_well_and_not_written(past: Journaled) -> None:
    """No daemon is at work, which is when somebody wants to know why."""
    past.run()
    past.journal.close()
    before = (past.home / JOURNAL).read_bytes()

    assert here(["report", "show", "latest"]).code == 0
    assert (past.home / JOURNAL).read_bytes() == before


def test_a_page_and_a_record_can_be_had(past: Journaled, tmp_path: Path) -> None:
    """For a browser, and for scripts."""
    past.run()
    said = here(["report", "show", "1", "--html", str(tmp_path / "run.html")])
    record = here(["--json", "report", "show", "1"]).summary

    assert "run.html" in said.out
    assert (tmp_path / "run.html").read_text().startswith("<!DOCTYPE html>")
    assert (record["message_type"], record["run"], record["verdict"], record["files"]) == ("report", 1, "ok", {"new": 3})
    assert here(["report", "show", "1", "--html", str(tmp_path / "none" / "run.html")]).code == 1


def test_the_record_holds_the_report_as_the_mail_tells_it(past: Journaled) -> None:
    """Front ends show it as it is, in the reader's language, and need not make it up themselves."""
    past.run()
    told = here(["report", "show", "1"]).out
    record = here(["--json", "report", "show", "1"]).summary
    german = here(["--json", "report", "show", "1", "--language", "de"]).summary

    assert told.startswith(f"{record['subject']}\n\n{record['text']}".rstrip("\n"))
    assert "● Everything is backed up: daten on server01." in record["text"]
    assert "● Alles gesichert: daten auf server01." in german["text"]


def test_runs_are_listed(past: Journaled) -> None:
    """The newest last, those of one set alone where that is asked for."""
    past.run()
    past.run("daten", "backup", "/does/not/exist")
    past.journal.skip("home", Kind.BACKUP, due=BEGAN, reason=Reason.BATTERY, now=BEGAN, is_served=False)
    lines = here(["report", "list"]).out.splitlines()
    records = here(["--json", "-S", "home", "report", "list"]).records

    assert [line.split()[0] for line in lines[2:]] == ["1", "2", "3"]
    assert lines[3].endswith("failed")
    assert lines[4].endswith("left out: no mains power")
    assert [record.get("id") for record in records] == [3, None]
    assert records[-1] == {"message_type": "summary", "runs": 1}


def test_latest_is_the_newest_that_is_worth_a_report(past: Journaled) -> None:
    """A tidy-up that went well is none, and a run that is not over cannot be one; a set means its own."""
    past.run()
    past.write_set("home", "")
    past.run("home", days=1)
    past.run("daten", "snapshots", kind=Kind.RETENTION, days=2)
    past.journal.begin("daten", Kind.BACKUP, due=BEGAN, now=BEGAN)

    assert here(["report", "show", "latest"]).out.startswith("[OK] home on server01")
    assert here(["report", "show", "latest", "-S", "daten"]).out.startswith("[OK] daten on server01")


def test_what_was_proven_by_then_stands_in_a_report(past: Journaled) -> None:
    """Of a backup, and not what was proven after it; what is proven has a report itself."""
    past.run("daten", "check", "--sample", "64M", kind=Kind.CHECK)
    past.run(days=1)
    past.run("daten", "check", "--sample", "nothing", kind=Kind.CHECK, days=2)
    before, after = here(["report", "show", "2"]), here(["report", "show", "3"])
    record = here(["--json", "report", "show", "2"]).summary

    assert "Last read-back" in before.out
    assert [(proven["kind"], proven["verdict"]) for proven in record["proofs"]] == [("check", "ok")]
    assert after.out.startswith("[ERROR] daten on server01 (check): ")
    assert "Last read-back" not in after.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["99"], "there is no run '99'"),
        (["newest"], "there is no run 'newest'"),
        (["9" * 30], "there is no run '999"),
        (["1", "-S", "home"], "there is no run '1'"),
        (["latest", "-S", "home"], "there is no run to report yet"),
        (["2"], "run 2 is not over yet"),
        (["3"], "the log of run 3 is gone: "),
    ],
)
def test_what_cannot_be_shown(past: Journaled, words: list[str], sentence: str) -> None:
    """Each with what to do."""
    past.run()
    past.journal.begin("daten", Kind.BACKUP, due=BEGAN, now=BEGAN)
    past.log_of(past.run()).unlink()
    said = here(["report", "show", *words])

    assert said.code == 1
    assert sentence in said.err
    assert len(said.err.splitlines()) == 2


def test_without_a_journal_it_is_said_what_makes_one() -> None:
    """Somebody tries the command first of all."""
    said = here(["report", "list"])

    assert said.code == 1
    assert "the daemon has made no run yet" in said.err


def test_a_report_is_sent_again_to_everybody(past: Journaled) -> None:
    """Whatever each wants to hear, in his language, with the log; and as often as it is asked for."""
    past.run()
    mailbox = Mailbox()
    with serving(mailbox) as port:
        here(["config", "set", "mail.smtp", f"smtp://127.0.0.1:{port}"])
        first, second = here(["report", "send", "latest"]), here(["--json", "report", "send", "1"])

    assert first.code == 0, first.err
    assert "2 mails" in first.out
    assert second.summary == {"message_type": "summary", "run": 1, "sent": 2, "waiting": 0}
    assert sorted((mail["To"], mail["Subject"].split(":")[0]) for mail in mailbox.messages[:2]) == [
        ("anne@example.com", "[OK] daten auf server01"),
        ("bob@example.com", "[OK] daten on server01"),
    ]
    assert [part.get_filename() for part in mailbox.messages[0].iter_attachments()] == ["daten-1.log.gz"]


def test_a_report_is_sent_to_somebody_else(past: Journaled) -> None:
    """A dealer, say; also when the set has no recipients, or is gone."""
    past.run()
    (past.home / "sets" / "daten.toml").unlink()
    mailbox = Mailbox()
    with serving(mailbox) as port:
        here(["config", "set", "mail.smtp", f"smtp://127.0.0.1:{port}"])
        nobody = here(["report", "send", "1"])
        done = here(["report", "send", "1", "--to", "cleo@example.com"])
        wrong = here(["report", "send", "1", "--to", "dora@example.com", "--to", "nonsense"])

    assert (nobody.code, done.code, wrong.code) == (1, 0, 1)
    assert "nobody is named who hears of daten" in nobody.err
    assert [envelope.rcpt_tos for envelope in mailbox.taken] == [["cleo@example.com"]]


def test_a_mail_server_that_is_away_loses_nothing(past: Journaled) -> None:
    """The mail waits, and the command says why."""
    past.run()
    mailbox = Mailbox()
    with serving(mailbox) as port:
        pass
    here(["config", "set", "mail.smtp", f"smtp://127.0.0.1:{port}"])
    said = here(["report", "send", "1", "--to", "cleo@example.com"])

    assert said.code == 1
    assert "The mail to cleo@example.com waits in the queue: " in said.out
    assert len(MailQueue(past.home).entries()) == 1


def test_without_a_mail_server_nothing_is_queued(past: Journaled) -> None:
    """It would wait for ever."""
    past.run()
    said = here(["report", "send", "1"])

    assert said.code == 1
    assert "gdp config set mail.smtp" in said.err
    assert MailQueue(past.home).entries() == []
