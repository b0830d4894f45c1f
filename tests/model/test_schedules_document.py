"""Every example of docs/schedules.md is run: what an administrator copies from there must do what it says."""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

from gdp.model.timing.bandwidth import parse_bandwidth
from gdp.model.timing.durations import format_duration, parse_duration
from gdp.model.timing.pauses import format_pauses, parse_pauses
from gdp.model.timing.reading import parse_schedule
from gdp.model.timing.window import parse_window
from tests.conftest import PROJECT

BERLIN = ZoneInfo("Europe/Berlin")
TUESDAY_NOON = datetime(2026, 11, 24, 12, tzinfo=BERLIN)
DOCUMENT = (PROJECT / "docs" / "schedules.md").read_text()


def rows(heading: str) -> Iterator[list[str]]:
    """Yield the cells of the table below a heading, without its head."""
    chapter = DOCUMENT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    table = [line for line in chapter.splitlines() if line.startswith("|")]
    assert len(table) > 3
    for line in table[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def quoted(cell: str) -> list[str]:
    """Return what stands between backticks."""
    return re.findall(r"`([^`]+)`", cell)


def clock(moment: datetime | None) -> str:
    """Return what the document writes for a moment."""
    return f"{moment.astimezone(BERLIN):%Y-%m-%d %H:%M}" if moment else "for ever"


def test_every_schedule_runs_when_the_document_says() -> None:
    """The next five runs of each, and the other way to write it."""
    for written, other, runs in rows("Schedules"):
        schedule = parse_schedule(quoted(written)[0])

        assert f"`{schedule}`" == written
        assert parse_schedule(quoted(other)[0]) == schedule
        assert ", ".join(map(clock, islice(schedule.runs_after(TUESDAY_NOON, BERLIN), 5))) == runs


def test_every_schedule_in_the_text_is_one() -> None:
    """Examples between the lines count too."""
    prose = "\n".join(line for line in DOCUMENT.partition("\n## Backup windows\n")[0].splitlines() if line[:1] != "|")
    sentences = [text for text in quoted(prose) if re.match("(every|monthly|hourly) ", text)]

    assert len(sentences) >= 6
    assert all(str(parse_schedule(text)) for text in sentences)


def test_every_window_is_open_when_the_document_says() -> None:
    """From when, until when."""
    for written, other, hours in rows("Backup windows"):
        window = parse_window(quoted(written)[0])
        opens = window.opens_after(TUESDAY_NOON, BERLIN)

        assert f"`{window}`" == written
        assert parse_window(quoted(other)[0]) == window
        assert f"{clock(opens)}, {clock(window.ends_after(opens, BERLIN))}" == hours


def test_every_bandwidth_is_what_the_document_says() -> None:
    """Which limits, and how long."""
    for written, other, limits, until in rows("Bandwidth"):
        table = parse_bandwidth(quoted(written)[0])

        assert f"`{table}`" == written
        assert parse_bandwidth(quoted(other)[0]) == table
        assert str(table.limits_at(TUESDAY_NOON, BERLIN)) == limits
        assert clock(table.next_change(TUESDAY_NOON, BERLIN)) == until


def test_every_duration_and_the_pauses_are_read() -> None:
    """All ways to write one mean the same."""
    for written, others in rows("Durations, pauses, random offset"):
        duration = parse_duration(quoted(written)[0])

        assert f"`{format_duration(duration)}`" == written
        assert {parse_duration(other) for other in quoted(others)} == {duration}
    for pauses in ("5m, 15m, 1h", "none"):
        assert f"`{pauses}`" in DOCUMENT
        assert format_pauses(parse_pauses(pauses)) == pauses
