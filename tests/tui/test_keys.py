"""Keys and recovery: who can open the repository, with staged answers and with the real commands."""

from pathlib import Path

import pytest
from textual.widgets import Input

from gdp.core.errors import BadInput, GdpError
from gdp.core.kdf import ScryptCost
from gdp.repo.opening import init_repository
from gdp.settings.sets import SetFiles
from gdp.storage.local import LocalStorage
from gdp.tui.ports import Record, last_of
from gdp.tui.screens.dialogs import Entry, Question
from tests.tui import sets
from tests.tui.screens_as_text import compare, text_of
from tests.tui.stage import LANGUAGES, SIZES, StagedCommands, StagedDaemon, ports, settle, shown
from tests.tui.test_wizard_for_real import real_commands, until

KEYS: list[Record] = [
    {"message_type": "key", "current": True, "id": "a1b2c3d4e5" * 6, "userName": "root", "hostName": "server01", "created": ""},
    {"message_type": "key", "current": False, "id": "0f9e8d7c6b" * 6, "userName": "root", "hostName": "server01", "created": ""},
]


SEALED_TO = "SHA256:" + "kE4y" * 10 + "abc"
CASES: dict[str, dict[str, str]] = {
    "settled": {"recovery_key": str(KEYS[1]["id"])},
    "open": {},
    "escrow": {"recovery": "escrow", "recovery_key": str(KEYS[1]["id"]), "sealed_to": SEALED_TO},
    "revoked": {"recovery_key": "9" * 64},
}


def one_set(
    home: Path, *, is_settled: bool = True, password_file: str = "/root/gdp/passwords/daten", **encryption: str
) -> SetFiles:
    """Return the sets, with one among them."""
    files = SetFiles(home)
    values = {
        "source.paths": ["/srv"], "target.repo": "/mnt/backup", "encryption.password-file": password_file,
        "encryption.recovery": "sheet", "encryption.recovery-confirmed": is_settled,
    }  # fmt: skip
    files.add("daten", values | {f"encryption.{name.replace('_', '-')}": value for name, value in encryption.items()})
    return files


def write_new_password(home: Path) -> Path:
    """Write the password of the repository as the wizard does."""
    file = home / "passwords" / "daten"
    file.parent.mkdir(parents=True, mode=0o700)
    file.write_text("old\n")
    file.chmod(0o600)
    return file


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
async def test_keys_look_as_they_were_looked_at(case: str, language: str, size: str, tmp_path: Path) -> None:
    """Who can open the backups is said in words, and each key has a line; that of the sheet or the escrow says so."""
    one_set(tmp_path, is_settled=case != "open", **CASES[case])
    commands = StagedCommands(lambda words: KEYS if words[:2] == ("key", "list") else ())
    async with shown(ports(tmp_path, StagedDaemon(sets.status()), commands), size=SIZES[size], language=language) as (app, pilot):
        app.go("keys", name="daten")
        while any(worker.group == "default" and not worker.is_finished for worker in app.workers):
            await pilot.pause(0.02)
        await settle(pilot)

        compare(f"keys-{case}-{language}-{size}", app)


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


async def test_a_typing_error_in_a_sheet_is_mended_where_it_is(tmp_path: Path) -> None:
    """Whoever types thirty letters does not want to type them all again; no password is a word of a command."""
    one_set(tmp_path, is_settled=False)
    wrong = [BadInput("there is a typing error in group {number}", number=2)]

    def script(words: tuple[str, ...]) -> list[Record] | GdpError:
        if words[:2] == ("recovery", "confirm"):
            return wrong.pop() if wrong else [{"message_type": "summary", "sets": ["daten", "fotos"], "id": "0f"}]
        return KEYS

    commands = StagedCommands(script)
    async with shown(ports(tmp_path, StagedDaemon(sets.status()), commands), notifies=True) as (app, pilot):
        app.go("keys", name="daten")
        await settle(pilot)
        keys = app.screen
        await pilot.press("t")
        await settle(pilot)
        await pilot.press(*"7kmw", "enter")
        await settle(pilot)
        said, kept = text_of(app), app.screen.query_one(Input).value
        await pilot.press("end", "3", "enter")
        await settle(pilot)
        drawn = text_of(app)
        await pilot.press("t")
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        is_back = app.screen is keys

    assert "There is a typing error in group 2." in said
    assert kept == "7kmw"
    assert "recovery is settled for" in " ".join(drawn.split())
    assert is_back
    assert [typed for typed in commands.typed if typed] == ["7kmw\n", "7kmw3\n"]
    assert not any("7kmw" in word for words in commands.run_words for word in words)


@pytest.mark.slow
async def test_a_sheet_that_was_printed_before_settles_the_recovery(tmp_path: Path) -> None:
    """With the real commands: the sheet of long ago is typed in, and its key has its name from then on."""
    home, repository, text = tmp_path / "home", tmp_path / "repository", tmp_path / "sheet.txt"
    password = write_new_password(home)
    init_repository(LocalStorage(repository), b"old", home, cost=ScryptCost(1 << 14, 8, 1))
    values = {
        "source.paths": ["/etc"], "target.repo": str(repository), "encryption.password-file": str(password),
        "encryption.recovery": "sheet",
    }  # fmt: skip
    files = SetFiles(home)
    files.add("daten", values)
    commands = real_commands(home)
    made = await last_of(commands, "recovery", "sheet", "--backup-set", "daten", "--text", str(text))
    typed = next(word for word in text.read_text().split() if len(word) == 35 and word.count("-") == 5)
    async with shown(ports(home, StagedDaemon(sets.status()), commands)) as (app, pilot):  # type: ignore[arg-type]
        app.go("keys", name="daten")
        await settle(pilot)
        await until(pilot, lambda: "in use" in text_of(app))
        was_open = "not settled" in text_of(app)
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, Entry))
        app.screen.query_one(Input).value = typed.lower().replace("-", " ")
        await pilot.press("enter")
        await until(
            pilot, lambda: any(made["id"][:10] in line and "recovery sheet" in line for line in text_of(app).splitlines())
        )
        drawn = text_of(app)

    one = files.read("daten")
    assert was_open
    assert one.is_active
    assert one.encryption.recovery_key == made["id"]
    assert "Whoever holds the recovery sheet can open it, too." in drawn


@pytest.mark.slow
async def test_a_changed_password_opens_the_repository_and_the_old_one_does_not(tmp_path: Path) -> None:
    """With the real commands: the set goes on with a new file, and the old file and key are gone."""
    home, repository = tmp_path / "home", tmp_path / "repository"
    old = write_new_password(home)
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
