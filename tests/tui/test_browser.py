"""The repository that stays open while somebody looks into it: the real command, and what becomes of it."""

import asyncio
import os
import sys
from contextlib import aclosing, suppress
from pathlib import Path

import pytest

from gdp.core.errors import BadInput, GdpError, NoRepository, WrongPassword
from gdp.tui.browser import ChildBrowser
from gdp.tui.commands import ChildCommands
from gdp.tui.ports import all_of
from tests.daemon.running import PATIENCE_SECONDS, World
from tests.tui.stage import StagedCommands

pytestmark = pytest.mark.slow


class Watched(World):
    """A world with a backup, in which every start of the program is written down."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.write_set()
        assert self.gdp("backup", "daten").returncode == 0
        self._started = folder / "started"
        self._started.touch()
        self.program = folder / "gdp"
        self.program.write_text(
            f'#!/bin/sh\necho $$ >> "{self._started}"\nexec "{sys.executable}" -m gdp --json --home "{self.home}" "$@"\n'
        )
        self.program.chmod(0o700)

    def starts(self) -> list[int]:
        """Return the processes that were started so far."""
        return [int(line) for line in self._started.read_text().split()]

    def browser(self) -> ChildBrowser:
        """Return one that has not begun."""
        return ChildCommands((str(self.program),), dict(os.environ)).browser("--no-lock", "-S", "daten")


@pytest.fixture
def world(tmp_path: Path) -> Watched:
    return Watched(tmp_path)


async def test_many_questions_need_one_process(world: Watched) -> None:
    """A key is derived once, however many folders are opened; nothing begins before the first question."""
    browser = world.browser()
    assert world.starts() == []
    (snapshot,) = await all_of(browser, "snapshot", "snapshots")
    names = [node["name"] for node in await all_of(browser, "node", "ls", "--", snapshot["id"], str(world.source))]
    found = await all_of(browser, "match", "find", "a.txt")
    with pytest.raises(BadInput, match="the snapshot has no /nowhere"):
        await all_of(browser, "node", "ls", "latest", "/nowhere")
    same = await all_of(browser, "change", "diff", "latest", "latest")
    (process,) = world.starts()
    await browser.close()

    assert names == ["source", "a.txt"]
    assert [match["name"] for match in found] == ["a.txt"]
    assert same == []
    assert not Path(f"/proc/{process}").exists()


async def test_one_that_was_killed_is_started_again(world: Watched) -> None:
    """Whatever becomes of it, the next question is answered."""
    browser = world.browser()
    await all_of(browser, "snapshot", "snapshots")
    os.kill(world.starts()[0], 9)
    with suppress(GdpError):  # its end is perhaps heard of only now
        await all_of(browser, "snapshot", "snapshots")

    assert len(await all_of(browser, "snapshot", "snapshots")) == 1
    assert len(world.starts()) == 2
    await browser.close()


async def test_whoever_stops_listening_ends_it(world: Watched) -> None:
    """A search that nobody waits for must not keep the next question waiting."""
    for number in range(3000):
        (world.source / f"{number}").touch()
    assert world.gdp("backup", "daten").returncode == 0
    browser = world.browser()
    async with aclosing(browser.run("find", "*")) as records:
        await anext(records)

    assert not Path(f"/proc/{world.starts()[0]}").exists()
    assert len(await all_of(browser, "snapshot", "snapshots")) == 2
    await browser.close()


async def test_closing_it_breaks_off_a_question(tmp_path: Path) -> None:
    """Whoever leaves while a server is tried again and again leaves no process behind, and hears of no error any more."""
    begun = tmp_path / "begun"
    script = "import os, pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(600)"
    browser = ChildBrowser((sys.executable, "-c", script, str(begun)), dict(os.environ))
    asking = asyncio.create_task(all_of(browser, "snapshot", "snapshots"))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (begun.exists() and begun.read_text()):
            await asyncio.sleep(0.01)
    await browser.close()
    with pytest.raises(asyncio.CancelledError):
        await asking

    assert not Path(f"/proc/{begun.read_text()}").exists()


async def test_a_repository_that_went_away_is_said_and_found_again(world: Watched) -> None:
    """As when a disk was taken away: never an empty list, which looks as if all backups were lost."""
    browser = world.browser()
    await all_of(browser, "snapshot", "snapshots")
    elsewhere = world.repository.rename(world.repository.with_name("elsewhere"))
    with pytest.raises(NoRepository):
        await all_of(browser, "snapshot", "snapshots")
    elsewhere.rename(world.repository)

    assert len(await all_of(browser, "snapshot", "snapshots")) == 1
    await browser.close()


async def test_a_wrong_password_is_said_with_every_question(world: Watched) -> None:
    """And nothing is left behind that waits."""
    world.password_file.write_text("another one")
    browser = world.browser()
    for _attempt in range(2):
        with pytest.raises(WrongPassword):
            await all_of(browser, "snapshot", "snapshots")

    assert [process for process in world.starts() if Path(f"/proc/{process}").exists()] == []
    await browser.close()


async def test_what_a_command_notes_meanwhile_is_told() -> None:
    """A server that is tried again and again for minutes must not look like a screen that stands still."""
    records = [{"message_type": "note", "message": "attempt 1 failed"}, {"message_type": "node", "name": "a"}]
    told: list[str] = []
    found = await all_of(StagedCommands(lambda _words: records), "node", "ls", tell=told.append)

    assert told == ["attempt 1 failed"]
    assert [node["name"] for node in found] == ["a"]
