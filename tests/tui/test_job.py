"""A running job: how far it is, what went wrong, how it ended; opened in its middle, closed, and without its daemon."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from gdp.model.broken_off import NOTHING_KEPT
from gdp.model.runs import Kind, Reason, Run, State
from gdp.model.service import AtWork, SetStatus
from gdp.tui.screens.dialogs import Question
from gdp.tui.screens.job import Job
from tests.tui import sets
from tests.tui.screens_as_text import compare, text_of
from tests.tui.stage import LANGUAGES, NOW, SIZES, StagedDaemon, ports, settle, shown

DENIED = {
    "message_type": "error", "error": {"message": "x"}, "item": "/srv/geheim", "during": "saving files",
    "template": "the file cannot be read: {reason}", "facts": {"reason": "Permission denied"},
    "hint_template": "Start the daemon as root, or exclude it.",
}  # fmt: skip
LOG = "log/runs/000007-postgres-backup.jsonl"


def write_log(home: Path, *records: dict[str, Any]) -> None:
    """Write what the run has said so far."""
    path = home / LOG
    path.parent.mkdir(parents=True)
    path.write_bytes(b"".join(msgspec.json.encode({"at": NOW, **record}) + b"\n" for record in records))


def at_work(kind: Kind = Kind.BACKUP, **progress: object) -> SetStatus:
    """Return a set that is at work, with what its run told last."""
    one = sets.busy_set()
    work = one.at_work[0]
    stored = {"bytes_new": 3_100_000_000, "bytes_waiting": 83_400_000, "bytes_sent": 1_200_000_000}
    told = {**work.progress, "during": "saving files", **stored, **progress}
    told = {name: value for name, value in told.items() if value is not None}
    run = msgspec.structs.replace(work.run, kind=kind, log=LOG)
    return msgspec.structs.replace(one, at_work=(AtWork(run=run, progress=told),))


def ended(state: State, *, kind: Kind = Kind.BACKUP, reason: Reason = Reason.NONE, **summary: Any) -> Run:
    """Return the same run when it is over."""
    told: dict[str, Any] = {"message_type": "summary", **summary}
    return msgspec.structs.replace(
        sets.run("postgres", 7, hours=1), kind=kind, state=state, reason=reason, log=LOG, summary=told if summary else {}
    )  # fmt: skip


def answer(*runs: Run) -> dict[str, Any]:
    """Return the daemon's answer to ``runs``."""
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode({"runs": runs}))
    return found


BACKUP_DONE: dict[str, Any] = {
    "total_files_processed": 418_203, "total_bytes_processed": 182_400_000_000, "data_added": 3_100_000_000,
    "data_added_packed": 1_200_000_000, "problems": 1,
}  # fmt: skip
CASES: dict[str, tuple[SetStatus, Run | None]] = {
    "backup": (at_work(), None),
    "unchanged": (at_work(bytes_new=0, bytes_waiting=0, bytes_sent=0), None),
    "restore": (at_work(Kind.RESTORE, during="restoring files", bytes_new=None, bytes_waiting=None, bytes_sent=None), None),
    "prune": (
        msgspec.structs.replace(
            at_work(Kind.PRUNE),
            at_work=(
                AtWork(
                    run=msgspec.structs.replace(at_work(Kind.PRUNE).at_work[0].run),
                    progress={"during": "removing packs", "percent_done": 0.25, "files_done": 100, "total_files": 400},
                ),
            ),
        ),
        None,
    ),
    "done": (sets.proven_set("postgres"), ended(State.ATTENTION, **BACKUP_DONE)),
    "lost": (sets.good_set("postgres"), ended(State.INTERRUPTED, reason=Reason.LOST)),
    "in vain": (
        sets.good_set("postgres"),
        ended(State.CANCELLED, message_type="exit_error", template=NOTHING_KEPT, message=NOTHING_KEPT,
              hint_template="The next run sends smaller blocks."),
    ),
    "restored": (
        sets.good_set("postgres"),
        ended(State.OK, kind=Kind.RESTORE, target="/srv/zurück", files_restored=1204, files_unchanged=12, files_skipped=15,
              files_verified=1204),
    ),
}  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
async def test_job_looks_as_it_was_looked_at(case: str, language: str, size: str, tmp_path: Path) -> None:
    """How far, how long still, what went wrong: on the smallest terminal, in both languages, during the run and after it."""
    one, run = CASES[case]
    if case in {"backup", "done"}:
        write_log(tmp_path, DENIED)
    daemon = StagedDaemon(sets.status(one), {"runs": answer(run)} if run else {})
    async with shown(ports(tmp_path, daemon), size=SIZES[size], language=language) as (app, pilot):
        app.go("job", run=7)
        for second in range(20):
            progress = {**(one.at_work[0].progress if one.at_work else {}), "seconds_elapsed": 3600 + second}
            if "bytes_done" in progress:
                progress["bytes_done"] += second * (30_000_000 + second % 5 * 2_000_000)
            if progress.get("bytes_sent"):
                progress["bytes_sent"] += second * (1_000_000 + second % 5 * 60_000)
            if run is None:
                daemon.tell({"event": "progress", "run": 7, "progress": progress})
        await until(pilot)

        compare(f"job-{case.replace(' ', '-')}-{language}-{size}", app)


async def until(pilot: Any) -> None:
    """Wait for threads that read."""
    for _round in range(3):
        if at_work := [worker for worker in pilot.app.workers if worker.group in {"errors", "end"}]:
            await pilot.app.workers.wait_for_complete(at_work)
        await settle(pilot)


async def test_enter_on_the_overview_opens_what_a_set_is_doing(tmp_path: Path) -> None:
    """The way from the first screen to the run is one key."""
    async with shown(ports(tmp_path, StagedDaemon(sets.status(at_work())))) as (app, pilot):
        await pilot.press("enter")
        await settle(pilot)

        assert isinstance(app.screen, Job)
        assert "plan-erdgeschoss.dwg" in text_of(app)


async def test_errors_from_before_the_screen_was_opened_come_from_the_log(tmp_path: Path) -> None:
    """Whoever looks in the middle of the night must see what went wrong in the evening."""
    write_log(tmp_path, {"message_type": "verbose_status", "action": "new", "item": "/srv/a"}, DENIED)
    daemon = StagedDaemon(sets.status(at_work()))
    async with shown(ports(tmp_path, daemon)) as (app, pilot):
        app.go("job", run=7)
        await settle(pilot)
        await until(pilot)
        before = text_of(app)
        with (tmp_path / LOG).open("ab") as log:
            log.write(msgspec.json.encode({"at": NOW, **DENIED, "item": "/srv/anders"}) + b"\n")
        daemon.tell({"event": "said", "run": 7, "record": {**DENIED, "item": "/srv/anders"}})
        await settle(pilot)
        await until(pilot)
        after = text_of(app)

    assert "/srv/geheim" in before
    assert "Permission denied" in before
    assert "verbose" not in before
    assert after.count("/srv/geheim") == after.count("/srv/anders") == 1


async def test_without_a_log_what_was_seen_is_shown(tmp_path: Path) -> None:
    """The log may belong to root, and the one at the screen need not be."""
    daemon = StagedDaemon(sets.status(at_work()))
    async with shown(ports(tmp_path, daemon)) as (app, pilot):
        app.go("job", run=7)
        daemon.tell({"event": "said", "run": 7, "record": DENIED})
        await settle(pilot)
        await until(pilot)

        assert "/srv/geheim" in text_of(app)


async def test_a_run_is_cancelled_by_its_number_after_a_question(tmp_path: Path) -> None:
    """A set may have a restore and a backup at the same time; only the one that is shown is meant."""
    daemon = StagedDaemon(sets.status(at_work()), {"cancel": {"runs": []}})
    async with shown(ports(tmp_path, daemon)) as (app, pilot):
        app.go("job", run=7)
        await settle(pilot)
        await pilot.press("c")
        await settle(pilot)
        assert isinstance(app.screen, Question)
        await pilot.press("escape")
        await settle(pilot)
        assert not [request for request, _fields in daemon.asked if request == "cancel"]
        await pilot.press("c")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)

        assert ("cancel", {"run": 7}) in daemon.asked


async def test_a_run_is_paused_and_goes_on(tmp_path: Path) -> None:
    """The same key would mean two things; each has its own, and only one is offered. A prune offers none."""
    one, request = at_work(), {"is_paused": True}
    daemon = StagedDaemon(sets.status(one), {"pause": request, "resume": request})
    async with shown(ports(tmp_path, daemon)) as (app, pilot):
        app.go("job", run=7)
        await settle(pilot)
        await pilot.press("u", "p")
        await settle(pilot)
        work = msgspec.structs.replace(one.at_work[0], is_paused=True)
        daemon.status = sets.status(msgspec.structs.replace(one, at_work=(work,)))
        daemon.tell({"event": "run", "run": {}})
        await settle(pilot)
        assert "Paused ▲" in text_of(app)
        await pilot.press("p", "u")
        await settle(pilot)
        daemon.status = sets.status(at_work(Kind.PRUNE))
        daemon.tell({"event": "run", "run": {}})
        await settle(pilot)
        await pilot.press("p", "u")
        await settle(pilot)

        assert [asked for asked in daemon.asked if asked[0] != "status"] == [("pause", {"run": 7}), ("resume", {"run": 7})]


async def test_that_the_daemon_is_paused_is_said(tmp_path: Path) -> None:
    """What runs goes on."""
    daemon = StagedDaemon(sets.status(at_work()))
    async with shown(ports(tmp_path, daemon)) as (app, pilot):
        app.go("job", run=7)
        await settle(pilot)
        daemon.status = sets.status(at_work(), is_paused=True)
        daemon.tell({"event": "settings"})
        await settle(pilot)

        assert "nothing begins by itself" in text_of(app)


async def test_the_end_is_shown_when_it_comes(tmp_path: Path) -> None:
    """The screen does not vanish under the eyes of the one who waits for the end."""
    daemon = StagedDaemon(sets.status(at_work()), {"runs": answer(ended(State.OK, **BACKUP_DONE))})
    async with shown(ports(tmp_path, daemon)) as (app, pilot):
        app.go("job", run=7)
        await settle(pilot)
        daemon.status = sets.status(sets.good_set("postgres"))
        daemon.tell({"event": "run", "run": {}})
        await settle(pilot)
        await until(pilot)

        assert "Everything is backed up." in text_of(app)
        assert "418,203 files" in text_of(app)


async def test_a_daemon_that_was_killed_and_came_back_is_told_with_the_run_that_goes_on(tmp_path: Path) -> None:
    """The run died with it; the new one goes on, one key away."""
    daemon = StagedDaemon(sets.status(at_work()))
    async with shown(ports(tmp_path, daemon)) as (app, pilot):
        app.go("job", run=7)
        await settle(pilot)
        daemon.tell({"event": "gone"})
        await settle(pilot)
        gone = text_of(app)
        again = msgspec.structs.replace(at_work().at_work[0].run, id=8)
        daemon.status = sets.status(msgspec.structs.replace(at_work(), at_work=(AtWork(run=again),)))
        daemon.answers["runs"] = answer(again, ended(State.INTERRUPTED, reason=Reason.LOST))
        await app.refresh_status()
        await settle(pilot)
        await until(pilot)
        back = text_of(app)
        await pilot.press("n")
        await settle(pilot)

        assert "The daemon does not answer." in gone
        assert "Broken off: the daemon was killed" in back
        assert isinstance(app.screen, Job)
        assert app.screen._number == 8
