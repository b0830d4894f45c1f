"""Settings: written into the configuration, and never a password there."""

import stat
from pathlib import Path

import pytest
from textual.widgets import Select

from gdp.settings.configuration import ConfigurationFile
from gdp.tui.ports import Record
from gdp.tui.screens.dialogs import Question
from gdp.tui.screens.overview import Overview
from gdp.tui.theme import DARK, LIGHT, named_theme
from gdp.tui.widgets.field import Field
from tests.tui import sets
from tests.tui.screens_as_text import compare, text_of
from tests.tui.stage import LANGUAGES, SIZES, StagedCommands, StagedDaemon, ports, settle, shown

MAIL: Record = {
    "message_type": "mail", "id": "20261124-1", "to": "admin@example.com", "subject": "[ERROR] home on server01",
    "made": "2026-11-24T02:41:00Z", "attempts": 2, "next_try": None, "is_refused": False,
    "reason": "mail.example.com does not answer",
}  # fmt: skip


def script(words: tuple[str, ...]) -> list[Record]:
    """One mail waits."""
    return [MAIL] if words == ("mail", "queue") else []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", ["empty", "waiting"])
async def test_settings_look_as_they_were_looked_at(case: str, language: str, size: str, tmp_path: Path) -> None:
    """Everything fits, and what waits is seen."""
    commands = StagedCommands(script if case == "waiting" else lambda _words: ())
    home = Path("/root/gdp-of-a-test")
    async with shown(ports(home, StagedDaemon(sets.status()), commands), size=SIZES[size], language=language) as (app, pilot):
        app.go("settings")
        while any(worker.group == "default" and not worker.is_finished for worker in app.workers):
            await pilot.pause(0.02)
        await settle(pilot)

        compare(f"settings-{case}-{language}-{size}", app)


async def test_what_is_saved_is_in_the_configuration_and_the_password_in_a_file(tmp_path: Path) -> None:
    """The next report goes out by it."""
    async with shown(ports(tmp_path, StagedDaemon(sets.status()), StagedCommands())) as (app, pilot):
        app.go("settings")
        await settle(pilot)
        screen = app.screen
        texts = {"mail-host": "mail.example.com", "mail-user": "backup", "mail-password": "geheim", "mail-from": "b@example.com"}
        for name, text in texts.items():
            screen.query_one(f"#{name}", Field).value = text
        screen.query_one("#theme", Select).value = "light"
        screen.query_one("#language", Select).value = "de"
        await settle(pilot)
        await pilot.press("ctrl+s")
        await settle(pilot)
        theme = app.theme

    read = ConfigurationFile(tmp_path).read()
    assert theme == LIGHT.name
    assert (read.language, read.theme, str(read.mail.smtp)) == ("de", "light", "smtp://backup@mail.example.com:587")
    assert read.mail.password_file is not None
    file = Path(read.mail.password_file)
    assert file.read_text() == "geheim\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "geheim" not in (tmp_path / "config.toml").read_text()


async def test_another_language_leaves_what_is_entered_for_a_test_mail(tmp_path: Path) -> None:
    """The screen is drawn anew; who had typed an address had not finished."""
    async with shown(ports(tmp_path, StagedDaemon(sets.status()), StagedCommands())) as (app, pilot):
        app.go("settings")
        await settle(pilot)
        app.screen.query_one("#test-to", Field).value = "admin@example.com"
        app.screen.query_one("#language", Select).value = "de"
        await pilot.press("ctrl+s")
        await settle(pilot)

        assert "Testmail an" in text_of(app)
        assert app.screen.query_one("#test-to", Field).value == "admin@example.com"


async def test_leaving_asks_when_something_was_changed(tmp_path: Path) -> None:
    """Escape never loses work."""
    async with shown(ports(tmp_path, StagedDaemon(sets.status()), StagedCommands())) as (app, pilot):
        app.go("settings")
        await settle(pilot)
        app.screen.query_one("#mail-host", Field).value = "mail"
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)

        assert isinstance(app.screen, Question)


async def test_a_mail_that_waits_is_removed_only_after_a_question(tmp_path: Path) -> None:
    """It may be the only report of a failure."""
    commands = StagedCommands(script)
    async with shown(ports(tmp_path, StagedDaemon(sets.status()), commands)) as (app, pilot):
        app.go("settings")
        await settle(pilot)
        app.screen.query_one("#queue").focus()
        await pilot.press("delete")
        await settle(pilot)
        assert isinstance(app.screen, Question)
        await pilot.press("tab", "enter")
        await settle(pilot)

    assert ("mail", "queue", "--remove", "20261124-1") in commands.run_words


async def test_nothing_changed_is_left_without_a_question(tmp_path: Path) -> None:
    """A question that is always asked is never read."""
    async with shown(ports(tmp_path, StagedDaemon(sets.status()), StagedCommands())) as (app, pilot):
        app.go("settings")
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)

        assert isinstance(app.screen, Overview), text_of(app)


@pytest.mark.parametrize(
    ("configured", "terminal", "theme"),
    [(None, "", DARK), ("auto", "0;15", LIGHT), ("auto", "15;0", DARK), ("dark", "0;15", DARK), ("light", "", LIGHT)],
)
def test_auto_follows_what_the_terminal_says(configured: str | None, terminal: str, theme: object) -> None:
    """Dark letters on a dark ground help nobody."""
    assert named_theme(configured, {"COLORFGBG": terminal}) == theme.name  # type: ignore[attr-defined]


async def test_another_language_is_spoken_at_once_everywhere(tmp_path: Path) -> None:
    """On this screen, on those below it, in their titles and keys; what is entered on one of them stays."""
    from textual.widgets import Input

    async with shown(ports(tmp_path, StagedDaemon(sets.status(sets.good_set())), StagedCommands()), notifies=True) as (
        app,
        pilot,
    ):
        english = text_of(app)
        app.go("history")
        await settle(pilot)
        app.screen.query_one(Input).value = "wort"
        app.go("settings")
        await settle(pilot)
        app.screen.query_one("#language", Select).value = "de"
        await settle(pilot)
        await pilot.press("ctrl+s")
        await settle(pilot)
        settings = text_of(app)
        await pilot.press("escape")
        await settle(pilot)
        history, typed = text_of(app), app.screen.query_one(Input).value
        await pilot.press("escape", "escape")
        await settle(pilot)
        german = text_of(app)

    assert ConfigurationFile(tmp_path).read().language == "de"
    assert "Everything is backed up" in english
    for words in ("Einstellungen", "Gespeichert.", "Sprache", "^s Speichern", "Dienst läuft"):
        assert words in settings
    assert history.startswith(" Verlauf")
    assert "Esc Zurück" in " ".join(history.split()) or "esc Zurück" in history
    assert typed == "wort"
    for words in ("Alles ist gesichert", "Letzte Sicherung", "heute 02:41", "h Verlauf"):
        assert words in german


async def test_the_language_of_the_system_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever takes the language out of the settings gets what the computer is set to."""
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    ConfigurationFile(tmp_path).put("language", "en")
    async with shown(ports(tmp_path, StagedDaemon(sets.status()), StagedCommands())) as (app, pilot):
        app.go("settings")
        await settle(pilot)
        english = text_of(app)
        app.screen.query_one("#language", Select).value = ""
        await settle(pilot)
        await pilot.press("ctrl+s")
        await settle(pilot)
        german = text_of(app)

    assert english.startswith(" Settings")
    assert german.startswith(" Einstellungen")
