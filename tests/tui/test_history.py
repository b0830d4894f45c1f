"""The history of runs, and one run with its log: filtered, huge, without a daemon."""

import gzip
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gdp.model.run import RunRecord, Trouble, Verdict
from gdp.model.runs import Kind, Reason, Run, State
from gdp.report.run_page import make_run_page
from gdp.report.text import as_text
from gdp.tui.log_reader import ERROR_MARKS, LogReader, is_error
from gdp.tui.ports import Record
from gdp.tui.screens.history import History
from gdp.tui.screens.run import PAGE, RunPage
from gdp.tui.views.history import fitting
from gdp.tui.widgets.rows import Rows
from tests.tui import sets
from tests.tui.screens_as_text import compare, text_of
from tests.tui.stage import BERLIN, LANGUAGES, NOW, SIZES, StagedCommands, StagedDaemon, ago, ports, settle, shown
from tests.tui.test_job import BACKUP_DONE, DENIED, answer

LOG = "log/runs/000003-home-backup.jsonl"
REFUSED = {
    "message_type": "exit_error", "message": "x", "template": "the server {host} does not answer any more",
    "hint_template": "See whether it runs.", "facts": {"host": "dc.example.net"},
}  # fmt: skip
RUNS = [
    sets.run("daten", 6, state=State.RUNNING, hours=0.2),
    msgspec.structs.replace(
        sets.run("home", 5, hours=2, summary={"message_type": "summary", "target": "/srv/alt", "bytes_restored": 81_000_000}),
        kind=Kind.RESTORE,
    ),
    sets.run("daten", 4, hours=12, summary={"message_type": "summary", **BACKUP_DONE}, state=State.ATTENTION),
    sets.run("home", 3, state=State.ERROR, hours=15.5, summary=REFUSED, log=LOG),
    msgspec.structs.replace(
        sets.run("home", 2, state=State.SKIPPED, hours=20, attempt=0), reason=Reason.UNREACHABLE, times=3
    ),
    msgspec.structs.replace(
        sets.run("daten", 1, hours=36, summary={"message_type": "summary", "removed": 2}), kind=Kind.RETENTION
    ),
]  # fmt: skip


def write_log(home: Path, items: int = 3) -> Path:
    """Write the log of the failed run, with its error at the end."""
    path = home / LOG
    path.parent.mkdir(parents=True)
    begins: dict[str, Any] = {"message_type": "step", "role": "engine", "words": ["backup", "-v"]}
    files: list[dict[str, Any]] = [
        {"message_type": "verbose_status", "action": "new", "item": f"/home/anna/{n}.txt"} for n in range(items)
    ]
    ends: dict[str, Any] = {"message_type": "step_end", "role": "engine", "exit_code": 1}
    lines = [msgspec.json.encode({"at": NOW, **record}) for record in (begins, *files, DENIED, REFUSED, ends)]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def staged(*runs: Run) -> StagedDaemon:
    return StagedDaemon(sets.status(sets.good_set("daten"), sets.failed_set("home")), {"runs": answer(*runs)})


async def read(pilot: Any) -> None:
    """Wait for threads that read."""
    await settle(pilot)
    if at_work := [worker for worker in pilot.app.workers if worker.group in {"load", "log"}]:
        await pilot.app.workers.wait_for_complete(at_work)
    await settle(pilot)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", ["full", "empty", "run", "log"])
async def test_history_looks_as_it_was_looked_at(case: str, language: str, size: str, tmp_path: Path) -> None:
    """Runs with sign and word, newest first; the failed one with why and what to do."""
    write_log(tmp_path)
    daemon = staged(*([] if case == "empty" else RUNS))
    async with shown(ports(tmp_path, daemon), size=SIZES[size], language=language) as (app, pilot):
        app.go("history")
        await read(pilot)
        if case in {"run", "log"}:
            await pilot.press("down", "down", "down", "enter")
            await read(pilot)
        if case == "log":
            await pilot.press("x")
            await read(pilot)

        compare(f"history-{case}-{language}-{size}", app)


async def test_filters_add_up_and_escape_takes_them_away(tmp_path: Path) -> None:
    """A year of runs is only useful when one finds the three that matter."""
    async with shown(ports(tmp_path, staged(*RUNS))) as (app, pilot):
        app.go("history", name="home")
        await read(pilot)
        screen = app.screen
        assert isinstance(screen, History)
        of_home = [run.id for run in screen._shown]
        await pilot.press("x")
        problems = [run.id for run in screen._shown]
        await pilot.press("slash", *"does not")
        await settle(pilot)
        text = [run.id for run in screen._shown]
        await pilot.press("escape", "escape")
        await settle(pilot)
        again = [run.id for run in screen._shown]
        await pilot.press("escape")
        await settle(pilot)

        assert (of_home, problems, text, again) == ([5, 3, 2], [3, 2], [3, 2], [5, 3, 2])
        assert not isinstance(app.screen, History)


async def test_without_a_daemon_the_journal_is_read_by_a_command(tmp_path: Path) -> None:
    """History is wanted most when something is wrong, and a daemon that does not run is wrong."""
    records = [{"message_type": "run", **msgspec.to_builtins(run)} for run in reversed(RUNS)]
    commands = StagedCommands(lambda words: records if words[:2] == ("report", "list") else ())
    async with shown(ports(tmp_path, StagedDaemon(None), commands)) as (app, pilot):
        app.go("history")
        await read(pilot)

        assert "no daemon: as its journal says" in text_of(app)
        assert app.screen.query_one(Rows).row_count == len(RUNS)


async def test_a_huge_log_is_read_by_pages_and_searched(tmp_path: Path) -> None:
    """Two hundred thousand files were backed up: the screen shows the first at once, and finds the one error among them."""
    write_log(tmp_path, items=20_000)
    async with shown(ports(tmp_path, staged(*RUNS))) as (app, pilot):
        app.go("run", run=RUNS[3])
        await read(pilot)
        assert isinstance(app.screen, RunPage)
        errors = text_of(app)
        await pilot.press("x")
        await read(pilot)
        first = app.screen.query_one(Rows).row_count
        await pilot.press("ctrl+end")
        await read(pilot)
        more = app.screen.query_one(Rows).row_count
        await pilot.press("slash", *"19999")
        await read(pilot)
        found = text_of(app)

    assert "/srv/geheim" in errors
    assert (first, more) == (PAGE, 2 * PAGE)
    assert "/home/anna/19999.txt" in found


async def test_what_went_wrong_is_read_whole_and_again_when_the_terminal_is_another(tmp_path: Path) -> None:
    """The next step stands at its end, where a narrow terminal would cut it off."""
    write_log(tmp_path)
    async with shown(ports(tmp_path, staged(*RUNS))) as (app, pilot):
        app.go("history")
        await read(pilot)
        await pilot.press("down", "down", "down", "enter")
        await read(pilot)
        narrow = text_of(app)
        await pilot.resize_terminal(120, 24)
        await read(pilot)
        wide = text_of(app)

    assert "or exclude it." in narrow
    assert "Permission denied. Start the daemon as root" not in narrow
    assert "Permission denied. Start the daemon as root, or exclude it." in wide


async def test_a_log_that_is_gone_is_said(tmp_path: Path) -> None:
    """Logs are kept for 90 days, the journal for longer."""
    async with shown(ports(tmp_path, staged(*RUNS))) as (app, pilot):
        app.go("run", run=RUNS[3])
        await read(pilot)

        assert "is not there" in text_of(app)


@pytest.mark.parametrize("is_packed", [False, True])
def test_pages_hold_every_line_once(is_packed: bool, tmp_path: Path) -> None:
    """Nothing is lost or doubled between two pages, nor when the file grows meanwhile."""
    path = write_log(tmp_path, items=5000)
    content = path.read_bytes()
    if is_packed:
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(content))
        path.unlink()
    reader, found = LogReader(path), []
    while not reader.is_at_end:
        found += reader.next_page(333)
    assert len(found) == content.count(b"\n")
    if not is_packed:
        with path.open("ab") as log:
            log.write(b'{"message_type":"no')
        assert reader.next_page(10) == []
        with path.open("ab") as log:
            log.write(b'te"}\nno json\n')
        found = reader.next_page(10)
        assert [record["message_type"] for record in found] == ["note"]
    errors = LogReader(path, is_error, ERROR_MARKS).next_page(10)

    assert [record["message_type"] for record in errors] == ["error", "exit_error", "step_end"]


async def test_the_report_is_shown_as_the_mail_tells_it(tmp_path: Path) -> None:
    """The command that makes it has the words; the screen has none of its own."""
    told = {"message_type": "report", "run": 3, "subject": "[FAILED] home", "text": "The backup of home failed."}
    commands = StagedCommands(lambda words: [told] if words == ("report", "show", "3") else ())
    one = ports(tmp_path, staged(*RUNS), commands)
    async with shown(one) as (app, pilot):
        app.go("run", run=RUNS[3])
        await read(pilot)
        await pilot.press("m")
        await read(pilot)
        drawn = text_of(app)

    assert "[FAILED] home" in drawn
    assert "The backup of home failed." in drawn


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_report_looks_as_it_was_looked_at(language: str, size: str, tmp_path: Path) -> None:
    """Its lines of 78 columns fit the smallest terminal, and what went wrong is seen first."""
    failed = RunRecord(
        set_name="home", host="server01", kind=Kind.BACKUP, began=RUNS[3].began, ended=ago(hours=15), verdict=Verdict.ERROR,
        problems=(Trouble(template="permission denied", path="/home/anna/[geheim]/schlüssel.txt"),), problem_count=1,
    )  # fmt: skip

    def script(_words: tuple[str, ...]) -> list[Record]:
        page = make_run_page(failed, zone=BERLIN)
        return [{"message_type": "report", "run": 3, "subject": page.subject, "text": as_text(page)}]

    one = ports(tmp_path, staged(*RUNS), StagedCommands(script))
    async with shown(one, size=SIZES[size], language=language) as (app, pilot):
        app.go("report", run=RUNS[3])
        await settle(pilot)
        await settle(pilot)

        compare(f"report-{language}-{size}", app)


async def test_brackets_that_are_typed_are_only_text(tmp_path: Path) -> None:
    """A filter is no markup, and must not end the program."""
    async with shown(ports(tmp_path, staged(*RUNS))) as (app, pilot):
        app.go("history")
        await read(pilot)
        await pilot.press("slash", "left_square_bracket", "slash", "right_square_bracket", *"x[red]")
        await read(pilot)

        assert "[/]x[red]" in text_of(app)
        assert "No run fits." in text_of(app)


@pytest.mark.parametrize(
    ("available", "widths"),
    [(100, [22, 5, 9, 13, 8]), (61, [16, 5, 9, 13, 8]), (58, [22, 5, 9, 13]), (48, [22, 5, 9]), (10, [22, 5])],
)
def test_a_column_that_does_not_fit_whole_is_left_out(available: int, widths: list[int]) -> None:
    """Half a heading says nothing; the state, which says most, is shortened last and only as far as it is understood."""
    rows = [
        ["State", "Set", "What", "Began", "Duration"],
        ["▲ left out: no answer!", "daten", "retention", "today 02:30 h", "1 s"],
    ]

    assert fitting(rows, available) == widths
