"""Runs that are held up and go on, with the real program and a real repository."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gdp.core.errors import BadInput
from gdp.model.runs import Kind, Run, State
from tests.daemon.running import World, events_of, process_of, wait_for_end, wait_for_run

pytestmark = pytest.mark.slow
HEARTBEATS = 3  # one a second; without the pause, such a run is over before


def files_in(folder: Path) -> set[Path]:
    """Return the files below a folder."""
    return {path for path in folder.rglob("*") if path.is_file()}


def hear_heartbeats(events: Iterator[dict[str, Any]], run: int) -> None:
    """Return when a run has said a few times that it lives. Fails when it ends first."""
    heard = 0
    while heard < HEARTBEATS:
        event = next(events)
        assert event["event"] != "run" or event["run"]["state"] == State.RUNNING, event
        heard += event["event"] == "progress" and event["run"] == run


def test_a_backup_waits_where_it_is_and_goes_on(world: World) -> None:
    """It sends nothing meanwhile, and keeps its lock; afterwards it is as if nothing had been."""
    world.make_large()
    world.write_set()
    with world.daemon() as daemon, daemon.client() as watcher, daemon.client() as client:
        events = events_of(watcher)
        begun = msgspec.convert(client.ask("run", set="daten")["run"], Run)
        paused = client.ask("pause", run=begun.id)
        hear_heartbeats(events, begun.id)
        sent, locks = files_in(world.repository / "data"), files_in(world.repository / "locks")
        status = world.gdp("status")
        at_work = client.ask("status")["status"]["sets"][0]["at_work"]
        client.ask("resume", run=begun.id)
        done = wait_for_run(events, State.OK)

    assert paused["is_paused"]
    assert (sent, len(locks)) == (set(), 1)
    assert "backup is paused" in status.stdout
    assert [work["is_paused"] for work in at_work] == [True]
    assert done.summary["total_bytes_processed"] > 8_000_000


def test_a_restore_waits_as_well(world: World, tmp_path: Path) -> None:
    """The folder stays as it is; what comes later is right."""
    world.make_large()
    world.write_set()
    assert world.gdp("backup", "daten").returncode == 0
    with world.daemon() as daemon, daemon.client() as watcher, daemon.client() as client:
        events = events_of(watcher)
        wish = {"set": "daten", "snapshot": "latest", "target": str(tmp_path / "back")}
        begun = msgspec.convert(client.ask("restore", **wish)["run"], Run)
        client.ask("pause", run=begun.id)
        said = [world.gdp("status").stdout for _ in range(HEARTBEATS)]  # each takes about as long as such a restore
        client.ask("resume", run=begun.id)
        done = wait_for_run(events, State.OK, kind=Kind.RESTORE)

    back = tmp_path / "back" / str(world.source).lstrip("/")
    assert {path.name: path.read_bytes() for path in back.iterdir()} == {
        path.name: path.read_bytes() for path in world.source.iterdir()
    }
    assert ["restore is paused" in words for words in said] == [True] * HEARTBEATS
    assert done.id == begun.id


def test_a_run_that_waits_can_be_cancelled(world: World) -> None:
    """It ends as cleanly as any other."""
    world.make_large()
    world.write_set()
    with world.daemon() as daemon, daemon.client() as watcher, daemon.client() as client:
        events = events_of(watcher)
        client.ask("run", set="daten")  # a command takes its time to start on a busy computer, and the run would be over
        client.ask("pause", run=1)
        hear_heartbeats(events, 1)
        assert world.gdp("cancel", "daten").returncode == 0
        run = wait_for_run(events, State.CANCELLED)

    assert run.exit_code == 130
    assert files_in(world.repository / "locks") == set()


def test_a_run_that_waits_ends_with_its_daemon(world: World) -> None:
    """Nobody could let it go on any more."""
    world.make_large()
    world.write_set()
    with world.daemon() as daemon, daemon.client() as watcher, daemon.client() as client:
        events = events_of(watcher)
        client.ask("run", set="daten")
        client.ask("pause", run=1)
        hear_heartbeats(events, 1)
        child = process_of(world)
        daemon.kill()

        assert wait_for_end(child)
    assert files_in(world.repository / "locks") == set()


def test_what_cannot_wait_is_refused_with_what_there_is(world: World) -> None:
    """A number that nothing has, and words that are none."""
    world.write_set()
    with world.daemon() as daemon, daemon.client() as client:
        for wrong in (7, "x", None, True):
            with pytest.raises(BadInput, match="is not at work"):
                client.ask("pause", run=wrong)
        told = world.gdp("resume", "--run", "7")

    assert told.returncode == 1
    assert "gdp status" in told.stderr
