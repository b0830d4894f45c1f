"""The wizard with the real commands: from nothing to a set that a real repository belongs to."""

import os
import stat
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from gdp.core.sealed_box import make_private_key
from gdp.engine.recovery.escrow import open_sheet
from gdp.settings.sets import SetFiles
from gdp.tui.app import BackupManager
from gdp.tui.commands import ChildCommands
from gdp.tui.ports import Record
from gdp.tui.screens.dialogs import Notice, Problem, Question
from gdp.tui.screens.escrow import Escrow
from gdp.tui.screens.overview import Overview
from gdp.tui.screens.sheet import Sheet
from gdp.tui.screens.wizard import Wizard
from gdp.tui.widgets.choices import Choices
from gdp.tui.widgets.field import Field
from tests.daemon.running import PATIENCE_SECONDS
from tests.storage.password_server import PASSWORD, USER, run_password_server
from tests.tui import sets
from tests.tui.screens_as_text import text_of
from tests.tui.stage import StagedDaemon, ports, settle, shown

pytestmark = pytest.mark.slow


def real_commands(home: Path) -> ChildCommands:
    """Return the program's own commands for a home folder."""
    return ChildCommands((sys.executable, "-m", "gdp", "--home", str(home), "--json"), dict(os.environ))


class Heard:
    """Commands that are run as they are, and whose words are remembered."""

    def __init__(self, commands: ChildCommands) -> None:
        self.commands = commands
        self.heard: list[tuple[str, ...]] = []

    async def run(self, *words: str, typed: str = "") -> AsyncGenerator[Record]:
        self.heard.append(words)
        async with aclosing(self.commands.run(*words, typed=typed)) as records:
            async for record in records:
                yield record


async def until(pilot: Pilot[int], condition: Any) -> None:
    """Wait for what a command does. A wait in vain fails, and says what the screen shows."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, text_of(pilot.app)
        await pilot.pause(0.05)
    await settle(pilot)


async def fill(app: BackupManager, pilot: Pilot[int], **texts: str) -> None:
    """Fill fields in."""
    for name, text in texts.items():
        app.screen.query_one(f"#{name.replace('__', '-')}", Field).value = text
    await settle(pilot)


async def choose(app: BackupManager, pilot: Pilot[int], name: str, number: int) -> None:
    """Choose an answer."""
    list(app.screen.query_one(f"#{name}", Choices).children)[number].value = True  # type: ignore[attr-defined]
    await settle(pilot)


async def to_the_summary(app: BackupManager, pilot: Pilot[int], target: Path, source: Path, *, recovery: int) -> Wizard:
    """Answer everything up to the last question, with no report."""
    wizard = app.screen
    assert isinstance(wizard, Wizard)
    await choose(app, pilot, "place", 1)
    await fill(app, pilot, folder=str(target))
    await pilot.press("ctrl+n")
    if not target.exists():
        await until(pilot, lambda: isinstance(app.screen, Question))
        await pilot.press("enter")
    return await from_the_sources_on(app, pilot, wizard, source, recovery=recovery)


async def from_the_sources_on(app: BackupManager, pilot: Pilot[int], wizard: Wizard, source: Path, *, recovery: int) -> Wizard:
    """Answer everything after the first question, with no report."""
    await until(pilot, lambda: app.screen is wizard and wizard.query("#sources"))
    await pilot.press("ctrl+b")
    await settle(pilot)
    step = wizard.step
    step.draft = msgspec.structs.replace(step.draft, sources=(str(source),), excludes=())
    await pilot.press("ctrl+n")
    await until(pilot, lambda: wizard.query("#sources"))
    await pilot.press("ctrl+n")
    await until(pilot, lambda: wizard.query("#recovery"))
    await choose(app, pilot, "recovery", recovery)
    await pilot.press("ctrl+n")
    await until(pilot, lambda: wizard.query("#measuring") or wizard.query("#schedules"))
    if wizard.query("#measuring"):
        await until(pilot, lambda: wizard.query_one("#blocks").display)
        await pilot.press("ctrl+n")
    await until(pilot, lambda: wizard.query("#schedules"))
    await pilot.press("ctrl+n")
    await until(pilot, lambda: wizard.query("#reports"))
    await choose(app, pilot, "reports", 1)
    await pilot.press("ctrl+n")
    await until(pilot, lambda: wizard.query("#summary"))
    return wizard


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Something to back up."""
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "a.txt").write_text("alpha\n" * 1000)
    return folder


async def test_from_nothing_to_a_set_with_a_sheet(tmp_path: Path, source: Path) -> None:
    """The whole way of an administrator: everything is made, nothing runs before the sheet was typed in, then the first run."""
    home, target = tmp_path / "home", tmp_path / "disk" / "repository"
    daemon = StagedDaemon(sets.status())
    async with shown(ports(home, daemon, real_commands(home))) as (app, pilot):  # type: ignore[arg-type]
        app.go("wizard")
        await settle(pilot)
        await to_the_summary(app, pilot, target, source, recovery=0)
        await fill(app, pilot, name="daten")
        await pilot.press("ctrl+n")
        await until(pilot, lambda: isinstance(app.screen, Sheet) and "To be printed" in text_of(app))
        inactive = not SetFiles(home).read("daten").is_active
        asked_before = [request for request, _fields in daemon.asked if request == "run"]
        [pdf] = home.glob("*.pdf")
        page = str(app.screen.query_one("#sheet-page").render())
        password = next(word for word in page.split() if len(word) == 35 and word.count("-") == 5)
        await fill(app, pilot, sheet__password=password[:-1] + ("2" if password[-1] != "2" else "3"))
        app.screen.query_one("#sheet-password Input", Input).focus()
        await pilot.press("enter")
        await until(pilot, lambda: "typing error" in text_of(app))
        await fill(app, pilot, sheet__password=password.lower())
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Question))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Overview))

    made = SetFiles(home).read("daten")
    file = Path(made.encryption.password_file)
    assert inactive
    assert not asked_before
    assert made.is_active
    assert (made.encryption.recovery, made.source.paths, str(made.target.repo)) == ("sheet", (str(source),), str(target))
    assert made.retention.keep_daily == 7
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert password not in file.read_text()
    assert (target / "config").exists()
    assert not pdf.exists()
    assert ("run", {"set": "daten"}) in daemon.asked
    assert not list((home / "passwords").glob(".*"))


async def test_a_server_that_takes_only_a_password(tmp_path: Path, source: Path) -> None:
    """It is said beside the field; the password is tried, lies in a file that the set names, and in no command's words."""
    home, hosted = tmp_path / "home", tmp_path / "hosted"
    hosted.mkdir()
    commands, daemon = Heard(real_commands(home)), StagedDaemon(sets.status())
    async with shown(ports(home, daemon, commands)) as (app, pilot):  # type: ignore[arg-type]
        with run_password_server(hosted) as server:
            app.go("wizard")
            await settle(pilot)
            wizard = app.screen
            assert isinstance(wizard, Wizard)
            address = {"host": "127.0.0.1", "port": str(server.port), "user": USER, "remote_folder": f"{hosted}/deep/repository"}
            await fill(app, pilot, **address)
            await pilot.press("ctrl+n")
            await until(pilot, lambda: isinstance(app.screen, Question))
            await pilot.press("enter")  # the host key
            await until(pilot, lambda: "takes no key, only a password" in text_of(app))
            await fill(app, pilot, login_password="another")
            await pilot.press("ctrl+n")
            await until(pilot, lambda: "does not let us in with this" in text_of(app))
            await fill(app, pilot, login_password=PASSWORD)
            await pilot.press("ctrl+n")
            await until(pilot, lambda: isinstance(app.screen, Question))
            lying_about = list((home / "passwords").iterdir())
            await pilot.press("enter")  # make the folder
            await from_the_sources_on(app, pilot, wizard, source, recovery=2)
            summary = text_of(app)
            await fill(app, pilot, name="daten")
            await pilot.press("ctrl+n")
            await until(pilot, lambda: isinstance(app.screen, Overview))

    made = SetFiles(home).read("daten")
    file = Path(made.target.login_password_file)
    assert lying_about == []
    assert "login with a password" in " ".join(summary.replace("│", " ").split())
    assert (hosted / "deep" / "repository" / "config").exists()
    assert file.read_text() == f"{PASSWORD}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {path.name for path in (home / "passwords").iterdir()} == {"daten", "daten-login"}
    assert any("--login-password-file" in words and "advise" in words for words in commands.heard)
    assert not [words for words in commands.heard if any(PASSWORD in word for word in words)]


async def test_from_nothing_to_a_set_with_an_escrow(tmp_path: Path, source: Path) -> None:
    """Nothing runs before the password is sealed, and the receiver's private key opens what was sealed."""
    home, target, key = tmp_path / "home", tmp_path / "repository", make_private_key()
    (tmp_path / "dealer.pub").write_text(key.public.pem)
    daemon = StagedDaemon(sets.status())
    async with shown(ports(home, daemon, real_commands(home))) as (app, pilot):  # type: ignore[arg-type]
        app.go("wizard")
        await settle(pilot)
        await to_the_summary(app, pilot, target, source, recovery=1)
        await fill(app, pilot, name="daten")
        await pilot.press("ctrl+n")
        await until(pilot, lambda: isinstance(app.screen, Escrow))
        inactive = not SetFiles(home).read("daten").is_active
        asked_before = [request for request, _fields in daemon.asked if request == "run"]
        await fill(app, pilot, to__key=str(tmp_path / "dealer.pub"), fingerprint=key.public.fingerprint)
        app.screen.query_one("#seal").focus()
        await settle(pilot)  # else enter may still be the field's
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Notice))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Overview))

    made = SetFiles(home).read("daten")
    sheet = open_sheet((home / "escrow-daten.txt").read_text(), key)
    assert inactive
    assert not asked_before
    assert made.is_active
    assert made.encryption.recovery == "escrow"
    assert (str(sheet.repo), sheet.set_name) == (str(target), "daten")
    assert sheet.password not in Path(made.encryption.password_file).read_text()
    assert ("run", {"set": "daten"}) in daemon.asked


async def test_a_failure_on_the_way_is_said_and_another_attempt_goes_on(tmp_path: Path, source: Path) -> None:
    """The target is full of something else when the repository is to be made; nothing is half made, and pressing again works."""
    home, target = tmp_path / "home", tmp_path / "repository"
    daemon = StagedDaemon(sets.status())
    async with shown(ports(home, daemon, real_commands(home))) as (app, pilot):  # type: ignore[arg-type]
        app.go("wizard")
        await settle(pilot)
        wizard = await to_the_summary(app, pilot, target, source, recovery=2)
        (target / "data").write_text("in the way")
        await fill(app, pilot, name="daten")
        await pilot.press("ctrl+n")
        await until(pilot, lambda: isinstance(app.screen, Problem))
        said, names_then = text_of(app), SetFiles(home).names()
        (target / "data").unlink()
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is wizard)
        await pilot.press("ctrl+n")
        await until(pilot, lambda: isinstance(app.screen, Overview))

    assert "could not be made" in said
    assert names_then == []
    assert SetFiles(home).read("daten").is_active
    assert [path.name for path in (home / "passwords").iterdir()] == ["daten"]


async def test_a_second_set_shares_the_repository_and_asks_less(tmp_path: Path, source: Path) -> None:
    """Password and blocks are the repository's: four questions are left, and a summary."""
    home = tmp_path / "home"
    password = tmp_path / "password"
    password.write_text("x\n")
    password.chmod(0o600)
    values = {
        "source.paths": [str(source)], "target.repo": str(tmp_path / "repository"),
        "encryption.password-file": str(password), "encryption.recovery-confirmed": True,
    }  # fmt: skip
    SetFiles(home).add("daten", values)
    async with shown(ports(home, StagedDaemon(sets.status()), real_commands(home))) as (app, pilot):  # type: ignore[arg-type]
        app.go("wizard")
        await settle(pilot)
        drawn = text_of(app)
        await pilot.press("ctrl+n")
        await until(pilot, lambda: app.screen.query("#sources"))
        second = text_of(app)

    assert "The repository of daten" in drawn
    assert "step 1 of 5" in drawn
    assert "step 2 of 5" in second
