"""Restic and we use one repository at the same time, and neither does what the other one's lock forbids."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gdp.core.gotext import encode_json, format_time
from gdp.model.files import FileKind
from gdp.model.records import LockFile
from gdp.repo.lease import Lease
from gdp.repo.locks import LockKeeper
from gdp.repo.own_locks import OwnLocks
from tests.crash.world import PASSWORD, World, backup_words, fill, process_words, require_restic_content, restic

pytestmark = pytest.mark.peer

LOCKED = 11
RESTIC_LOCKED = {1, 11}  # restic has a code of its own for it since 0.17


@pytest.fixture
def world(before_forget: World, tmp_path: Path) -> World:
    return before_forget.clone(tmp_path / "world")


def gdp_words(world: World, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "gdp", *process_words(world, *arguments)]


def restic_words(program: Path, world: World, *arguments: str) -> list[str]:
    return [str(program), "--repo", str(world.repository), "--no-cache", *arguments]


@contextmanager
def holding_a_lock(world: World, words: list[str]) -> "Iterator[subprocess.Popen[bytes]]":
    """Run a backup of standard input, which goes on until the block ends, and ends well."""
    before = world.locks()
    environment = {**os.environ, "RESTIC_PASSWORD": PASSWORD}
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
    ) as running:
        _wait_until(lambda: world.locks() != before, running)
        yield running
        if running.poll() is None:
            said, _ = running.communicate(b"the end of the stream", timeout=60)
            assert running.returncode == 0, said


def _wait_until(condition: Any, running: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert running.poll() is None, running.stdout.read() if running.stdout else ""
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_both_back_up_into_one_repository_at_once(world: World, peer_restic: Path, tmp_path: Path) -> None:
    """A company that moves from restic to us does not move in one night."""
    fill(tmp_path / "theirs", [f"{number}" for number in range(30)], 8, 200_000)
    fill(tmp_path / "ours", [f"{number}" for number in range(30)], 9, 200_000)
    ours = replace(world, source=tmp_path / "ours")
    before = world.snapshots()
    words = restic_words(peer_restic, world, "backup", str(tmp_path / "theirs"))
    environment = {**os.environ, "RESTIC_PASSWORD": PASSWORD}
    with (
        subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as theirs,
        subprocess.Popen(gdp_words(ours, *backup_words(ours)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as our_run,
    ):
        for running in (our_run, theirs):
            said, _ = running.communicate(timeout=100)
            assert running.returncode == 0, said

    assert len(world.snapshots()) == len(before) + 2
    assert before.items() <= world.snapshots().items()
    world.require_sound()
    checked = restic(peer_restic, world, "check", "--read-data")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    for name in ("theirs", "ours"):
        restored = tmp_path / f"restored {name}"
        options = ["--path", str(tmp_path / name), "--target", str(restored)]
        done = restic(peer_restic, world, "restore", "latest", *options)
        assert done.returncode == 0, done.stderr
        assert _files(Path(f"{restored}{tmp_path}/{name}")) == _files(tmp_path / name)


def test_what_restic_does_forbids_our_exclusive_runs_and_no_others(world: World, peer_restic: Path) -> None:
    """Removing data under a running backup would make its snapshot worthless."""
    with holding_a_lock(world, restic_words(peer_restic, world, "backup", "--stdin")):
        for command in (["prune"], ["forget", "--keep-last", "1"], ["check"], ["tag", "--add", "x", "latest"]):
            assert world.run(*command) == LOCKED, world.output
        assert len(world.locks()) == 1
        assert world.run("snapshots") == 0
        assert world.backup() == 0

    assert "is locked since" in world.output
    assert "run 'gdp unlock'" in world.output
    assert world.run("prune") == 0, world.output
    require_restic_content(peer_restic, world)


def test_what_we_do_forbids_restics_exclusive_runs_and_no_others(world: World, peer_restic: Path, tmp_path: Path) -> None:
    """Neither does restic take us for dead: it asks by a SIGHUP, which must not end us."""
    fill(tmp_path / "small", ["one"], 8, 1000)
    with holding_a_lock(world, gdp_words(world, "backup", "--stdin")) as running:
        for command in (["prune"], ["forget", "--keep-last", "1", "--prune"], ["check"]):
            said = restic(peer_restic, world, *command)
            assert said.returncode in RESTIC_LOCKED, said.stdout
            assert "locked" in said.stderr
        assert restic(peer_restic, world, "unlock").returncode == 0
        assert len(world.locks()) == 1
        assert restic(peer_restic, world, "backup", str(tmp_path / "small")).returncode == 0
        assert running.poll() is None

    require_restic_content(peer_restic, world)


def test_our_exclusive_lock_keeps_restic_out(world: World, peer_restic: Path, tmp_path: Path) -> None:
    """A prune of ours is the reason."""
    repo = world.open()
    keeper = LockKeeper(repo.storage, repo.key, 2, repo.own_locks)
    hangup = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with keeper.hold(exclusive=True, lease=Lease()):
            for command in (["backup", str(tmp_path)], ["prune"]):
                said = restic(peer_restic, world, *command)
                assert said.returncode in RESTIC_LOCKED
                assert "locked" in said.stderr
            assert world.backup() == LOCKED
    finally:
        signal.signal(signal.SIGHUP, hangup)


def test_a_lock_that_a_killed_restic_left_goes_only_when_asked_for(world: World, peer_restic: Path) -> None:
    """It is not ours: on another computer its process may well live. ``unlock`` looks, and removes it."""
    with holding_a_lock(world, restic_words(peer_restic, world, "backup", "--stdin")) as running:
        running.kill()
        running.wait()
    [left] = world.locks()
    assert world.run("prune") == LOCKED
    assert world.locks() == [left]
    assert world.run("unlock") == 0

    assert world.locks() == []
    assert world.run("prune") == 0


def test_a_lock_of_another_installation_of_ours_is_not_cleared(world: World, tmp_path: Path) -> None:
    """Our locks are known by this computer's journal, not by looking like ours."""
    repo = world.open()
    LockKeeper(repo.storage, repo.key, 2, OwnLocks(tmp_path / "other journal")).files.write(exclusive=True)
    [left] = world.locks()

    assert world.backup() == LOCKED
    assert world.locks() == [left]


@pytest.mark.parametrize(("minutes", "removed"), [(29, False), (31, True)])
def test_a_lock_of_another_computer_is_stale_after_half_an_hour(
    world: World, peer_restic: Path, minutes: int, removed: bool
) -> None:
    """Restic's rule: it bars the way even then, until somebody says ``unlock``; and both of us judge alike."""
    repo = world.open()
    then = format_time(time.time_ns() - minutes * 60_000_000_000)
    lock = LockFile(then, True, "another-computer", "somebody", 1, 0, 0)
    repo.save_json(FileKind.LOCKS, encode_json(lock))
    theirs = world.clone(world.folder / "theirs")
    assert world.backup() == LOCKED
    assert world.run("unlock") == 0
    assert restic(peer_restic, theirs, "unlock").returncode == 0

    assert (world.locks() == []) is removed
    assert (theirs.locks() == []) is removed


def _files(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
