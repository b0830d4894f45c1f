"""Everybody hears of a run as he wants to."""

import os
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import msgspec
import pytest

from gdp.mail import message
from gdp.mail.post import MOST_PROBLEMS, Post
from gdp.mail.queue import MailQueue
from gdp.model.backup_set import Recipient, ReportMode
from gdp.model.run import Verdict
from tests.mail.conftest import NOW
from tests.report.samples import SAMPLES, ZONE, make, unreadable

ANNE = Recipient(to="anne@example.com", language="de")
BOB = Recipient(to="bob@example.com", language="en", mode=ReportMode.PROBLEMS)
CLEO = Recipient(to="cleo@example.com", mode=ReportMode.DAILY)
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
def post(tmp_path: Path) -> Post:
    """The post of a German installation."""
    return Post(tmp_path, sender="gdp@example.com", language="de", zone=ZONE)


def waiting(post: Post) -> list[EmailMessage]:
    """Return the mails in the queue."""
    raw = (path.read_bytes().partition(b"\n")[2] for path in sorted(post.queue.folder.glob("*.mail")))
    return [message_from_bytes(text, policy=default) for text in raw]


def test_each_in_his_language(post: Post) -> None:
    """And only who wants to hear of it."""
    assert post.post_run(SAMPLES["ok"], [ANNE, BOB, CLEO], NOW).queued == 1
    assert post.post_run(SAMPLES["line"], [ANNE, BOB, CLEO], NOW, log=b"lines", log_name="home.log").queued == 2

    assert sorted((one["To"], one["Subject"]) for one in waiting(post)) == [
        ("anne@example.com", "[FEHLER] home auf server01: abgebrochen bei 61 %, nichts verloren"),
        ("anne@example.com", "[OK] daten auf server01: 1.204 neu, 37 geändert, 3,1 GB"),
        ("bob@example.com", "[ERROR] home on server01: broke off at 61 %, nothing lost"),
    ]
    assert {part.get_filename() for one in waiting(post) for part in one.iter_attachments()} == {"home.log.gz"}


def test_a_run_is_reported_once_however_often_it_is_posted(post: Post) -> None:
    """A daemon that was killed before it noted that it did posts the run again, also when the mail has long been sent."""
    for _ in range(2):
        assert post.post_run(SAMPLES["ok"], [ANNE, CLEO], NOW).queued == 1
    sent = post.queue.send_due(lambda *_: None, lambda: NOW).sent
    post.post_run(SAMPLES["ok"], [ANNE, CLEO], NOW)
    other = msgspec.structs.replace(SAMPLES["ok"], began=SAMPLES["ok"].began - timedelta(seconds=1))
    post.post_run(other, [ANNE], NOW)

    assert sent == 1
    assert len(waiting(post)) == 1
    assert len(list((post.queue.folder / "daily").iterdir())) == 1


def test_a_run_that_is_told_again_is_kept_for_the_summary_as_it_was(post: Post) -> None:
    """The daemon that tells it again may know less of it, such as when the set runs next."""
    for record in (SAMPLES["ok"], msgspec.structs.replace(SAMPLES["ok"], next_run=None)):
        post.post_run(record, [CLEO], NOW)
    post.post_summaries(TOMORROW)
    text = waiting(post)[0].get_body(("plain",))

    assert text is not None
    assert "Nächster Lauf: 25.11.2026" in text.get_content()


def test_a_recipient_whose_language_changed_hears_no_run_again(post: Post) -> None:
    """The next daemon posts the runs of the last day again. An address that stands there twice gets both."""
    english = msgspec.structs.replace(ANNE, language="en")
    for recipients in ([ANNE], [english], [ANNE, english], [ANNE, english]):
        post.post_run(SAMPLES["ok"], recipients, NOW)

    assert sorted(str(one["Subject"])[:21] for one in waiting(post)) == ["[OK] daten auf server", "[OK] daten on server0"]


def test_who_hears_of_problems_hears_that_all_is_well_again(post: Post) -> None:
    """Once, and of no other run that went well."""
    again = SAMPLES["again"]
    for record in (SAMPLES["line"], again, again, msgspec.structs.replace(SAMPLES["ok"], began=NOW)):
        post.post_run(record, [BOB], NOW)

    assert sorted(one["Subject"] for one in waiting(post)) == [
        "[ERROR] home on server01: broke off at 61 %, nothing lost",
        "[OK] daten on server01: all is well again, 1,204 new, 37 changed, 3.1 GB",
    ]


def test_what_is_left_out_for_days_is_told_on_each(post: Post) -> None:
    """The journal keeps it as one run, which is told again as long as it lasts; twice on a day it is one."""
    away = SAMPLES["away"]
    for hours in (0, 1, 24):
        post.post_run(msgspec.structs.replace(away, ended=away.ended + timedelta(hours=hours)), [CLEO], NOW)
    post.post_summaries(NOW + timedelta(days=3))

    assert sorted(one["Subject"] for one in waiting(post)) == [
        "[ACHTUNG] server01, 24.11.2026: kein Lauf, 1 ausgelassen",
        "[ACHTUNG] server01, 25.11.2026: kein Lauf, 1 ausgelassen",
    ]


def test_a_run_that_is_posted_late_gets_a_summary_of_its_own(post: Post) -> None:
    """That of its day has gone already."""
    post.post_run(SAMPLES["ok"], [CLEO], NOW)
    post.post_summaries(TOMORROW)
    post.queue.send_due(lambda *_: None, lambda: TOMORROW)
    post.post_run(SAMPLES["line"], [CLEO], TOMORROW)

    assert post.post_summaries(TOMORROW).queued == 1
    assert len(waiting(post)) == 1


def test_a_log_that_is_too_large_is_not_promised(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report says that the log is attached only where it is."""
    monkeypatch.setattr(message, "LARGEST_LOG_BYTES", 10)
    post.post_run(SAMPLES["ok"], [ANNE], NOW, log=os.urandom(99))
    (mail,) = waiting(post)
    text = mail.get_body(("plain",))

    assert list(mail.iter_attachments()) == []
    assert text is not None
    assert "angehängt" not in text.get_content()


def test_a_summary_comes_when_the_day_is_over(post: Post) -> None:
    """One mail for all of its runs, once."""
    post.post_run(SAMPLES["ok"], [CLEO], NOW)
    post.post_run(SAMPLES["line"], [CLEO], NOW)

    assert post.post_summaries(NOW).queued == 0
    assert post.post_summaries(TOMORROW).queued == 1
    assert post.post_summaries(TOMORROW).queued == 0
    assert [one["Subject"] for one in waiting(post)] == ["[FEHLER] server01, 24.11.2026: 2 Läufe, 1 mit Problemen"]


def test_who_is_killed_makes_the_same_summary_again(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the queue and the end of the day's files."""
    post.post_run(SAMPLES["ok"], [CLEO], NOW)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(OSError))
        post.post_summaries(TOMORROW)
    post.post_summaries(TOMORROW)

    assert len(waiting(post)) == 1


def test_one_bad_address_does_not_silence_the_others(post: Post) -> None:
    """The failure is told to whoever asked."""
    posted = post.post_run(SAMPLES["ok"], [Recipient(to="nobody"), ANNE], NOW)

    assert (posted.queued, len(posted.failures)) == (1, 1)


def test_one_bad_address_does_not_repeat_the_others_summary(post: Post) -> None:
    """It will be none tomorrow, too."""
    post.post_run(SAMPLES["ok"], [CLEO, Recipient(to="nobody", mode=ReportMode.DAILY)], NOW)
    first, second = post.post_summaries(TOMORROW), post.post_summaries(TOMORROW)

    assert (first.queued, len(first.failures)) == (1, 1)
    assert (second.queued, len(second.failures)) == (0, 0)


def test_a_disk_that_fails_is_told(post: Post, tmp_path: Path) -> None:
    """A run is not undone by its report."""
    (tmp_path / "mail").write_bytes(b"no folder")

    assert len(post.post_run(SAMPLES["ok"], [ANNE, CLEO], NOW).failures) == 2
    assert len(MailQueue(tmp_path).entries()) == 0


def test_a_summary_takes_little_room(post: Post) -> None:
    """A set that runs every ten minutes with a thousand problems."""
    many = tuple(unreadable(f"/{number}", "Permission denied") for number in range(1000))
    post.post_run(make(verdict=Verdict.ATTENTION, problems=many, problem_count=1000), [CLEO], NOW)
    (file,) = (post.queue.folder / "daily").iterdir()

    assert len(msgspec.json.decode(file.read_bytes())["record"]["problems"]) == MOST_PROBLEMS


def test_damaged_files_stop_no_summary(post: Post) -> None:
    """They stay for whoever wants to know."""
    post.post_run(SAMPLES["ok"], [CLEO], NOW)
    (post.queue.folder / "daily" / "0.run").write_bytes(os.urandom(40))

    assert post.post_summaries(TOMORROW).queued == 1
