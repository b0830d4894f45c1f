"""Names with brackets in them are shown as they are, wherever they come from: as markup they would hide, or end the program."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.text import Text
from textual.content import Content
from textual.widgets import TabbedContent

from gdp.core.errors import BadInput, GdpError
from gdp.model.runs import State
from gdp.model.service import SetStatus
from gdp.settings.sets import SetFiles
from gdp.tui.ports import Record
from gdp.tui.screens.dialogs import Entry, Notice, Problem, Question
from tests.tui import sets
from tests.tui.screens_as_text import text_of
from tests.tui.stage import StagedCommands, StagedDaemon, ports, settle, shown

NAME = "[bold]x[/]"  # rich and Textual would show "x"
PART = "[bold]x"  # as a file can be called, which has no slash
BROKEN = "[/nothing]"  # they would end the program
RUN = sets.run(NAME, state=State.ERROR)
SNAPSHOT: Record = {
    "message_type": "snapshot", "id": "a1" * 32, "short_id": "a1" * 4, "time": "2026-11-24T02:30:00+01:00", "hostname": BROKEN,
    "tags": [NAME, "set:daten"], "paths": [f"/srv/{NAME}"], "tree": "b2" * 32,
}  # fmt: skip
NODE: Record = {"message_type": "node", "name": NAME, "type": "file", "path": f"/{NAME}", "size": 1}
KEY: Record = {"message_type": "key", "current": False, "id": "0f" * 32, "userName": NAME, "hostName": BROKEN, "created": ""}
MAIL: Record = {"message_type": "mail", "id": "1", "to": "a@b.example", "subject": f"[OK] {NAME}", "reason": BROKEN}


@pytest.fixture(autouse=True)
def marked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What was taken for markup though it came from outside. There must be none."""
    found: list[str] = []
    for kind in (Content, Text):
        original = kind.from_markup

        def spy(markup: Any, *more: Any, original: Any = original, **options: Any) -> Any:
            if isinstance(markup, str) and (PART in markup or BROKEN in markup):
                found.append(markup)
            return original(markup, *more, **options)

        monkeypatch.setattr(kind, "from_markup", spy)
    yield found

    assert not found


@pytest.mark.parametrize("dialog", [Notice(NAME, BROKEN), Question(NAME, BROKEN, "Yes"), Entry(NAME, BROKEN, NAME)])
async def test_dialogs_show_what_they_are_given(dialog: Any, tmp_path: Path) -> None:
    """A file's name stands in the title and in the text."""
    async with shown(ports(tmp_path)) as (app, pilot):
        app.show(dialog)
        await settle(pilot)
        drawn = text_of(app)

    assert NAME in drawn
    assert BROKEN in drawn


async def test_problems_and_notifications_show_what_they_are_given(tmp_path: Path) -> None:
    """Whoever looks for a file needs its whole name."""
    async with shown(ports(tmp_path), size=(120, 60), notifies=True) as (app, pilot):
        app.show(Problem(GdpError("{path} is gone", path=NAME)))
        await settle(pilot)
        app.notify(f"{BROKEN} is written")
        app.screen.notify(f"{NAME} is added", title=BROKEN)
        app.screen.query_one("#close").notify("[OK] sent")
        await settle(pilot)
        drawn = text_of(app)

    for words in (f"{NAME} is gone", f"{BROKEN} is written", f"{NAME} is added", "[OK] sent"):
        assert words in drawn


@pytest.mark.parametrize("state", [State.OK, State.ERROR])
async def test_the_first_screen_shows_names_as_they_are(state: State, tmp_path: Path) -> None:
    """A set is called as its file, and a file can be called anything."""
    one = SetStatus(
        name=NAME, is_active=True, problem=BROKEN, target=f"/mnt/{NAME}", schedule=(BROKEN,), last=sets.run(NAME, state=state)
    )
    async with shown(ports(tmp_path, StagedDaemon(sets.status(one))), size=(120, 36)) as (app, pilot):
        drawn = text_of(app)
        await pilot.press("question_mark")
        await settle(pilot)

    assert drawn.count(NAME) == 2
    assert drawn.count(BROKEN) == 2


def script(words: tuple[str, ...]) -> list[Record] | GdpError:
    """Answer with names that have brackets in them."""
    answers: dict[str, list[Record]] = {
        "key": [KEY],
        "mail": [MAIL],
        "snapshots": [SNAPSHOT],
        "ls": [NODE],
        "reach": [{"folder": "used"}],
    }
    if words[0] == "diff":
        return [{"message_type": "change", "path": f"/{PART}", "modifier": "+"}]
    if words[0] == "advise":
        return BadInput("{path} is not there", path=BROKEN)
    return answers.get(words[0], [])


PLACES: list[tuple[str, dict[str, Any]]] = [
    ("keys", {"name": "daten"}),
    ("settings", {}),
    ("set_editor", {"name": "daten"}),
    ("wizard", {}),
    ("history", {}),
    ("run", {"run": RUN}),
    ("job", {"run": RUN.id}),
    ("restore", {"name": "daten"}),
    ("restore-files", {"name": "daten", "snapshot": SNAPSHOT}),
    ("restore-plan", {"name": "daten", "snapshot": SNAPSHOT, "paths": [f"/{NAME}"]}),
    ("restore-diff", {"name": "daten", "before": SNAPSHOT, "after": SNAPSHOT}),
]


@pytest.mark.parametrize(("place", "arguments"), PLACES)
async def test_every_screen_shows_names_as_they_are(place: str, arguments: dict[str, Any], tmp_path: Path) -> None:
    """Files, folders, targets, keys, mails, errors: all of it comes from somewhere else. The help and its title too."""
    values = {
        "source.paths": [f"/srv/{NAME}"], "source.exclude": [NAME, BROKEN], "target.repo": f"/mnt/{NAME}",
        "encryption.password-file": f"/root/{NAME}",
    }  # fmt: skip
    SetFiles(tmp_path).add("daten", values)
    runs = {"runs": [msgspec.to_builtins(RUN)]}
    daemon = StagedDaemon(sets.status(sets.good_set(), sets.failed_set(NAME)), {"runs": runs})
    commands = StagedCommands(script)
    if place in {"restore-files", "restore-diff"}:
        arguments = {**arguments, "browser": commands.browser()}
    async with shown(ports(tmp_path, daemon, commands), size=(120, 36)) as (app, pilot):
        app.go(place, **arguments)
        for _round in range(5):
            await settle(pilot)
        for tabs in app.screen.query(TabbedContent):
            tabs.active = "tab-sources"
            await settle(pilot)
        drawn = text_of(app)
        await pilot.press("f1")
        await settle(pilot)

    assert PART in drawn or BROKEN in drawn


async def test_a_set_with_brackets_is_removed_after_a_question_about_it(tmp_path: Path) -> None:
    """The question names it as it is called."""
    async with shown(ports(tmp_path, StagedDaemon(sets.status(sets.failed_set(NAME))))) as (app, pilot):
        await pilot.press("d")
        await settle(pilot)
        drawn = text_of(app)

        assert isinstance(app.screen, Question)
        assert f"Remove the backup set {NAME}?" in drawn
