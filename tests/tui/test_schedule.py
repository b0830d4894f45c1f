"""The schedule editor: fields and sentence say the same, and the next runs are those that will be."""

from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, OptionList, Select

from gdp.model.timing.reading import parse_schedule
from gdp.tui.app import BackupManager
from gdp.tui.views.schedules import Kind, coming_lines, coming_runs, fields_of, sentence_of_fields
from gdp.tui.widgets.schedule import ScheduleEditor
from tests.tui.hosting import host
from tests.tui.screens_as_text import compare, text_of
from tests.tui.stage import BERLIN, LANGUAGES, NOW, SIZES, ports, settle, shown

SENTENCES = (
    "daily 02:30 14:30", "weekdays 01:00", "weekly sunday 04:00", "monday,thursday 12:00", "monthly 15,last 22:00",
    "monthly last friday 22:00", "hourly", "hourly :15", "hourly weekdays 08:30-17:00", "every 10 minutes 08:00-18:00",
    "every 2 hours", "every 7 hours weekends", "yearly 24.12. 03:00",
)  # fmt: skip
FULL: dict[str, Any] = {
    "schedule.when": ["daily 02:30", "hourly weekdays 08:30-17:00"],
    "schedule.window": ["weekdays 20:00-06:00", "weekends"],
    "schedule.longest-run": "8h",
    "schedule.random-offset": "30m",
    "schedule.retry-pauses": ["1m", "10m", "2h 30m"],
    "bandwidth.limits": ["weekdays 08:00-18:00 up 2M down 4M", "up 20M"],
}
CASES: dict[str, tuple[dict[str, Any], bool]] = {
    "one": ({"schedule.when": ["daily 02:30"]}, False),
    "weekly": ({"schedule.when": ["monday,thursday 12:00"]}, False),
    "full": (FULL, True),
    "none": ({}, False),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
async def test_schedules_look_as_they_were_looked_at(case: str, language: str, size: str, tmp_path: Path) -> None:
    """Fields, sentence and the next runs at once."""
    values, seeks_more = CASES[case]
    async with shown(ports(tmp_path), size=SIZES[size], language=language) as (app, pilot):
        await host(app, pilot, ScheduleEditor(values, seeks_more=seeks_more))

        compare(f"schedule-{case}-{language}-{size}", app)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_fields_of_a_schedule_make_the_same_schedule(sentence: str, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever only looks must not change when backups are made."""
    monkeypatch.setenv("GDP_LANGUAGE", language)
    schedule = parse_schedule(sentence)
    fields = fields_of(schedule)

    assert fields.kind is Kind.SENTENCE or parse_schedule(sentence_of_fields(fields)) == schedule
    assert (fields.kind is Kind.SENTENCE) is sentence.startswith("yearly")


def test_what_waits_for_the_window_is_one_run() -> None:
    """An hourly set with a window at night does not come eleven times when it opens."""
    from itertools import islice

    from gdp.model.timing.window import parse_window

    hourly, window = [parse_schedule("hourly")], parse_window("20:00-22:00")
    coming = list(islice(coming_runs(hourly, window, NOW, BERLIN), 4))

    assert [run.begins.astimezone(BERLIN).strftime("%d %H:%M") for run in coming] == [
        "24 20:00",
        "24 21:00",
        "25 20:00",
        "25 21:00",
    ]
    assert next(coming_lines(hourly, None, NOW, BERLIN)) == "Tue 2026-11-24 15:00 (today)"


def editor(app: BackupManager) -> ScheduleEditor:
    """Return the widget that is shown."""
    return app.screen.query_one(ScheduleEditor)


async def test_what_is_not_touched_stays_as_it_is(tmp_path: Path) -> None:
    """Every key comes out as it went in."""
    async with shown(ports(tmp_path)) as (app, pilot):
        await host(app, pilot, ScheduleEditor(FULL))

        assert editor(app).value == FULL
        assert editor(app).wrong == []


async def test_a_field_changes_the_sentence_and_the_next_runs(tmp_path: Path) -> None:
    """The simple way says what it means."""
    async with shown(ports(tmp_path)) as (app, pilot):
        await host(app, pilot, ScheduleEditor({"schedule.when": ["daily 02:30"]}))
        app.screen.query_one("#times", Input).value = "22:15"
        await settle(pilot)

        assert editor(app).value["schedule.when"] == ["daily 22:15"]
        assert app.screen.query_one("#sentence", Input).value == "every day at 22:15"
        assert "Tue 2026-11-24 22:15 (today)" in text_of(app)
        app.screen.query_one("#kind", Select).value = Kind.WEEKLY
        await settle(pilot)
        assert editor(app).value["schedule.when"] == ["weekly sunday 22:15"]
        await pilot.click("#day-2")
        await settle(pilot)
        assert editor(app).value["schedule.when"] == ["wednesday,sunday 22:15"]


async def test_a_sentence_changes_the_fields(tmp_path: Path) -> None:
    """German words are understood whatever the screen's language."""
    async with shown(ports(tmp_path)) as (app, pilot):
        await host(app, pilot, ScheduleEditor({"schedule.when": ["daily 02:30"]}))
        app.screen.query_one("#sentence", Input).value = "alle 10 Minuten 8:00-18:00"
        await settle(pilot)

        assert editor(app).value["schedule.when"] == ["every 10 minutes 08:00-18:00"]
        assert app.screen.query_one("#kind", Select).value is Kind.EVERY
        assert app.screen.query_one("#step", Input).value == "10 min"


async def test_what_is_not_understood_is_said_beside_the_field(tmp_path: Path) -> None:
    """With what would be."""
    async with shown(ports(tmp_path)) as (app, pilot):
        await host(app, pilot, ScheduleEditor({"schedule.when": ["daily 02:30"]}, seeks_more=True))
        app.screen.query_one("#times", Input).value = "25:99"
        await settle(pilot)

        assert "'25:99' is no time of day" in text_of(app).replace("\n", " ")
        assert len(editor(app).wrong) == 1
        app.screen.query_one("#times", Input).value = "02:30"
        app.screen.query_one("#row-schedule-window Input", Input).value = "20 to 6"
        await settle(pilot)
        assert len(editor(app).wrong) == 1
        assert editor(app).value["schedule.window"] is None


async def test_schedules_are_added_and_removed(tmp_path: Path) -> None:
    """A set may have several, or none."""
    async with shown(ports(tmp_path)) as (app, pilot):
        await host(app, pilot, ScheduleEditor({"schedule.when": ["daily 02:30"]}))
        app.screen.query_one("#schedules", OptionList).focus()
        await pilot.press("a")
        await settle(pilot)
        assert app.screen.focused is app.screen.query_one("#kind")
        app.screen.query_one("#times", Input).value = "14:00"
        await settle(pilot)
        assert editor(app).value["schedule.when"] == ["daily 02:30", "daily 14:00"]
        app.screen.query_one("#schedules", OptionList).focus()
        await pilot.press("up", "delete")
        await settle(pilot)
        assert editor(app).value["schedule.when"] == ["daily 14:00"]
        app.screen.query_one("#times", Input).focus()
        await pilot.press("home", "delete", "a", "backspace", "0")
        await settle(pilot)
        assert editor(app).value["schedule.when"] == ["daily 04:00"]  # 14:00, and not another schedule
        app.screen.query_one("#schedules", OptionList).focus()
        await pilot.press("delete")
        await settle(pilot)

        assert editor(app).value["schedule.when"] == []
        assert "None: it is backed up only when" in text_of(app)
