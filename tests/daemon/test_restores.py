"""Restores that the daemon makes, with the real program and a real repository."""

from pathlib import Path

import msgspec
import pytest

from gdp.control.client import NoDaemon
from gdp.core.errors import BadInput, GdpError
from gdp.model.runs import Kind, Reason, Run, State
from tests.daemon.running import World, events_of, process_of, wait_for_end, wait_for_run

pytestmark = pytest.mark.slow


@pytest.fixture
def backed_up(world: World) -> World:
    """A set with one snapshot."""
    world.write_set()
    done = world.gdp("backup", "daten")
    assert done.returncode == 0, done.stderr
    return world


def test_a_restore_begins_although_everything_is_paused_and_the_set_may_not_run(backed_up: World, tmp_path: Path) -> None:
    """Whoever needs data back must never be held up by what holds up backups."""
    backed_up.write_set(encryption=f'password-file = "{backed_up.password_file}"\nrecovery-confirmed = false')
    target = tmp_path / "back"
    with backed_up.daemon() as running, running.client() as asker, running.client() as watcher:
        asker.ask("pause")
        events = events_of(watcher)
        begun = msgspec.convert(asker.ask("restore", set="daten", snapshot="latest", target=str(target))["run"], Run)
        ended = wait_for_run(events, State.OK, kind=Kind.RESTORE)

    assert begun.id == ended.id
    assert (begun.kind, begun.is_manual, begun.state) == (Kind.RESTORE, True, State.RUNNING)
    assert (target / str(backed_up.source).lstrip("/") / "a.txt").read_text() == "alpha\n"
    assert ended.summary["files_restored"] >= 1
    assert ended.summary["target"] == str(target)


def test_paths_rules_and_deletes_do_what_they_do_on_the_command_line(backed_up: World, tmp_path: Path) -> None:
    """The request's words reach the engine as they are."""
    there = backed_up.source / "there.txt"
    there.write_text("not in the snapshot\n")
    (backed_up.source / "a.txt").write_text("changed since\n")
    with backed_up.daemon() as running, running.client() as asker, running.client() as watcher:
        events = events_of(watcher)
        kept = {"set": "daten", "snapshot": "latest", "target": "/", "paths": [str(backed_up.source)]}
        asker.ask("restore", **kept, overwrite="never", delete=True, verify=True)
        first = wait_for_run(events, State.OK, State.ATTENTION, kind=Kind.RESTORE)
        after_first = (backed_up.source / "a.txt").read_text()
        asker.ask("restore", **kept)
        second = wait_for_run(events, State.OK, kind=Kind.RESTORE)

    assert after_first == "changed since\n"
    assert first.summary["files_deleted"] == 1
    assert not there.exists()
    assert (backed_up.source / "a.txt").read_text() == "alpha\n"
    assert second.summary["files_deleted"] == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"snapshot": "--help", "target": "/tmp/x"},
        {"snapshot": "latest", "target": "relative"},
        {"snapshot": "latest", "target": "/tmp/x", "paths": ["a/b"]},
        {"snapshot": "latest", "target": "/tmp/x", "overwrite": "perhaps"},
        {"snapshot": "latest"},
        {"snapshot": "latest", "target": "/tmp/\0x"},
    ],
)
def test_what_is_no_restore_is_refused_before_anything_begins(fields: dict[str, object], backed_up: World) -> None:
    """A mistake of a front end must not become words for the engine."""
    with backed_up.daemon() as running, running.client() as asker:
        with pytest.raises(GdpError) as caught:
            asker.ask("restore", set="daten", **fields)
        runs = asker.ask("runs")["runs"]

    assert not isinstance(caught.value, NoDaemon)
    assert not runs


def test_a_restore_is_cancelled_by_its_number_and_not_begun_again(world: World, tmp_path: Path) -> None:
    """Backups of the set go on; nobody restores what somebody stopped."""
    world.make_large()
    world.write_set(bandwidth='limits = ["down 40K"]')
    assert world.gdp("backup", "daten").returncode == 0
    with world.daemon() as running, running.client() as asker, running.client() as watcher:
        events = events_of(watcher)
        number = asker.ask("restore", set="daten", snapshot="latest", target=str(tmp_path / "back"))["run"]["id"]
        process_of(world)
        with pytest.raises(BadInput):
            asker.ask("cancel", run=number + 1)
        cancelled = world.gdp("cancel", "--run", str(number))
        ended = wait_for_run(events, State.CANCELLED, State.OK, State.ERROR, State.INTERRUPTED, kind=Kind.RESTORE)
        coming = asker.ask("status")["status"]["sets"][0]["coming"]

    assert cancelled.returncode == 0, cancelled.stderr
    assert (ended.id, ended.state) == (number, State.CANCELLED)
    assert not coming


def test_a_restore_that_a_kill_broke_off_is_said_and_not_begun_again(world: World, tmp_path: Path) -> None:
    """Files that appear hours later by themselves would be worse than none."""
    world.make_large()
    world.write_set(bandwidth='limits = ["down 40K"]')
    assert world.gdp("backup", "daten").returncode == 0
    with world.daemon() as running, running.client() as asker:
        asker.ask("restore", set="daten", snapshot="latest", target=str(tmp_path / "back"))
        pid = process_of(world)
        running.kill()
        assert wait_for_end(pid)
    with world.daemon() as running, running.client() as asker:
        runs = [msgspec.convert(run, Run) for run in asker.ask("runs")["runs"]]
        running.said.seek(0)
        said = running.said.read().decode()

    assert [(run.kind, run.state, run.reason) for run in runs] == [(Kind.RESTORE, State.INTERRUPTED, Reason.LOST)]
    assert "it is not begun again by itself" in said


def test_the_command_line_asks_for_the_same(backed_up: World, tmp_path: Path) -> None:
    """Whatever the screen does, a script can do."""
    target = tmp_path / "back"
    with backed_up.daemon() as running, running.client() as watcher:
        events = events_of(watcher)
        asked = backed_up.gdp("restore", "-S", "daten", "--by-daemon", "latest", "--target", str(target), str(backed_up.source))
        ended = wait_for_run(events, State.OK, kind=Kind.RESTORE)
        refused = backed_up.gdp("restore", "-S", "daten", "--by-daemon", "latest", "--target", str(target), "--exclude", "*.txt")

    assert asked.returncode == 0, asked.stderr
    assert f"run {ended.id} restores to {target}" in asked.stdout
    assert (target / str(backed_up.source).lstrip("/") / "a.txt").exists()
    assert refused.returncode == 1
    assert "do not go together with --by-daemon" in refused.stderr


def test_files_that_could_not_be_restored_make_it_attention(backed_up: World, tmp_path: Path) -> None:
    """The rest is back; what is not is named in the log."""
    target = tmp_path / "back"
    in_the_way = target / str(backed_up.source).lstrip("/") / "a.txt"
    in_the_way.mkdir(parents=True)
    (in_the_way / "something").write_text("not empty\n")
    with backed_up.daemon() as running, running.client() as asker, running.client() as watcher:
        events = events_of(watcher)
        asker.ask("restore", set="daten", snapshot="latest", target=str(target))
        ended = wait_for_run(events, State.OK, State.ATTENTION, State.ERROR, kind=Kind.RESTORE)

    assert ended.state is State.ATTENTION
    assert ended.summary["problems"] == 1
    assert "a.txt" in (backed_up.home / ended.log).read_text()
