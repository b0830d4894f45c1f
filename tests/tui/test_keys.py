"""Keys and recovery: who can open the repository, with staged answers and with the real commands."""

from pathlib import Path

import pytest

from gdp.core.kdf import ScryptCost
from gdp.repo.opening import init_repository
from gdp.settings.sets import SetFiles
from gdp.storage.local import LocalStorage
from gdp.tui.ports import Record
from gdp.tui.screens.dialogs import Entry, Question
from tests.tui import sets
from tests.tui.screens_as_text import compare, text_of
from tests.tui.stage import LANGUAGES, SIZES, StagedCommands, StagedDaemon, ports, settle, shown
from tests.tui.test_wizard_for_real import real_commands, until

KEYS: list[Record] = [
    {"message_type": "key", "current": True, "id": "a1b2c3d4e5" * 6, "userName": "root", "hostName": "server01", "created": ""},
    {"message_type": "key", "current": False, "id": "0f9e8d7c6b" * 6, "userName": "root", "hostName": "server01", "created": ""},
]


def one_set(home: Path, *, is_settled: bool = True, password_file: str = "/root/gdp/passwords/daten") -> SetFiles:
    """Return the sets, with one among them."""
    files = SetFiles(home)
    values = {
        "source.paths": ["/srv"], "target.repo": "/mnt/backup", "encryption.password-file": password_file,
        "encryption.recovery": "sheet", "encryption.recovery-confirmed": is_settled,
    }  # fmt: skip
    files.add("daten", values)
    return files


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("is_settled", [True, False])
async def test_keys_look_as_they_were_looked_at(is_settled: bool, language: str, size: str, tmp_path: Path) -> None:
    """Who can open the backups is said in words, and each key has a line."""
    one_set(tmp_path, is_settled=is_settled)
    commands = StagedCommands(lambda words: KEYS if words[:2] == ("key", "list") else ())
    async with shown(ports(tmp_path, StagedDaemon(sets.status()), commands), size=SIZES[size], language=language) as (app, pilot):
        app.go("keys", name="daten")
        while any(worker.group == "default" and not worker.is_finished for worker in app.workers):
            await pilot.pause(0.02)
        await settle(pilot)

        compare(f"keys-{'settled' if is_settled else 'open'}-{language}-{size}", app)


async def test_the_key_in_use_cannot_be_revoked_and_another_only_after_a_question(tmp_path: Path) -> None:
    """Nobody may lock himself out with one key."""
    one_set(tmp_path)
    commands = StagedCommands(lambda words: KEYS if words[:2] == ("key", "list") else ())
    async with shown(ports(tmp_path, StagedDaemon(sets.status()), commands)) as (app, pilot):
        app.go("keys", name="daten")
        await settle(pilot)
        await pilot.press("d")
        await settle(pilot)
        nothing_asked = not isinstance(app.screen, Question)
        await pilot.press("down", "d")
        await settle(pilot)
        asked = isinstance(app.screen, Question)
        await pilot.press("tab", "enter")
        await settle(pilot)

    assert nothing_asked
    assert asked
    assert ("key", "remove", str(KEYS[1]["id"]), "--backup-set", "daten") in commands.run_words


@pytest.mark.slow
async def test_a_changed_password_opens_the_repository_and_the_old_one_does_not(tmp_path: Path) -> None:
    """With the real commands: the set goes on with a new file, and the old file and key are gone."""
    home, repository = tmp_path / "home", tmp_path / "repository"
    old = home / "passwords" / "daten"
    old.parent.mkdir(parents=True, mode=0o700)
    old.write_text("old\n")
    old.chmod(0o600)
    init_repository(LocalStorage(repository), b"old", home, cost=ScryptCost(1 << 14, 8, 1))
    values = {
        "source.paths": ["/etc"], "target.repo": str(repository), "encryption.password-file": str(old),
        "encryption.recovery-confirmed": True,
    }  # fmt: skip
    files = SetFiles(home)
    files.add("daten", values)
    async with shown(ports(home, StagedDaemon(sets.status()), real_commands(home))) as (app, pilot):  # type: ignore[arg-type]
        app.go("keys", name="daten")
        await settle(pilot)
        await until(pilot, lambda: "in use" in text_of(app))
        keys = app.screen
        await pilot.press("c")
        for _time in range(2):
            await until(pilot, lambda: isinstance(app.screen, Entry))
            await pilot.press(*"brandnew", "enter")
            await settle(pilot)
        await until(pilot, lambda: app.screen is keys and not old.exists())

    file = Path(files.read("daten").encryption.password_file)
    assert file.read_text() == "brandnew\n"
    assert len(list((repository / "keys").iterdir())) == 1
