"""A set that was due and did not run is told, and why; and nobody is told so without need."""

from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gdp.daemon.diary_file import DiaryFile
from gdp.daemon.journal import open_journal
from gdp.daemon.reports import Reports
from gdp.daemon.settings import LiveSettings
from gdp.daemon.silence import Diary, Silence, Span, sign_of_life, why_silent
from gdp.mail.queue import MailQueue
from gdp.model.backup_set import BackupSet
from gdp.model.events import Event
from gdp.model.runs import Kind, Reason, Run, State
from gdp.model.timing.window import parse_window
from gdp.report import stops
from tests.daemon.running import World
from tests.jobs.world import at, make_set

BERLIN = ZoneInfo("Europe/Berlin")
DAY = date(2026, 11, 24)  # a Tuesday
NIGHTLY = make_set("daten", "daily 02:30")


def moment(day: int, hour: int, minute: int = 0) -> datetime:
    return at(BERLIN, 2026, 11, day, hour, minute)


def run(began: datetime, ended: datetime | None = None, state: State = State.OK, kind: Kind = Kind.BACKUP) -> Run:
    return Run(id=1, set_name="daten", kind=kind, due=began, began=began, ended=ended or began, state=state)


def look(one: BackupSet, *runs: Run, diary: Diary = Diary(), since: datetime | None = None) -> Silence | None:  # noqa: B008 frozen
    return why_silent(one, DAY, runs, since, diary, BERLIN)


OLD = run(moment(10, 2, 30))


def test_a_day_without_a_run_is_told() -> None:
    """At the moment at which it should have begun."""
    found = look(NIGHTLY, OLD)

    assert found == Silence(NIGHTLY, moment(24, 2, 30), stops.SILENT)


@pytest.mark.parametrize(
    "other",
    [
        run(moment(24, 2, 31)),
        run(moment(24, 1), moment(24, 1, 10)),
        run(moment(22, 2, 30), moment(26, 4), State.ATTENTION),
        run(moment(24, 23), state=State.ERROR),
        run(moment(24, 3, 30), state=State.SKIPPED),
        run(moment(22, 3, 30), moment(24, 3, 30), State.SKIPPED),
        Run(id=1, set_name="daten", kind=Kind.BACKUP, due=OLD.due, began=OLD.began),
    ],
    ids=["on time", "sooner", "a long one", "failed", "left out", "left out again", "still going on"],
)
def test_a_run_of_any_kind_of_end_is_told_as_such(other: Run) -> None:
    """There is a line of its own for it in the summary."""
    assert look(NIGHTLY, OLD, other) is None


def test_other_runs_do_not_count() -> None:
    """Retention saves nothing."""
    assert look(NIGHTLY, OLD, run(moment(24, 2, 40), kind=Kind.RETENTION), run(moment(25, 8))) is not None


@pytest.mark.parametrize(
    ("when", "window"),
    [
        (("weekly friday 02:30",), None),
        (("weekly monday 02:30",), None),
        ((), None),
        (("daily 02:30",), "saturday-sunday"),
    ],
)
def test_where_none_was_due_nothing_is_missing(when: tuple[str, ...], window: str | None) -> None:
    """A set that runs on Fridays is silent on Tuesdays."""
    one = make_set("daten", *when, window=parse_window(window) if window else None)

    assert look(one, OLD) is None


@pytest.mark.parametrize(
    ("when", "window"),
    [("weekly monday 23:30", None), ("weekly monday 20:00", "01:00-05:00"), ("weekly saturday 20:00", "tuesday 01:00-05:00")],
)
def test_a_run_belongs_to_the_day_on_which_it_should_have_begun(when: str, window: str | None) -> None:
    """The window opens after midnight, or the hour of patience ends then; what ran before that is no miss."""
    one = make_set("daten", when, window=parse_window(window) if window else None)

    assert look(one, OLD) is not None
    assert look(one, OLD, run(moment(23, 23, 31))) is None or window is not None
    assert look(one, OLD, run(moment(24, 1))) is None


def test_nothing_was_missed_before_a_set_was_there() -> None:
    """It has no runs yet; the journal knows since when it is known."""
    assert look(NIGHTLY) is None
    assert look(NIGHTLY, since=moment(24, 12)) is None
    assert look(NIGHTLY, since=moment(23, 12)) is not None


def test_a_set_that_may_not_run_misses_nothing() -> None:
    """'gdp status' says so."""
    assert look(make_set("daten", "daily 02:30", is_active=False), OLD) is None


def test_the_reason_is_what_the_diary_has() -> None:
    """A pause outweighs: with the computer on, nothing would have begun either."""
    off = Diary(absences=(Span(moment(23, 18), moment(25, 7)),))
    paused = Diary(pauses=(Span(moment(23, 22), moment(25, 7)),))
    other = Diary(absences=(Span(moment(24, 3), moment(24, 7)),), pauses=(Span(moment(24, 4), moment(24, 5)),))

    assert [found.why for diary in (off, paused, other) if (found := look(NIGHTLY, OLD, diary=diary))] == [
        stops.computer_off(37),
        stops.PAUSED,
        stops.SILENT,
    ]


def test_where_a_reason_is_known_it_is_told() -> None:
    """Of many moments at which a run was due on the day."""
    late = Diary(absences=(Span(moment(24, 9), moment(25, 7)),))
    found = look(make_set("daten", "hourly"), OLD, diary=late)

    assert found is not None
    assert found.why == stops.computer_off(22)


def test_signs_of_life_show_when_there_were_none() -> None:
    """And pauses go on as long as they are seen, over a restart as well."""
    diary = Diary()
    for when, is_paused in (
        *((moment(23, 12), False), (moment(23, 12, 10), True), (moment(23, 12, 20), True), (moment(24, 8), True)),
        *((moment(24, 8, 1), False), (moment(24, 8, 2), True)),
    ):
        diary = sign_of_life(diary, when, is_paused=is_paused)

    assert diary.absences == (Span(moment(23, 12, 20), moment(24, 8)),)
    assert diary.pauses == (Span(moment(23, 12, 10), moment(24, 8)), Span(moment(24, 8, 2), moment(24, 8, 2)))
    assert sign_of_life(diary, moment(30, 8) + timedelta(days=9), is_paused=False).pauses == ()


def test_the_diary_outlasts_its_daemon(tmp_path: Path) -> None:
    """Damaged, it begins anew."""
    file = DiaryFile(tmp_path / "state" / "diary.json")
    file.note(moment(23, 12), is_paused=False)
    file.note_told(DAY)
    found = DiaryFile(tmp_path / "state" / "diary.json").note(moment(24, 12), is_paused=False)
    (tmp_path / "state" / "diary.json").write_text("{")

    assert (found.told, found.absences) == (DAY, (Span(moment(23, 12), moment(24, 12)),))
    assert DiaryFile(tmp_path / "state" / "diary.json").diary == Diary()


def test_the_summary_of_a_silent_day_is_sent_once(world: World) -> None:
    """With the computer off on Tuesday, on Wednesday; nobody but the readers of summaries hears of it."""
    world.write_set(
        **{
            "schedule": 'when = ["daily 02:30"]',
            "[report]": 'to = "cleo@example.com"\nmode = "daily"\n\n[[report]]\nto = "bob@example.com"',
        }
    )
    zone = LiveSettings(world.home).zone
    now = [at(zone, 2026, 11, 23, 3)]
    told: list[Event] = []
    journal = open_journal(world.home / "state" / "journal.sqlite")
    journal.begin("daten", Kind.BACKUP, due=now[0], now=now[0])
    journal.finish(1, State.OK, now=now[0], reason=Reason.NONE)
    for days, hours in ((23, (3, 4)), (25, (8, 9)), (26, (1, 2))):
        settings = LiveSettings(world.home)
        settings.read()
        reports = Reports(world.home, settings, journal, lambda: now[0], emit=told.append, tell_backlog=lambda _backlog: None)
        for hour in hours:
            now[0] = at(zone, 2026, 11, days, hour)
            reports.deliver()
        reports.close()
    journal.close()
    subjects = [(entry.header.envelope.to, entry.header.subject.split(" on ")[-1]) for entry in MailQueue(world.home).entries()]

    assert [to for to, _ in subjects] == ["cleo@example.com"] * 2
    assert [subject.split(", ", 1)[1] for _, subject in subjects] == [
        "2026-11-24: no run, 1 left out",
        "2026-11-25: no run, 1 left out",
    ]
