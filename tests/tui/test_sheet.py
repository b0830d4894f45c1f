"""The recovery sheet on the screen. The real command is in ``test_wizard_for_real.py``."""

from pathlib import Path

import pytest

from gdp.engine.recovery.page import sheet_page
from gdp.model.recovery_sheet import RecoverySheet
from gdp.model.target import parse_target
from gdp.tui.ports import Record
from gdp.tui.screens.dialogs import Question
from gdp.tui.screens.sheet import Sheet
from tests.tui import sets
from tests.tui.screens_as_text import compare, text_of
from tests.tui.stage import LANGUAGES, SIZES, StagedCommands, StagedDaemon, ports, settle, shown

PASSWORD = "39K2R-VH3V6-HCH6K-2WCV7-DDW24-DTT6N"


def script(words: tuple[str, ...]) -> list[Record]:
    """Write the page where it is wanted."""
    if words[:2] == ("recovery", "sheet"):
        sheet = RecoverySheet(
            password=PASSWORD, repo=parse_target("sftp://backup@dc.example.net/server01"), set_name="daten", host="server01",
            tag="set:daten", key_name="a1b2c3d4e5f6", host_key="ssh-ed25519 SHA256:" + "k" * 43,
        )  # fmt: skip
        Path(words[words.index("--text") + 1]).write_text("\n".join(sheet_page(sheet)))
    return [{"message_type": "summary"}]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_sheet_looks_as_it_was_looked_at(language: str, size: str, tmp_path: Path) -> None:
    """The password, its PDF and the field for typing it in again are seen together."""
    async with shown(
        ports(tmp_path, StagedDaemon(sets.status()), StagedCommands(script)), size=SIZES[size], language=language
    ) as (app, pilot):
        app.show(Sheet("daten"))
        await settle(pilot)
        while PASSWORD not in text_of(app):
            await pilot.pause(0.02)
        app.screen.query_one("#sheet-file").update("")  # type: ignore[attr-defined]  # a path of this test only
        await settle(pilot)

        compare(f"sheet-{language}-{size}", app)
        assert not list((tmp_path / "passwords").iterdir())


async def test_whoever_leaves_or_does_without_is_told_what_that_means(tmp_path: Path) -> None:
    """A set that does not run, and backups that nobody can open, are not to be a surprise."""
    commands = StagedCommands(script)
    async with shown(ports(tmp_path, StagedDaemon(sets.status()), commands)) as (app, pilot):
        app.show(Sheet("daten"))
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        later = text_of(app)
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("ctrl+d")
        await settle(pilot)
        asked, without = isinstance(app.screen, Question), text_of(app)
        declined_before = any(words[:2] == ("recovery", "decline") for words in commands.run_words)
        await pilot.press("tab", "enter")
        await settle(pilot)

    assert "does not run before this is settled" in later
    assert asked
    assert "all backups are lost too" in without
    assert not declined_before
    assert ("recovery", "decline", "--yes", "--backup-set", "daten") in commands.run_words
