"""Escrow on the screen. The way through the wizard with the real command is in ``test_wizard_for_real.py``."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from gdp.core.sealed_box import make_private_key
from gdp.tui.app import BackupManager
from gdp.tui.ports import Record
from gdp.tui.screens.dialogs import Question
from gdp.tui.screens.escrow import Escrow
from gdp.tui.views.sealing import fingerprint_of
from gdp.tui.widgets.field import Field
from tests.tui import sets
from tests.tui.screens_as_text import compare, text_of
from tests.tui.stage import LANGUAGES, SIZES, StagedCommands, StagedDaemon, ports, settle, shown

HOME = Path("/tmp/gdp-home")  # of a picture only: nothing is written there


def script(words: tuple[str, ...]) -> list[Record]:
    """Say what the command says."""
    return [{"message_type": "summary", "id": "a1b2c3d4e5f6", "sets": ["daten"]}]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A receiver's public key."""
    file = tmp_path / "dealer.pub"
    file.write_text(make_private_key().public.pem)
    return file


async def enter(app: BackupManager, pilot: Pilot[int], **texts: str) -> None:
    """Fill in, and press the button."""
    for name, text in texts.items():
        app.screen.query_one(f"#{name.replace('_', '-')}", Field).value = text
    await settle(pilot)
    app.screen.query_one("#seal").focus()
    await settle(pilot)
    await pilot.press("enter")
    while any(worker.group == "seal" and worker.is_running for worker in app.workers) and isinstance(app.screen, Escrow):
        await pilot.pause(0.02)
    await settle(pilot)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_screen_looks_as_it_was_looked_at(language: str, size: str) -> None:
    """What is asked for, and why, in the smallest terminal."""
    async with shown(ports(HOME, StagedDaemon(sets.status())), size=SIZES[size], language=language) as (app, pilot):
        app.show(Escrow("daten"))
        await settle(pilot)

        compare(f"escrow-{language}-{size}", app)


async def test_a_fingerprint_that_was_not_typed_is_compared_first(tmp_path: Path, key: Path) -> None:
    """Nothing is made for a key that may be somebody else's; what is compared is what the command must find."""
    commands = StagedCommands(script)
    async with shown(ports(tmp_path, StagedDaemon(sets.status()), commands)) as (app, pilot):
        app.show(Escrow("daten"))
        await settle(pilot)
        await enter(app, pilot, to_key=str(key), sealed=str(tmp_path / "sealed"))
        assert isinstance(app.screen, Question)
        assert "SHA256:" in text_of(app)
        assert not [words for words in commands.run_words if words[0] == "recovery"]
        await pilot.press("escape")
        await settle(pilot)
        await enter(app, pilot)
        await pilot.press("enter")
        while "Recovery is settled" not in text_of(app):
            await pilot.pause(0.02)
        said = text_of(app)

    [words] = [words for words in commands.run_words if words[0] == "recovery"]
    assert words[:4] == ("recovery", "escrow", "--to-key", str(key))
    assert words[words.index("--output") + 1] == str(tmp_path / "sealed")
    assert words[words.index("--fingerprint") + 1].startswith("SHA256:")
    assert "a1b2c3d4e5" in said


class Slow(StagedCommands):
    """Waits until it may go on."""

    def __init__(self) -> None:
        super().__init__(script)
        self.may_go_on = asyncio.Event()

    async def run(self, *words: str, typed: str = "") -> AsyncGenerator[Record]:
        async for record in super().run(*words, typed=typed):
            await self.may_go_on.wait()
            yield record


async def test_it_is_sealed_once_however_often_the_button_is_pressed(tmp_path: Path, key: Path) -> None:
    """It takes seconds, which are told; a second key of the repository would be nobody's."""
    commands = Slow()
    async with shown(ports(tmp_path, StagedDaemon(sets.status()), commands)) as (app, pilot):
        app.show(Escrow("daten"))
        await settle(pilot)
        app.screen.query_one("#to-key", Field).value = str(key)
        app.screen.query_one("#fingerprint", Field).value = fingerprint_of(key)
        app.screen.query_one("#seal").focus()
        await settle(pilot)
        await pilot.press("enter")
        while not commands.run_words:
            await pilot.pause(0.02)
        await settle(pilot)
        told = text_of(app)
        await pilot.click("#seal")
        await settle(pilot)
        commands.may_go_on.set()
        while "Recovery is settled" not in text_of(app):
            await pilot.pause(0.02)

    assert "Sealing a password" in told
    assert len(commands.run_words) == 1


@pytest.mark.parametrize(
    ("texts", "field", "said"),
    [
        ({"to_key": "dealer.pub"}, "to-key", "must begin with a slash"),
        ({"to_key": "/nowhere/dealer.pub"}, "to-key", "cannot be read"),
        ({"to_key": "/etc/passwd"}, "to-key", "/etc/passwd"),
        ({"sealed": "sealed"}, "sealed", "must begin with a slash"),
        ({"fingerprint": "SHA256:another"}, "fingerprint", "and not SHA256:another"),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field(
    texts: dict[str, str], field: str, said: str, tmp_path: Path, key: Path
) -> None:
    """And nothing is asked of the repository."""
    commands = StagedCommands(script)
    async with shown(ports(tmp_path, StagedDaemon(sets.status()), commands), size=(120, 36)) as (app, pilot):
        app.show(Escrow("daten"))
        await settle(pilot)
        await enter(app, pilot, **({"to_key": str(key)} | texts))

        assert isinstance(app.screen, Escrow)
        assert said in text_of(app).replace("\n", " ")
        assert app.screen.focused is app.screen.query_one(f"#{field} Input", Input)
        assert not commands.run_words


async def test_whoever_leaves_or_does_without_is_told_what_that_means(tmp_path: Path) -> None:
    """As for a sheet: a set that does not run is no surprise, and doing without is meant."""
    commands = StagedCommands(script)
    async with shown(ports(tmp_path, StagedDaemon(sets.status()), commands)) as (app, pilot):
        app.show(Escrow("daten"))
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        later = text_of(app)
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("ctrl+d")
        await settle(pilot)
        without, declined_before = text_of(app), list(commands.run_words)
        await pilot.press("tab", "enter")
        await settle(pilot)

    assert "does not run before this is settled" in later
    assert "all backups are lost too" in without
    assert not declined_before
    assert commands.run_words == [("recovery", "decline", "--yes", "--backup-set", "daten")]
