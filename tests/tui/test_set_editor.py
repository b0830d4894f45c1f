"""The set editor: everything that a set's file says, changed only when all of it is right."""

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Select, TabbedContent, TextArea
from textual.widgets.tree import TreeNode

from gdp.settings.sets import SetFiles
from gdp.tui.app import BackupManager
from gdp.tui.folders import Entry, Listed
from gdp.tui.screens.dialogs import Question
from gdp.tui.screens.set_editor import SetEditor
from gdp.tui.widgets import source_tree, sources
from tests.tui import sets
from tests.tui.screens_as_text import compare, text_of
from tests.tui.stage import LANGUAGES, SIZES, StagedCommands, StagedDaemon, ports, settle, shown

TEXT = """\
# The file server. Ask Anna before changing anything here.

[source]
paths = ["/etc", "/srv"]   # not /home
exclude = ["/srv/video", "*.iso"]
exclude-caches = true

[target]
repo = "/mnt/backup"
block-size = "1M"

[encryption]
password-file = "/etc/gdp/password"
recovery-confirmed = true

[schedule]
# at night, when nobody works
when = ["daily 02:30"]
window = ["20:00-06:00"]

[retention]
keep-daily = 14
keep-monthly = "unlimited"

[commands]
before = ["systemctl stop app", "sync"]

[[report]]
to = "admin@example.com"
language = "de"

[[report]]
to = "chef@example.com"
mode = "problems"
"""
COUNTED = [
    {"message_type": "source", "path": "/etc", "files": 2_012, "folders": 301, "bytes": 12_400_000},
    {"message_type": "source", "path": "/srv", "files": 325_187, "folders": 22_140, "bytes": 101_400_000_000},
    {"message_type": "pattern", "pattern": "*.iso", "files": 14, "folders": 0, "bytes": 38_000_000_000},
    {"message_type": "summary", "files": 327_199, "folders": 22_441, "bytes": 101_412_400_000, "problems": 0},
]
TABS = ("sources", "leave-out", "schedule", "target", "keep", "around", "reports")
DONE = sets.status(sets.good_set("files"))


@pytest.fixture(autouse=True)
def _world(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system that looks the same on every computer."""
    world = {"/": ["etc", "home", "srv"], "/srv": ["daten", "video"]}

    def listed(folder: str, _wanted: object = ()) -> Listed:
        return Listed(tuple(Entry(is_file=False, name=name) for name in world.get(folder, ())))

    monkeypatch.setattr(source_tree, "list_folder", listed)
    monkeypatch.setattr(sources, "CALM_SECONDS", 0)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with one set."""
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "files.toml").write_text(TEXT)
    return tmp_path


def text_of_set(home: Path) -> str:
    """Return the set's file."""
    return (home / "sets" / "files.toml").read_text()


def editor(app: BackupManager) -> SetEditor:
    """Return the screen that is shown."""
    assert isinstance(app.screen, SetEditor)
    return app.screen


async def opened(app: BackupManager, pilot: Pilot[int], tab: str = "sources") -> SetEditor:
    """Open the editor as a user does, at a section."""
    await pilot.press("e")
    await settle(pilot)
    editor(app).query_one(TabbedContent).active = f"tab-{tab}"
    await settle(pilot)
    await pilot.pause(0.05)
    return editor(app)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tab", TABS)
async def test_sections_look_as_they_were_looked_at(tab: str, language: str, size: str, home: Path) -> None:
    """All keys have a place, in the smallest terminal too."""
    stage = ports(home, StagedDaemon(DONE), StagedCommands(lambda _words: COUNTED))
    async with shown(stage, size=SIZES[size], language=language) as (app, pilot):
        await opened(app, pilot, tab)

        compare(f"set-editor-{tab}-{language}-{size}", app)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_mistake_is_said_beside_its_field_and_summed_up(language: str, home: Path) -> None:
    """And at its section; nothing is saved."""
    async with shown(ports(home, StagedDaemon(DONE)), language=language) as (app, pilot):
        screen = await opened(app, pilot, "target")
        screen.query_one("#row-target-transfer-block-size Input", Input).value = "3 apples"
        screen.query_one("#row-target-repo Input", Input).value = ""
        await settle(pilot)

        compare(f"set-editor-wrong-{language}-80x24", app)
        await pilot.press("ctrl+s")
        await settle(pilot)
        assert text_of_set(home) == TEXT


async def test_every_key_of_a_set_can_be_changed_here(home: Path) -> None:
    """What 'gdp set edit' can do, but for the block size, which is fixed."""
    from gdp.settings.sets import written_values

    async with shown(ports(home, StagedDaemon(DONE))) as (app, pilot):
        screen = await opened(app, pilot)
        keys = set(written_values(SetFiles(home).read("files")))

        noted = {f"encryption.{name}" for name in ("recovery-confirmed", "recovery-key", "sealed-to")}
        assert keys - set(screen.values) == {"target.block-size", *noted}


async def test_looking_changes_nothing(home: Path) -> None:
    """Escape leaves at once, without a question."""
    async with shown(ports(home, StagedDaemon(DONE))) as (app, pilot):
        screen = await opened(app, pilot)
        assert not screen.is_changed
        await pilot.press("escape")
        await settle(pilot)

        assert not isinstance(app.screen, SetEditor)
        assert text_of_set(home) == TEXT


async def test_what_is_saved_keeps_the_comments(home: Path) -> None:
    """Only the keys that were changed are written, and the daemon is told."""
    daemon = StagedDaemon(DONE)
    async with shown(ports(home, daemon)) as (app, pilot):
        screen = await opened(app, pilot, "keep")
        screen.query_one("#row-retention-keep-daily Input", Input).value = "30"
        screen.query_one("#row-commands-before TextArea", TextArea).text = "sync"
        screen.query_one("#times", Input).value = "03:15"
        screen.query_one("#row-commands-before-on-error Select", Select).value = "ignore"
        await settle(pilot)
        await pilot.press("ctrl+s")
        await pilot.pause(0.2)
        await settle(pilot)

        text = text_of_set(home)
        made = SetFiles(home).read("files")
        assert made.retention.keep_daily == 30
        assert made.commands.before == ("sync",)
        assert made.commands.before_on_error == "ignore"
        assert [str(when) for when in made.schedule.when] == ["daily 03:15"]
        for comment in ("# The file server. Ask Anna", "# not /home", "# at night, when nobody works"):
            assert comment in text
        assert not screen.is_changed
        assert ("reload", {}) in daemon.asked


async def test_ticks_are_saved_as_paths_and_patterns(home: Path) -> None:
    """Home is added, and the film archive is taken out no more."""
    async with shown(ports(home, StagedDaemon(DONE))) as (app, pilot):
        screen = await opened(app, pilot)
        tree = screen.query_one(source_tree.SourceTree)
        for path in ("/home", "/srv/video"):
            node = next(node for node in _all_nodes(tree.root) if node.data == path)
            tree.move_cursor(node)
            tree.focus()
            await pilot.press("space")
        await settle(pilot)
        await pilot.press("ctrl+s")
        await pilot.pause(0.2)

        made = SetFiles(home).read("files")
        assert made.source.paths == ("/etc", "/home", "/srv")
        assert made.source.exclude == ("*.iso",)


def _all_nodes(node: TreeNode[str]) -> list[TreeNode[str]]:
    return [node, *(below for child in node.children for below in _all_nodes(child))]


async def test_recipients_are_added_and_taken_out(home: Path) -> None:
    """An empty address takes one out; there is always one more row."""
    async with shown(ports(home, StagedDaemon(DONE))) as (app, pilot):
        screen = await opened(app, pilot, "reports")
        lines = list(screen.query("#reports Input").results(Input))
        lines[-1].value = "neu@example.com"
        await settle(pilot)
        lines[0].value = ""
        await settle(pilot)
        assert len(screen.query("#reports Input")) == 4
        await pilot.press("ctrl+s")
        await pilot.pause(0.2)

        made = SetFiles(home).read("files")
        assert [(one.to, one.language, one.mode) for one in made.report] == [
            ("chef@example.com", None, "problems"),
            ("neu@example.com", None, "every-run"),
        ]


async def test_escape_asks_before_anything_is_lost(home: Path) -> None:
    """No is the safe answer, and it is the first."""
    async with shown(ports(home, StagedDaemon(DONE))) as (app, pilot):
        screen = await opened(app, pilot, "keep")
        screen.query_one("#row-retention-keep-last Input", Input).value = "3"
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(app.screen, Question)
        await pilot.press("enter")
        await settle(pilot)
        assert editor(app).is_changed
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("tab", "enter")
        await settle(pilot)

        assert not isinstance(app.screen, SetEditor)
        assert text_of_set(home) == TEXT


async def test_a_set_is_removed_only_after_a_question(home: Path) -> None:
    """One key pressed by mistake must not end the backups of a server."""
    async with shown(ports(home, StagedDaemon(DONE))) as (app, pilot):
        await opened(app, pilot)
        await pilot.press("d")
        await settle(pilot)
        assert isinstance(app.screen, Question)
        await pilot.press("escape")
        await settle(pilot)
        assert (home / "sets" / "files.toml").exists()
        await pilot.press("d")
        await settle(pilot)
        await pilot.click("#yes")
        await pilot.pause(0.2)
        await settle(pilot)

        assert not (home / "sets" / "files.toml").exists()
        assert not isinstance(app.screen, SetEditor)


async def test_another_choice_of_recovery_must_be_confirmed_anew(home: Path) -> None:
    """As 'gdp set edit --recovery' has it."""
    async with shown(ports(home, StagedDaemon(DONE))) as (app, pilot):
        screen = await opened(app, pilot, "target")
        screen.query_one("#row-encryption-recovery Select", Select).value = "sheet"
        await settle(pilot)
        await pilot.press("ctrl+s")
        await pilot.pause(0.2)

        assert not SetFiles(home).read("files").encryption.recovery_confirmed


async def test_a_password_file_that_others_can_read_is_refused(home: Path) -> None:
    """With the reason, and nothing is written."""
    open_to_all = home / "password"
    open_to_all.write_text("secret\n")
    open_to_all.chmod(0o644)
    async with shown(ports(home, StagedDaemon(DONE))) as (app, pilot):
        screen = await opened(app, pilot, "target")
        screen.query_one("#row-encryption-password-file Input", Input).value = str(open_to_all)
        await settle(pilot)
        await pilot.press("ctrl+s")
        await settle(pilot)

        assert "That did not work" in text_of(app)
        assert text_of_set(home) == TEXT


async def test_a_file_that_is_wrong_is_explained(home: Path) -> None:
    """With every mistake, its line, and how to mend it."""
    (home / "sets" / "files.toml").write_text(TEXT.replace("keep-daily = 14", "keep-daily = -1").replace("repo =", "rebo ="))
    async with shown(ports(home, StagedDaemon(DONE)), size=(120, 36)) as (app, pilot):
        await pilot.press("e")
        await settle(pilot)
        drawn = text_of(app)

        assert "retention.keep-daily" in drawn
        assert "target.rebo" in drawn
        assert "gdp set edit files" in drawn
        await pilot.press("escape")
        await settle(pilot)
        assert not isinstance(app.screen, SetEditor)


async def test_the_overview_removes_the_chosen_set_after_the_same_question(home: Path) -> None:
    """Without a daemon as well; its file is gone, and so is its line."""
    async with shown(ports(home)) as (app, pilot):
        await pilot.press("d")
        await settle(pilot)
        assert "Remove the backup set files?" in text_of(app)
        await pilot.click("#yes")
        await pilot.pause(0.2)
        await settle(pilot)

        assert not (home / "sets" / "files.toml").exists()
        assert "There is no backup set yet" in text_of(app)
