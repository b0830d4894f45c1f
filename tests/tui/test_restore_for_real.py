"""Searching, comparing and restoring with a real repository of several snapshots, and a real daemon."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from gdp.tui.app import BackupManager
from gdp.tui.screens.restore_plan import RestorePlan
from gdp.tui.widgets.choices import Choices, TickBox
from tests.daemon.running import PATIENCE_SECONDS, World
from tests.tui.screens_as_text import text_of
from tests.tui.stage import shown
from tests.tui.test_real import real_ports, until_shown

pytestmark = pytest.mark.slow
WIDE = (120, 36)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Three snapshots: a report is changed, a letter is removed, a plan is added; two more sets of eyes see another set's."""
    made = World(tmp_path)
    made.write_set()
    report, letter = made.source / "report.txt", made.source / "letters" / "letter [b].txt"
    letter.parent.mkdir()
    report.write_text("first\n")
    letter.write_text("dear\n")
    (made.source / "letters" / "two\nlines").write_text("x\n")
    assert made.gdp("backup", "daten").returncode == 0
    report.write_text("second version\n")
    os.utime(report, (1_700_000_000, 1_700_000_000))
    assert made.gdp("backup", "daten").returncode == 0
    letter.unlink()
    (made.source / "plan.txt").write_text("new\n")
    assert made.gdp("backup", "daten").returncode == 0
    return made


async def until_listed(app: BackupManager, pilot: Pilot[int]) -> None:
    """Open the list of snapshots."""
    app.go("restore", name="daten")
    await until_shown("set:daten", app, pilot)


def plan_of(app: BackupManager) -> dict[str, Any]:
    """Return what the daemon would be asked for."""
    assert isinstance(app.screen, RestorePlan)
    return app.screen.fields()


async def test_a_search_shows_every_version_once(world: World) -> None:
    """Three backups, two versions: two lines, the newest first; the older one is restored from a backup that has it."""
    async with shown(real_ports(world), size=WIDE) as (app, pilot):
        await until_listed(app, pilot)
        await pilot.press("f", *"REPORT", "enter")
        await until_shown("Found: 2", app, pilot)
        text = text_of(app)
        assert text.index("15 B") < text.index("6 B")
        await pilot.press("down", "enter")
        await until_shown("Where to, and how?", app, pilot)
        plan = plan_of(app)

    assert plan["paths"] == [str(world.source / "report.txt")]
    out = world.gdp("dump", "-S", "daten", plan["snapshot"], str(world.source / "report.txt"))
    assert out.stdout == "first\n"


async def test_a_search_that_finds_nothing_says_so(world: World) -> None:
    """An empty screen would leave people waiting."""
    async with shown(real_ports(world), size=WIDE) as (app, pilot):
        await until_listed(app, pilot)
        await pilot.press("f", *"nowhere", "enter")

        await until_shown("Nothing of that name", app, pilot)


async def test_a_removed_file_is_found_by_comparing_and_comes_back(world: World, tmp_path: Path) -> None:
    """From the tree of what differs to the file on the disk, with nothing staged."""
    target = tmp_path / "back"
    with world.daemon():
        async with shown(real_ports(world), size=WIDE) as (app, pilot):
            await until_listed(app, pilot)
            await pilot.press("d")
            await until_shown("added: 1 · removed: 1", app, pilot)
            await pilot.press("slash", *"LETTER", "enter")
            await until_shown("letter [b].txt", app, pilot)
            await pilot.press("end", "space", "r")
            await until_shown("1 entry chosen", app, pilot)
            await until_shown("Where to, and how?", app, pilot)
            await pilot.press("ctrl+u", *str(target), "f10")
            await until_shown("The files are back", app, pilot)

    (restored,) = (path for path in target.rglob("*") if path.is_file())
    assert (restored.name, restored.read_text()) == ("letter [b].txt", "dear\n")


async def test_a_name_with_a_line_break_is_shown_on_one_line_and_comes_back(world: World, tmp_path: Path) -> None:
    """Such names exist, and the screen must neither break nor name another file."""
    target = tmp_path / "back"
    with world.daemon():
        async with shown(real_ports(world), size=WIDE) as (app, pilot):
            await until_listed(app, pilot)
            await pilot.press("f", *"two", "enter")
            await until_shown("two␊lines", app, pilot)
            await pilot.press("enter")
            await until_shown("Where to, and how?", app, pilot)
            await pilot.press("ctrl+u", *str(target), "f10")
            await until_shown("The files are back", app, pilot)

    assert [path.name for path in target.rglob("*") if path.is_file()] == ["two\nlines"]


@pytest.mark.parametrize(
    ("rule", "text", "is_extra_left"),
    [
        ("always", "second version\n", True),
        ("if-changed", "second version\n", True),
        ("if-newer", "mine\n", True),
        ("never", "mine\n", True),
    ],
)
async def test_rules_hold_where_files_are_there_already(world: World, rule: str, text: str, is_extra_left: bool) -> None:
    """Back to where it was, over a file that was changed since, in each of four ways."""
    (world.source / "report.txt").write_text("mine\n")
    (world.source / "extra").write_text("made since\n")
    (world.source / "plan.txt").unlink()
    with world.daemon():
        async with shown(real_ports(world), size=WIDE) as (app, pilot):
            await until_listed(app, pilot)
            await pilot.press("enter")
            await until_shown("report.txt", app, pilot)
            await pilot.press("r")
            await until_shown("Where to, and how?", app, pilot)
            app.screen.query_one("#restore-where", Choices).value = "in-place"
            app.screen.query_one("#restore-rule", Choices).value = rule
            app.screen.query_one("#restore-verify", TickBox).value = True
            await pilot.pause()
            await pilot.press("f5")
            await until_shown("Nothing was written", app, pilot)
            assert not (world.source / "plan.txt").exists()
            await pilot.press("enter", "f10")
            await until_shown("Restore to where it was?", app, pilot)
            await pilot.press("enter")
            await until_shown("The files are back", app, pilot)

    assert (world.source / "report.txt").read_text() == text
    assert (world.source / "plan.txt").read_text() == "new\n"
    assert (world.source / "extra").exists() is is_extra_left


async def test_leaving_while_a_server_is_tried_ends_the_process(world: World) -> None:
    """Nothing goes on behind the screen, and nothing is said of what was left."""
    world.write_set("far", target='repo = "sftp://nobody@127.0.0.1:1/nowhere"')
    async with shown(real_ports(world), size=WIDE) as (app, pilot):
        app.go("restore", name="far")
        await until_shown("attempt 1 failed", app, pilot)
        await pilot.press("escape")
        await until_shown("GDP Backup Manager", app, pilot)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while _is_browsing(world):
                await pilot.pause(0.05)
        await pilot.pause()

        assert app.screen.__class__.__name__ == "Overview"


def _is_browsing(world: World) -> bool:
    """Say whether a ``gdp browse`` of this world is at work."""
    said = [str(world.home).encode(), b"browse"]
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if all(word in words for word in said):
                return True
    return False


async def test_all_snapshots_are_those_of_other_sets_too(world: World) -> None:
    """Whoever lost a whole computer looks for the backups of another one."""
    world.write_set("other", snapshot='host = "elsewhere"')
    assert world.gdp("backup", "other").returncode == 0
    async with shown(real_ports(world), size=WIDE) as (app, pilot):
        await until_listed(app, pilot)
        assert "elsewhere" not in text_of(app)
        await pilot.press("a")

        await until_shown("elsewhere", app, pilot)
