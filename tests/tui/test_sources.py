"""The source picker: what is ticked is what is saved, and it says what that comes to."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from gdp.core.errors import BadInput, GdpError
from gdp.tui.app import BackupManager
from gdp.tui.commands import ChildCommands
from gdp.tui.folders import MOST_SHOWN, Entry, Listed, list_folder
from gdp.tui.ports import Ports, Record
from gdp.tui.views.counting import Stage
from gdp.tui.widgets import source_tree, sources
from gdp.tui.widgets.patterns import PatternList
from gdp.tui.widgets.source_tree import SourceTree
from gdp.tui.widgets.sources import Choice, SourcePicker
from tests.tui.hosting import host
from tests.tui.screens_as_text import compare, text_of
from tests.tui.stage import LANGUAGES, SIZES, StagedCommands, StagedDaemon, ports, settle, shown

WORLD = {
    "/": ["etc", "home", "lost+found", "srv", "swapfile"],
    "/home": ["anna", "bernd", "tmp"],
    "/srv": ["daten", "projekte", "video"],
}
FILES = {"swapfile"}
CHOICE = Choice(("/etc", "/home", "/srv"), ("/home/tmp", "*.iso", "node_modules/", "*.vob", "a["))
COUNTED = [
    {"message_type": "source", "path": "/etc", "files": 2_012, "folders": 301, "bytes": 12_400_000},
    {"message_type": "source", "path": "/home", "files": 91_004, "folders": 4_091, "bytes": 81_000_000_000},
    {"message_type": "source", "path": "/srv", "files": 325_187, "folders": 22_140, "bytes": 101_400_000_000},
    {"message_type": "pattern", "pattern": "*.iso", "files": 14, "folders": 0, "bytes": 38_000_000_000},
    {"message_type": "pattern", "pattern": "node_modules/", "files": 90_000, "folders": 92, "bytes": 6_100_000_000},
    {"message_type": "pattern", "pattern": "*.vob", "files": 0, "folders": 0, "bytes": 0},
    {"message_type": "summary", "files": 418_203, "folders": 26_532, "bytes": 182_412_400_000, "problems": 0},
]
AT_WORK = {"message_type": "status", "files_done": 120_031, "bytes_done": 51_000_000_000, "current_files": ["/srv/video/2024/"]}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "CALM_SECONDS", 0)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that looks the same on every computer."""

    def listed(folder: str, _wanted: object = ()) -> Listed:
        if folder == "/lost+found":
            return Listed(problem="Permission denied")
        return Listed(tuple(sorted(Entry(name in FILES, name) for name in WORLD.get(folder, ()))))

    monkeypatch.setattr(source_tree, "list_folder", listed)


def counted(words: tuple[str, ...]) -> Iterable[Record] | GdpError:
    """Say what a count would say."""
    if "--exclude=a[" in words:
        return BadInput("the pattern {pattern!r} makes no sense", pattern="a[")
    return COUNTED


def at_work(_words: tuple[str, ...]) -> Iterable[Record]:
    """Say what a count says in the middle."""
    return [AT_WORK, {"message_type": "error", "item": "/srv/geheim", "error": {"message": "cannot be read: Permission denied"}}]


def failed(_words: tuple[str, ...]) -> GdpError:
    """Say what a count says when there is nothing to count."""
    return BadInput("{path} does not exist", "Check the spelling.", path="/nowhere")


CASES: dict[str, tuple[Choice, Any]] = {
    "counted": (CHOICE, counted),
    "nothing": (Choice(), counted),
    "busy": (CHOICE, at_work),
    "failed": (Choice(("/nowhere",)), failed),
}


class LongCommands(StagedCommands):
    """Commands that have said all they have to say so far, and go on."""

    def __init__(self, script: Any) -> None:
        super().__init__(script)
        self.ended = 0

    async def run(self, *words: str, typed: str = "") -> AsyncGenerator[Record]:
        async for record in super().run(*words, typed=typed):
            yield record
        try:
            await asyncio.Event().wait()
        finally:
            self.ended += 1


class HeldCommands(StagedCommands):
    """Commands that say nothing before they may."""

    def __init__(self, script: Any) -> None:
        super().__init__(script)
        self.may_speak = asyncio.Event()

    async def run(self, *words: str, typed: str = "") -> AsyncGenerator[Record]:
        await self.may_speak.wait()
        async for record in super().run(*words, typed=typed):
            yield record


@pytest.mark.usefixtures("world")
async def test_a_count_may_say_something_while_its_screen_is_taken_down(tmp_path: Path) -> None:
    """Whoever goes on in the wizard leaves a count at work, whose parts are gone before it: that must not end the UI."""
    commands = HeldCommands(at_work)
    async with shown(ports(tmp_path, StagedDaemon(), commands)) as (app, pilot):
        picker = SourcePicker(CHOICE)
        await host(app, pilot, picker)
        await picker.remove_children()
        commands.may_speak.set()
        await settle(pilot)

        assert commands.run_words
        assert picker.counting.current == "/srv/video/2024/"
        assert app.is_running


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
async def test_sources_look_as_they_were_looked_at(case: str, language: str, size: str, tmp_path: Path) -> None:
    """A tree with ticks, and what they come to, in the smallest terminal too."""
    choice, script = CASES[case]
    commands = LongCommands(script) if case == "busy" else StagedCommands(script)
    async with shown(ports(tmp_path, StagedDaemon(), commands), size=SIZES[size], language=language) as (app, pilot):
        await host(app, pilot, SourcePicker(choice))
        await wait_for(pilot, lambda: picker(app).counting.problem or picker(app).counting.stage is not Stage.RUNS)
        await settle(pilot)

        compare(f"sources-{case}-{language}-{size}", app)


async def wait_for(pilot: Pilot[int], holds: Any) -> None:
    """Wait until something holds."""
    for _round in range(500):
        if holds():
            return
        await pilot.pause(0.02)
    pytest.fail("it never came about")


def picker(app: BackupManager) -> SourcePicker:
    """Return the widget that is shown."""
    return app.screen.query_one(SourcePicker)


def real_ports(home: Path) -> Ports:
    """Return a stage on which commands are real."""
    words = (sys.executable, "-m", "gdp", "--home", str(home), "--json")
    return ports(home, StagedDaemon(), ChildCommands(words, dict(os.environ) | {"GDP_LANGUAGE": "en"}))  # type: ignore[arg-type]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder to choose from."""
    for folder in ("srv/a/deep", "srv/b", "srv/empty"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "srv" / "a" / "plan").write_bytes(b"x" * 1000)
    (tmp_path / "srv" / "b" / "disk.iso").write_bytes(b"x" * 5000)
    return tmp_path / "srv"


async def test_space_ticks_and_unticks_below(tree: Path, tmp_path: Path) -> None:
    """A folder is chosen with one key, and something in it taken out with another."""
    async with shown(ports(tmp_path)) as (app, pilot):
        await host(app, pilot, SourcePicker(root=str(tree)))
        await wait_for(pilot, lambda: len(app.screen.query_one(SourceTree).root.children) == 3)
        await pilot.press("tab") if not app.screen.query_one(SourceTree).has_focus else None
        await pilot.press("home", "space", "down", "space")
        await settle(pilot)

        assert picker(app).value == Choice((str(tree),), (f"{tree}/a",))
        await pilot.press("space")
        assert picker(app).value == Choice((str(tree),), ())


async def test_a_folder_is_listed_when_it_is_opened(tree: Path, tmp_path: Path) -> None:
    """Right opens it and goes into it, left comes back; an empty one says so."""
    async with shown(ports(tmp_path)) as (app, pilot):
        await host(app, pilot, SourcePicker(root=str(tree)))
        shows = app.screen.query_one(SourceTree)
        await wait_for(pilot, lambda: len(shows.root.children) == 3)
        shows.focus()
        assert "deep" not in text_of(app)
        await pilot.press("home", "down", "right")
        await wait_for(pilot, lambda: "deep" in text_of(app))
        await pilot.press("right", "right")
        await wait_for(pilot, lambda: "empty" in text_of(app))
        assert shows.cursor_node is not None
        assert shows.cursor_node.data == f"{tree}/a/deep"
        await pilot.press("left", "left")
        await settle(pilot)

        assert shows.cursor_node is not None
        assert shows.cursor_node.data == f"{tree}/a"


async def test_the_mouse_ticks_too(tree: Path, tmp_path: Path) -> None:
    """On the sign; elsewhere a click opens."""
    async with shown(ports(tmp_path)) as (app, pilot):
        await host(app, pilot, SourcePicker(root=str(tree)))
        shows = app.screen.query_one(SourceTree)
        await wait_for(pilot, lambda: len(shows.root.children) == 3)
        lines = text_of(app).splitlines()
        row = next(number for number, line in enumerate(lines) if "◻ b" in line)
        await pilot.click(offset=(lines[row].index("◻"), row))
        await settle(pilot)

        assert picker(app).value == Choice((f"{tree}/b",), ())
        await pilot.click(offset=(lines[row].index("b "), row))
        await wait_for(pilot, lambda: "disk.iso" in text_of(app))


async def test_what_was_chosen_is_in_sight(tree: Path, tmp_path: Path) -> None:
    """Whoever opens a set sees what is ticked without looking for it."""
    choice = Choice((str(tree),), (f"{tree}/a/deep",))
    async with shown(ports(tmp_path)) as (app, pilot):
        await host(app, pilot, SourcePicker(choice, root=str(tree)))

        await wait_for(pilot, lambda: "◻ deep" in text_of(app))
        assert "◩ a" in text_of(app)
        assert "◼ b" in text_of(app)


@pytest.mark.slow
async def test_it_counts_what_a_backup_would_read(tree: Path, tmp_path: Path) -> None:
    """By the real command; a pattern is added and its hits are seen."""
    async with shown(real_ports(tmp_path / "home"), size=(100, 30)) as (app, pilot):
        await host(app, pilot, SourcePicker(Choice((str(tree),)), root=str(tree)))
        await wait_for(pilot, lambda: picker(app).counting.stage is Stage.DONE)
        assert picker(app).counting.total.files == 2
        await pilot.press("a", *"*.iso", "enter")
        await wait_for(pilot, lambda: "*.iso" in picker(app).counting.hits)
        await settle(pilot)

        assert "hits 1 file, 5.0 kB" in text_of(app)
        assert picker(app).counting.total.bytes == 1000
        assert picker(app).value.excludes == ("*.iso",)


@pytest.mark.slow
async def test_a_pattern_without_sense_does_not_hide_the_rest(tree: Path, tmp_path: Path) -> None:
    """It is named, and everything else is counted without it."""
    choice = Choice((str(tree),), ("*.iso", "a\\", "*.none"))
    async with shown(real_ports(tmp_path / "home"), size=(100, 30)) as (app, pilot):
        await host(app, pilot, SourcePicker(choice, options=["--pattern-rules=restic"], root=str(tree)))
        await wait_for(pilot, lambda: picker(app).counting.stage is Stage.DONE)
        await settle(pilot)

        assert "■ makes no sense" in text_of(app)
        assert "▲ hits nothing" in text_of(app)
        assert picker(app).counting.total.files == 1


async def test_patterns_are_changed_and_removed(tmp_path: Path) -> None:
    """By the keys that the last line names."""
    async with shown(ports(tmp_path)) as (app, pilot):
        await host(app, pilot, SourcePicker(Choice(("/srv",), ("*.iso", "tmp/"))))
        app.screen.query_one(PatternList).focus()
        await settle(pilot)
        await pilot.press("enter", "end", "o", "enter")
        await settle(pilot)
        assert picker(app).value.excludes == ("*.isoo", "tmp/")
        await pilot.press("down", "delete")
        await settle(pilot)

        assert picker(app).value.excludes == ("*.isoo",)


async def test_a_new_choice_begins_a_new_count(tree: Path, tmp_path: Path) -> None:
    """And the old one is not listened to any more."""
    commands = LongCommands(at_work)
    async with shown(ports(tmp_path, StagedDaemon(), commands)) as (app, pilot):
        await host(app, pilot, SourcePicker(Choice((str(tree),)), root=str(tree)))
        await wait_for(pilot, lambda: picker(app).counting.problem)
        app.screen.query_one(SourceTree).focus()
        await pilot.press("home", "down", "space")
        await wait_for(pilot, lambda: len(commands.run_words) == 2)

        assert commands.ended == 1
        assert commands.run_words[-1] == ("scan", f"--exclude={tree}/a", "--", str(tree))


@pytest.mark.usefixtures("world")
async def test_a_folder_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    """With the system's reason."""
    assert list_folder(str(tmp_path / "nowhere")) == Listed(problem="No such file or directory")
    async with shown(ports(tmp_path)) as (app, pilot):
        await host(app, pilot, SourcePicker())
        await wait_for(pilot, lambda: "lost+found" in text_of(app))
        await pilot.press("home", "down", "down", "down", "right")

        await wait_for(pilot, lambda: "cannot be read: Permission denied" in text_of(app))


async def test_what_is_chosen_far_down_is_brought_into_sight(tmp_path: Path) -> None:
    """Nobody scrolls through a server to see what is backed up."""
    for number in range(100):
        (tmp_path / "many" / f"{number:03d}").mkdir(parents=True)
    chosen = str(tmp_path / "many" / "080")
    async with shown(ports(tmp_path)) as (app, pilot):
        await host(app, pilot, SourcePicker(Choice((chosen,)), root=str(tmp_path)))

        await wait_for(pilot, lambda: "◼ 080" in text_of(app))


async def test_a_name_that_is_no_utf_8_is_refused_with_a_word(tmp_path: Path) -> None:
    """Settings cannot hold it; its folder can be ticked."""
    os.mkdir(os.fsencode(tmp_path) + b"/gr\xfcn")
    async with shown(ports(tmp_path)) as (app, pilot):
        await host(app, pilot, SourcePicker(root=str(tmp_path)))
        await wait_for(pilot, lambda: "gr�n" in text_of(app))
        await pilot.press("home", "down", "space")

        await wait_for(pilot, lambda: any("not UTF-8" in said.message for said in app._notifications))
        assert picker(app).value == Choice()


async def test_a_huge_folder_is_cut_short_and_what_is_ticked_stays(tmp_path: Path) -> None:
    """A hundred thousand names are no use on a screen, and would hold it up."""
    for number in range(MOST_SHOWN + 100):
        (tmp_path / f"{number:06d}").touch()
    last = f"{MOST_SHOWN + 99:06d}"
    listed = list_folder(str(tmp_path), {last})

    assert len(listed.entries) == MOST_SHOWN + 1
    assert listed.left_out == 99
    assert listed.entries[-1] == Entry(is_file=True, name=last)
    async with shown(ports(tmp_path), size=(80, 600)) as (app, pilot):
        await host(app, pilot, SourcePicker(root=str(tmp_path)))
        await wait_for(pilot, lambda: "100 more entries are not shown" in text_of(app))
