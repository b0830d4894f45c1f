"""What the installation learns from a daemon that is at work."""

import sys
from pathlib import Path

import pytest

from gdp.bootstrap.installing import has_daemon, sets_at_work
from gdp.model.runs import State
from tests.cli.command_line import here
from tests.daemon.running import SLOW, World, events_of, wait_for_data, wait_for_run
from tests.installation.world import PYTHON, Admin


def test_a_set_that_is_being_backed_up_is_known(tmp_path: Path) -> None:
    """Its backup is not broken off for an upgrade."""
    world = World(tmp_path)
    assert (sets_at_work(world.home), has_daemon(world.home)) == ((), False)
    world.make_large()
    world.write_set(bandwidth=f'limits = ["{SLOW}"]')
    with world.daemon() as running:
        assert (sets_at_work(world.home), has_daemon(world.home)) == ((), True)
        with running.client() as client:
            client.ask("run", set="daten")
        wait_for_data(world)
        assert sets_at_work(world.home) == ("daten",)
        with running.client() as client, running.client() as watcher:
            events = events_of(watcher)
            client.ask("cancel", set="daten")
            wait_for_run(events, State.CANCELLED)


def test_a_daemon_that_was_started_by_hand_is_named(admin: Admin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing restarts it, the old program would go on for ever."""
    (tmp_path / "world").mkdir()
    world = World(tmp_path / "world")
    assert here(["install", "--user", "--no-service", "--home", str(world.home)]).code == 0
    admin.has("0.2.0")
    packed = sys.executable
    monkeypatch.setattr(sys, "executable", PYTHON)  # for the daemon alone
    with world.daemon():
        monkeypatch.setattr(sys, "executable", packed)
        outcome = here(["install", "--user", "--no-service"])

    assert outcome.code == 0
    assert f"A daemon for {world.home} is running and goes on with the old program" in outcome.err
