"""The UI with the real daemon and the real commands: what the staged ones pretend must be so."""

import asyncio
import os
import pty
import signal
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from gdp.control.client import NoDaemon
from gdp.core.errors import GdpError, WrongPassword
from gdp.tui.app import BackupManager
from gdp.tui.commands import ChildCommands
from gdp.tui.daemon_link import DaemonLink
from gdp.tui.ports import Ports, all_of, last_of
from tests.daemon.running import PATIENCE_SECONDS, World, wait_for_data
from tests.tui.screens_as_text import text_of
from tests.tui.stage import NOW, shown

pytestmark = pytest.mark.slow
PROGRAM = (sys.executable, "-m", "gdp")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def link_to(world: World) -> DaemonLink:
    """Return the way to the world's daemon."""
    return DaemonLink(world.home, (*PROGRAM, "--home", str(world.home), "daemon"), dict(os.environ))


def commands_of(world: World) -> ChildCommands:
    """Return the commands of the world's program."""
    return ChildCommands((*PROGRAM, "--json", "--home", str(world.home)), dict(os.environ))


def real_ports(world: World) -> Ports:
    """Return nothing that is staged but for the clock."""
    return Ports(home=world.home, host="server01", daemon=link_to(world), commands=commands_of(world), now=lambda: NOW)


async def until_shown(words: str, app: BackupManager, pilot: Pilot[int]) -> None:
    """Wait until the screen says something."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while words not in text_of(app):
            await pilot.pause(0.05)


def test_a_closed_terminal_ends_it(world: World) -> None:
    """Some close without a signal; reading on from nowhere would keep a processor busy for ever."""
    world.write_set()
    screen, terminal = pty.openpty()
    words = [*PROGRAM, "--home", str(world.home), "ui"]
    with subprocess.Popen(words, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True) as process:
        os.close(terminal)
        shown_so_far = b""
        while b"no daemon" not in shown_so_far:
            shown_so_far += os.read(screen, 4096)
        os.close(screen)

        assert process.wait(PATIENCE_SECONDS) != 0


async def test_a_daemon_is_started_and_outlives_the_screen(world: World) -> None:
    """Closing the UI must not end backups; whoever opens it again finds them."""
    world.write_set()
    async with shown(real_ports(world)) as (app, pilot):
        await until_shown("no daemon is running", app, pilot)
        await pilot.press("s")
        await until_shown("daemon runs", app, pilot)
        await pilot.press("b")
        await until_shown("backed up", app, pilot)

    status = (await link_to(world).ask("status"))["status"]
    os.kill(status["process"], signal.SIGTERM)
    assert [run.state for run in world.runs()] == ["ok"]


async def test_a_daemon_that_cannot_start_says_why(world: World) -> None:
    """A button that does nothing leaves people helpless."""
    link = DaemonLink(world.home, (sys.executable, "-c", "raise SystemExit('no memory for this')"), dict(os.environ))

    with pytest.raises(GdpError, match="no memory for this"):
        await link.start()


async def test_watching_ends_with_the_daemon(world: World) -> None:
    """The title line must not claim that a dead daemon lives."""
    with world.daemon() as running:
        async with aclosing(link_to(world).watch()) as events:
            assert "status" in await anext(events)
            running.kill()

            with pytest.raises(NoDaemon):
                await anext(events)


async def test_commands_yield_what_they_write(world: World) -> None:
    """Screens are made of the command line's own records."""
    world.write_set()
    commands = commands_of(world)

    made = await last_of(commands, "backup", "-S", "daten")
    assert made["files_new"] == 1
    nodes = await all_of(commands, "node", "ls", "latest", "-S", "daten")
    assert [node["name"] for node in nodes if node["type"] == "file"] == ["a.txt"]


async def test_a_command_that_fails_raises_its_error(world: World) -> None:
    """With the sentence and the next step that the command line has, in the language of the screen."""
    world.write_set()
    world.password_file.write_text("another one")

    with pytest.raises(WrongPassword):
        await last_of(commands_of(world), "snapshots", "-S", "daten")


async def test_a_command_that_nobody_listens_to_is_interrupted(world: World) -> None:
    """It gives its lock back, so that the next run need not wait."""
    world.write_set()
    world.make_large()

    async def listen() -> None:
        async with aclosing(commands_of(world).run("backup", "-S", "daten", "--limit-upload", "40K")) as records:
            async for _record in records:
                pass

    listening = asyncio.create_task(listen())
    await asyncio.to_thread(wait_for_data, world)
    listening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await listening

    assert not [path for path in (world.repository / "locks").rglob("*") if path.is_file()]


async def test_a_command_is_ended_also_when_nobody_waits_for_its_end(tmp_path: Path) -> None:
    """Leaving the UI breaks off the work of its screens more than once; what they began may tidy up, and then is gone."""
    begun, tidied = tmp_path / "begun", tmp_path / "tidied"
    script = f"""import pathlib, os, time
try:
    pathlib.Path({str(begun)!r}).write_text(str(os.getpid()))
    print("{{}}", flush=True)
    time.sleep(600)
finally:
    time.sleep(0.5)
    pathlib.Path({str(tidied)!r}).touch()
"""
    commands = ChildCommands((sys.executable, "-c", script), dict(os.environ))
    heard = asyncio.Event()

    async def listen() -> None:
        async with aclosing(commands.run()) as records:
            async for _record in records:
                heard.set()

    listening = asyncio.create_task(listen())
    await heard.wait()
    for _time in range(2):
        listening.cancel()
        await asyncio.sleep(0.05)
    assert listening.done()
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:  # as the end of an event loop does
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)

    assert tidied.exists()
    assert not Path(f"/proc/{begun.read_text()}").exists()


async def test_a_slow_backup_tells_that_it_lives(world: World) -> None:
    """On a slow line minutes pass between two packs; nobody should wonder whether it still works."""
    world.write_set()
    world.make_large()
    async with aclosing(commands_of(world).run("backup", "-S", "daten", "--limit-upload", "40K")) as records:
        kinds = [(await anext(records))["message_type"] for _second in range(2)]

    assert kinds == ["status", "status"]


async def test_what_is_typed_reaches_the_command(world: World) -> None:
    """Secrets go by standard input, where no other user can see them."""
    script = "import sys, json; print(json.dumps({'message_type': 'summary', 'length': len(sys.stdin.read())}))"
    commands = ChildCommands((sys.executable, "-c", script), dict(os.environ))

    assert (await last_of(commands, typed="geheim"))["length"] == 6


async def test_a_set_is_changed_and_the_daemon_goes_by_it(world: World) -> None:
    """Whoever saves another time wants no restart for it."""
    world.write_set(schedule='when = ["daily 02:30"]')
    with world.daemon():
        async with shown(real_ports(world), size=(120, 36)) as (app, pilot):
            await until_shown("daily 02:30", app, pilot)
            await pilot.press("e")
            await until_shown("1 folder, 1 file", app, pilot)  # counted by the real command
            app.screen.query_one("#sentence", Input).value = "werktags 03:45"
            await until_shown("Not saved yet", app, pilot)
            await pilot.press("ctrl+s")
            await until_shown("It begins when it is due", app, pilot)
            await pilot.press("escape")

            await until_shown("weekdays 03:45", app, pilot)


async def test_a_file_comes_back_by_keys_alone(world: World, tmp_path: Path) -> None:
    """From the first screen through the snapshot's folders to the daemon's run and its end, with nothing staged."""
    world.write_set()
    assert world.gdp("backup", "daten").returncode == 0
    target = tmp_path / "back"
    with world.daemon():
        async with shown(real_ports(world)) as (app, pilot):
            await until_shown("daten", app, pilot)
            await pilot.press("r")
            await until_shown("set:daten", app, pilot)
            await pilot.press("enter")
            await until_shown("a.txt", app, pilot)  # folders with nothing beside them are open
            await pilot.press("down", "space", "r")
            await until_shown("Where to, and how?", app, pilot)
            await pilot.press("ctrl+u", *str(target), "f10")
            await until_shown("The files are back", app, pilot)

    assert (target / str(world.source).lstrip("/") / "a.txt").read_text() == "alpha\n"


async def test_the_report_of_a_run_is_the_one_that_the_mail_tells(world: World) -> None:
    """From the history to the report of a run that the daemon has made, with the words of the command line."""
    world.write_set()
    with world.daemon():
        async with shown(real_ports(world)) as (app, pilot):
            await until_shown("daten", app, pilot)
            await pilot.press("b")
            await until_shown("● OK", app, pilot)
            await pilot.press("h")
            await until_shown("backup", app, pilot)
            await pilot.press("enter")
            await until_shown("run 1", app, pilot)
            await pilot.press("m")
            await until_shown("Everything is backed up: daten on", app, pilot)
            drawn = text_of(app)

    assert "[OK] daten on" in drawn
    assert "Files              1 new" in drawn


@pytest.mark.parametrize("language", ["de", "en"])
async def test_commands_speak_the_language_of_the_screen(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have been changed since the UI began."""
    script = "import os, json; print(json.dumps({'message_type': 'summary', 'spoken': os.environ['GDP_LANGUAGE']}))"
    commands = ChildCommands((sys.executable, "-c", script), {**os.environ, "GDP_LANGUAGE": "en"})
    monkeypatch.setenv("GDP_LANGUAGE", language)

    assert (await last_of(commands))["spoken"] == language
