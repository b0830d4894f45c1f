"""Getting files back: which backup, which files, where to; on the stage and against a real repository and daemon."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gdp.core.errors import GdpError
from gdp.model.runs import Kind, State
from gdp.settings.sets import SetFiles
from gdp.tui.ports import Record
from gdp.tui.screens.dialogs import Notice, Problem, Question
from gdp.tui.screens.job import Job
from gdp.tui.screens.restore_plan import RestorePlan
from gdp.tui.views.restore import Marks, items_of, newest_first, outcome
from gdp.tui.widgets.choices import TickBox
from tests.tui import sets
from tests.tui.screens_as_text import compare, text_of
from tests.tui.stage import BERLIN, LANGUAGES, NOW, SIZES, StagedCommands, StagedDaemon, ports, settle, shown

SNAPSHOTS: list[dict[str, Any]] = [
    {
        "message_type": "snapshot", "id": digit * 64, "short_id": digit * 8, "time": f"2026-11-{day}T02:30:11.123456789+01:00",
        "hostname": "server01", "tags": [tag], "paths": ["/srv"], "summary": {"total_bytes_processed": 182_400_000_000},
    }
    for digit, day, tag in (("a", 22, "set:daten"), ("b", 24, "set:daten"), ("c", 23, "set:home"))
]  # fmt: skip
NODES: dict[str, list[dict[str, Any]]] = {
    "/": [{"path": "/srv", "name": "srv", "type": "dir"}],
    "/srv": [
        {"path": "/srv", "name": "srv", "type": "dir"},
        {"path": "/srv/plan.pdf", "name": "plan.pdf", "type": "file", "size": 1_204_000, "mtime": "2026-11-20T10:00:00Z"},
        {"path": "/srv/anna", "name": "anna", "type": "dir"},
        {"path": "/srv/b\ufffd", "name": "b\ufffd", "type": "file", "size": 1},
    ],
    "/srv/anna": [],
}
CHANGES: list[dict[str, Any]] = [
    {"modifier": "+", "path": "/srv/neu.txt", "size": 9000},
    {"modifier": "-", "path": "/srv/alt.txt", "old_size": 1000},
    {"modifier": "M", "path": "/srv/plan.pdf", "old_size": 1_204_000, "size": 1_300_000},
    {"modifier": "+", "path": "/srv/neu/"},
    {"modifier": "+", "path": "/srv/neu/[b]x.txt", "size": 70_000},
    {"modifier": "M", "path": "/srv/viel/eins.txt", "old_size": 12, "size": 12},
    {"modifier": "-", "path": "/srv/viel/tief/zwei\nzeilen.txt", "old_size": 500_000},
    {"modifier": "T", "path": "/srv/zeiger"},
]
MOMENT = "2026-11-20T10:00:00Z"


def script(words: tuple[str, ...]) -> Iterable[Record] | GdpError:
    """Say what the commands would."""
    if words[0] == "snapshots":
        return SNAPSHOTS
    if words[0] == "ls":
        return [{"message_type": "node", **node} for node in NODES[words[-1]]]
    if words[0] == "find":
        common = {"message_type": "match", "path": "/srv/plan.pdf", "type": "file", "mtime": MOMENT}
        return [{**common, "size": size, "snapshot": digit * 64} for digit, size in (("b", 9), ("c", 8), ("a", 9))]
    if words[0] == "diff":
        return [{"message_type": "change", **change} for change in CHANGES]
    return [
        {"message_type": "summary", "files_restored": 12, "bytes_restored": 9_000_000, "files_skipped": 3, "files_deleted": 2}
    ]


def stage(home: Path, daemon: StagedDaemon | None = None) -> Any:
    """Return a home with a set in it."""
    settings = {"source.paths": ["/srv"], "target.repo": "/mnt/backup", "encryption.password-file": str(home / "password")}
    SetFiles(home).add("daten", settings)
    begun = msgspec.structs.replace(sets.run("daten", 9, state=State.RUNNING), kind=Kind.RESTORE)
    answers = {"restore": {"run": msgspec.to_builtins(begun)}}
    return ports(home, daemon or StagedDaemon(sets.status(sets.good_set()), answers), StagedCommands(script))


async def read(pilot: Any) -> None:
    """Wait for the commands."""
    for _round in range(8):
        await settle(pilot)


async def open_files(app: Any, pilot: Any) -> None:
    """Open the newest snapshot and its first folder."""
    app.go("restore", name="daten")
    await read(pilot)
    await pilot.press("enter")
    await read(pilot)
    await pilot.press("down")
    await read(pilot)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", ["snapshots", "files", "plan", "delete", "find", "diff", "filter"])
async def test_restore_looks_as_it_was_looked_at(case: str, language: str, size: str, tmp_path: Path) -> None:
    """Whoever restores is in a hurry and afraid; each step asks one thing."""
    async with shown(stage(tmp_path), size=SIZES[size], language=language) as (app, pilot):
        if case in {"snapshots", "find", "diff", "filter"}:
            app.go("restore", name="daten")
            await read(pilot)
            await pilot.press(*{"find": "f", "diff": "d", "filter": "d"}.get(case, ""))
            await read(pilot)
        if case == "find":
            await pilot.press(*"plan", "enter")
            await read(pilot)
        if case == "diff":
            await pilot.press("end", "up", "space", "up", "right")
            await settle(pilot)
        if case == "filter":
            await pilot.press("slash", *"zwei")
            await read(pilot)
        if case in {"files", "plan", "delete"}:
            await open_files(app, pilot)
            await pilot.press("down", "space", "down")
        if case in {"plan", "delete"}:
            await pilot.press("r")
            await read(pilot)
        if case == "delete":
            app.screen.query_one("#restore-delete", TickBox).toggle()
            await pilot.press("f10")
            await read(pilot)

        compare(f"restore-{case}-{language}-{size}", app)


async def test_what_is_chosen_is_what_the_daemon_is_asked_for(tmp_path: Path) -> None:
    """The daemon makes it, so that it goes on when the screen is closed; the screen then shows its run."""
    one = stage(tmp_path)
    async with shown(one) as (app, pilot):
        await open_files(app, pilot)
        await pilot.press("down", "space", "r")
        await read(pilot)
        assert isinstance(app.screen, RestorePlan)
        await pilot.press("f10")
        await read(pilot)

        assert isinstance(app.screen, Job)
    asked = dict(one.daemon.asked)["restore"]
    assert asked == {
        "set": "daten", "snapshot": "b" * 64, "target": "/var/tmp/gdp-bbbbbbbb", "paths": ["/srv/anna"],
        "overwrite": "always", "delete": False, "verify": False,
    }  # fmt: skip


async def test_deleting_is_asked_about_and_no_is_the_answer_of_enter(tmp_path: Path) -> None:
    """The one rule that destroys something."""
    one = stage(tmp_path)
    async with shown(one) as (app, pilot):
        await open_files(app, pilot)
        await pilot.press("r")
        await read(pilot)
        app.screen.query_one("#restore-delete", TickBox).toggle()
        await pilot.press("f10")
        await read(pilot)
        assert isinstance(app.screen, Question)
        await pilot.press("enter")
        await read(pilot)

        assert "restore" not in dict(one.daemon.asked)


async def test_a_trial_writes_nothing_and_says_what_would_happen(tmp_path: Path) -> None:
    """Looking first is free."""
    one = stage(tmp_path)
    async with shown(one) as (app, pilot):
        await open_files(app, pilot)
        await pilot.press("r")
        await read(pilot)
        await pilot.press("f5")
        await read(pilot)

        assert isinstance(app.screen, Notice)
        assert "Restored, or found right already: 12, 9.0 MB" in text_of(app)
    assert "--dry-run" in one.commands.run_words[-1]
    assert "restore" not in dict(one.daemon.asked)


async def test_without_a_daemon_one_is_offered(tmp_path: Path) -> None:
    """Restores must work on the day when everything else is broken."""
    daemon = StagedDaemon(None)
    async with shown(stage(tmp_path, daemon)) as (app, pilot):
        await open_files(app, pilot)
        await pilot.press("r")
        await read(pilot)
        await pilot.press("f10")
        await read(pilot)
        assert isinstance(app.screen, Question)
        await pilot.press("enter")
        await read(pilot)

        assert daemon.was_started


async def test_a_name_that_is_no_text_is_not_chosen_by_itself(tmp_path: Path) -> None:
    """Its bytes are lost on the way here; restoring another file of that name would be worse than saying so."""
    async with shown(stage(tmp_path)) as (app, pilot):
        await open_files(app, pilot)
        await pilot.press("down", "down", "space")
        await read(pilot)

        assert isinstance(app.screen, Problem)


async def test_a_file_that_was_found_is_restored_as_it_was_then(tmp_path: Path) -> None:
    """Nobody has to know when it was lost."""
    one = stage(tmp_path)
    async with shown(one) as (app, pilot):
        app.go("restore", name="daten")
        await read(pilot)
        await pilot.press("f", *"plan", "enter")
        await read(pilot)
        await pilot.press("down", "enter")
        await read(pilot)
        await pilot.press("f10")
        await read(pilot)

    words = ("find", "--newest-first", "--most", "100000", "--ignore-case", "--", "*plan*")
    assert words in one.commands.run_words
    assert dict(one.daemon.asked)["restore"]["paths"] == ["/srv/plan.pdf"]
    assert dict(one.daemon.asked)["restore"]["snapshot"] == "c" * 64


async def compare_two(app: Any, pilot: Any) -> None:
    """Open the comparison of the two backups of the set; the cursor is on the first folder."""
    app.go("restore", name="daten")
    await read(pilot)
    await pilot.press("d")
    await read(pilot)
    await pilot.press("down")


async def test_what_was_removed_comes_back_from_the_older_backup(tmp_path: Path) -> None:
    """A comparison shows it, and one key leads to the restore of what the cursor is on."""
    one = stage(tmp_path)
    async with shown(one) as (app, pilot):
        await compare_two(app, pilot)
        await pilot.press("slash", *"ALT", "enter", "end", "r")
        await read(pilot)
        await pilot.press("f10")
        await read(pilot)

    assert one.commands.run_words[-1] == ("diff", "--", "a" * 64, "b" * 64)
    assert dict(one.daemon.asked)["restore"]["paths"] == ["/srv/alt.txt"]
    assert dict(one.daemon.asked)["restore"]["snapshot"] == "a" * 64


async def test_what_was_added_is_chosen_from_the_newer_backup_only(tmp_path: Path) -> None:
    """The older one does not have it: a restore of it from there would fail."""
    one = stage(tmp_path)
    async with shown(one) as (app, pilot):
        await compare_two(app, pilot)
        await pilot.press("down", "space")
        await read(pilot)
        assert "neu/" in text_of(app)
        assert "1 entry chosen" not in text_of(app)
        await pilot.press("o", "space")
        await read(pilot)
        assert "1 entry chosen · from the newer backup" in text_of(app)
        await pilot.press("r")
        await read(pilot)
        await pilot.press("f10")
        await read(pilot)

    assert dict(one.daemon.asked)["restore"]["paths"] == ["/srv/neu"]
    assert dict(one.daemon.asked)["restore"]["snapshot"] == "b" * 64


async def test_a_folder_of_very_many_files_is_shown_piece_by_piece(tmp_path: Path) -> None:
    """Everything can be reached, and nothing stands still meanwhile."""
    one = stage(tmp_path)
    many = [{"path": f"/srv/{number:05}", "name": f"{number:05}", "type": "file", "size": 1} for number in range(2500)]
    one.commands.script = lambda words: (
        [{"message_type": "node", **node} for node in (many if words[-1] == "/srv" else NODES["/"])]
        if words[0] == "ls"
        else script(words)
    )
    async with shown(one) as (app, pilot):
        await open_files(app, pilot)
        for _round in range(100):
            await settle(pilot)
        await pilot.press("end")
        await settle(pilot)
        assert "1,500 more entries" in text_of(app)
        await pilot.press("enter")
        await read(pilot)
        assert "01000" in text_of(app)
        await pilot.press("end", "enter", "end")
        await read(pilot)

        assert "02499" in text_of(app)
        assert "more entr" not in text_of(app)


async def test_snapshots_that_cannot_be_listed_are_looked_for_again(tmp_path: Path) -> None:
    """A screen that goes on searching for ever says nothing about what is wrong."""
    one = stage(tmp_path)
    one.commands.script = lambda words: GdpError("the line broke")
    async with shown(one) as (app, pilot):
        app.go("restore", name="daten")
        await read(pilot)
        assert isinstance(app.screen, Problem)
        await pilot.press("escape")
        await read(pilot)
        assert "could not be listed. Press F5" in text_of(app)
        one.commands.script = script
        await pilot.press("f5")
        await read(pilot)

        assert "set:daten" in text_of(app)


@pytest.mark.parametrize(
    ("keys", "said"),
    [(["d"], "could not be compared"), (["f", *"plan", "enter"], "Type a name or a part of it, and press enter")],
)
async def test_what_failed_does_not_seem_to_go_on(keys: list[str], said: str, tmp_path: Path) -> None:
    """Behind the dialog stands what can be done now, never that something is being done."""
    one = stage(tmp_path)
    async with shown(one) as (app, pilot):
        app.go("restore", name="daten")
        await read(pilot)
        one.commands.script = lambda words: GdpError("the line broke")
        await pilot.press(*keys)
        await read(pilot)
        assert isinstance(app.screen, Problem)
        await pilot.press("escape")
        await read(pilot)

        assert said in text_of(app)


async def test_keys_work_where_the_set_has_no_backup_of_its_own(tmp_path: Path) -> None:
    """The one way on is to all snapshots; the hidden filter took the key once."""
    one = stage(tmp_path)
    one.commands.script = lambda _words: SNAPSHOTS[2:]
    async with shown(one) as (app, pilot):
        app.go("restore", name="daten")
        await read(pilot)
        assert "There is no backup here" in text_of(app)
        await pilot.press("a")
        await read(pilot)

        assert "set:home" in text_of(app)


async def test_a_folder_that_cannot_be_read_can_be_opened_again(tmp_path: Path) -> None:
    """A line that was lost for a moment must not leave an empty folder behind, which looks like lost files."""
    one = stage(tmp_path)
    async with shown(one) as (app, pilot):
        await open_files(app, pilot)
        one.commands.script = lambda words: GdpError("the line broke")
        await pilot.press("down", "enter")
        await read(pilot)
        assert isinstance(app.screen, Problem)
        one.commands.script = script
        await pilot.press("escape", "enter")
        await read(pilot)

        assert one.commands.run_words[-2:] == [("ls", "--", "b" * 64, "/srv/anna")] * 2


def test_a_trial_promises_no_more_than_it_knows() -> None:
    """With 'always' contents are compared only when it is done; with the other rules the trial knows what is right already."""
    summary = {"files_restored": 3, "bytes_restored": 10, "files_skipped": 7, "files_unchanged": 5}

    assert outcome(summary, "always").startswith("Restored, or found right already: 3, 10 B")
    assert outcome(summary, "if-changed").splitlines() == ["Restored: 3, 10 B", "Right already: 5", "Left alone: 2"]


def test_marks_of_a_folder_hold_for_what_lies_below() -> None:
    """Three states, as in every tree of files."""
    marks = Marks().toggled("/srv/a").toggled("/srv/b/c")

    assert [marks.sign(path) for path in ("/", "/srv", "/srv/a", "/srv/a/x", "/srv/b", "/srv/bc")] == [
        "◩",
        "◩",
        "◼",
        "◼",
        "◩",
        "◻",
    ]
    assert marks.toggled("/srv").paths == {"/srv"}
    assert marks.toggled("/").covers("/anything")
    assert marks.toggled("/srv/a").paths == {"/srv/b/c"}


def test_snapshots_and_entries_come_in_the_order_in_which_they_are_looked_for() -> None:
    """The newest first, folders before files."""
    assert [one["short_id"][0] for one in newest_first(SNAPSHOTS)] == ["b", "c", "a"]
    assert [item.name for item in items_of("/srv", NODES["/srv"], NOW, BERLIN)] == ["anna/", "b\ufffd", "plan.pdf"]
