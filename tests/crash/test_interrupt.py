"""Ctrl-C and SIGTERM, at every moment: the run ends with 130, gives its lock back, and the next one goes on."""

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gdp.engine.archive.opening import Opening
from gdp.model.files import FileKind
from tests.cli.command_line import command
from tests.crash.points import Points
from tests.crash.world import World, backup_words, process_words

RUNS: dict[str, list[str]] = {
    "backup": [],
    "forget": ["--keep-last", "1"],
    "prune": ["--max-unused", "0", "--transfer-block-size", "1M"],
    "check": [],
    "tag": ["--add", "new", "latest"],
}

NEEDED = {"before write locks", "before rename", "after write locks", "before remove locks", "after remove locks"}


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_interrupted_at_any_moment_no_lock_is_left_and_the_next_run_finishes(
    before_backup: World, before_prune: World, tmp_path: Path, name: str
) -> None:
    """Also while the lock itself is being written: nobody else knows that it is ours, and restic would be shut out."""
    before = before_backup if name == "backup" else before_prune
    old = before.snapshots()
    seen: set[str] = set()

    def survives(moment: int | str) -> bool:
        """Interrupt a run there, and say whether it came to its end before."""
        world = before.clone(tmp_path / "world")
        points = Points(tmp_path / "moments", moment, Points.interrupt)
        code = start(world, name, points.install)
        if points.is_over:
            assert code == 0, world.output
        else:
            reached = moment if isinstance(moment, str) else points.names[moment]
            seen.add(reached)
            assert code == 130, f"{reached}: {world.output}"
            assert "interrupted" in world.output
            assert "Traceback" not in world.output
        assert world.locks() == [], moment
        if name in {"backup", "prune"}:
            world.require_sound(may_have_unlisted_packs=True)
            assert start(world, name) == 0, world.output
            world.require_sound()
            assert old.items() <= world.snapshots().items()
        shutil.rmtree(world.folder)
        return points.is_over

    survived = moment = 0
    while survived < 2:
        survived += survives(moment)
        moment += 1
    # A run's moments are not as many each time, since it is chance which worker gets what: the last ones may have been missed.
    for missed in NEEDED - seen:
        assert not survives(missed)
    assert seen >= NEEDED


def start(world: World, name: str, prepare: Callable[[], None] = lambda: None) -> int:
    if name == "backup":
        return world.backup(prepare=prepare)
    return world.run(name, *RUNS[name], prepare=prepare)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("to_all", [False, True], ids=["first process", "all processes"])
def test_a_real_run_in_the_middle_of_its_packs_ends_with_130_and_is_continued(
    before_backup: World, tmp_path: Path, number: signal.Signals, to_all: bool
) -> None:
    """A terminal sends Ctrl-C to all processes of the run, and systemd SIGTERM; ``kill`` knows only the first one."""
    world = before_backup.clone(tmp_path / "world")
    old = set(world.names(FileKind.DATA))
    words = process_words(world, *backup_words(world, "--limit-upload", "1M"))
    with subprocess.Popen(command(words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0) as running:
        deadline = time.monotonic() + 60
        while set(world.names(FileKind.DATA)) == old and time.monotonic() < deadline and running.poll() is None:
            time.sleep(0.01)
        (os.killpg if to_all else os.kill)(running.pid, number)
        _, said = running.communicate(timeout=30)

    assert running.returncode == 130, said
    assert b"interrupted" in said
    assert b"Traceback" not in said
    assert world.locks() == []
    world.require_sound(may_have_unlisted_packs=True)
    kept = set(world.blobs_of_packs())
    assert kept > old
    assert world.backup() == 0
    world.require_sound()
    packs = world.blobs_of_packs()
    stored_before = set().union(*(packs[name] for name in kept))
    assert not any(packs[name] & stored_before for name in packs.keys() - kept), "it was sent twice"


def test_the_workers_of_a_killed_run_end_by_themselves(before_backup: World, tmp_path: Path) -> None:
    """The memory's guardian kills one process; the others must not go on writing without a lock."""
    world = before_backup.clone(tmp_path / "world")
    words = process_words(world, *backup_words(world, "--limit-upload", "1M"))
    with subprocess.Popen(command(words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, process_group=0) as running:
        deadline = time.monotonic() + 60
        while not world.locks() and time.monotonic() < deadline:
            time.sleep(0.01)
        running.kill()
        running.wait()
        deadline = time.monotonic() + 30
        while _lives(running.pid) and time.monotonic() < deadline:
            time.sleep(0.05)

    assert not _lives(running.pid)
    assert world.backup() == 0
    world.require_sound(may_have_unlisted_packs=True)


def test_workers_leave_a_services_end_to_their_parent(before_backup: World, tmp_path: Path) -> None:
    """A service manager ends all processes of a service at once; a worker that answers first disturbs its parent's tidying up."""
    world = before_backup.clone(tmp_path / "world")
    words = process_words(world, *backup_words(world, "--limit-upload", "2M"))
    with subprocess.Popen(command(words), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        deadline = time.monotonic() + 60
        while not world.locks() and time.monotonic() < deadline:
            time.sleep(0.01)
        workers = _children(running.pid)
        for worker in workers:
            os.kill(worker, signal.SIGTERM)
        _, said = running.communicate(timeout=60)

    assert workers
    assert running.returncode == 0, said


def _children(process: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _lives(group: int) -> bool:
    """Say whether a process of the group lives; a zombie, which nobody here waits for, does not."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[2] == str(group) and fields[0] not in "ZX":
            return True
    return False


def test_an_interrupted_wait_for_the_opening_can_be_waited_for_again() -> None:
    """Its thread may be about to take the lock. Python 3.11 takes a thread for ended when a ``join`` is interrupted."""
    is_released = threading.Event()
    opening = Opening(lambda _draft: is_released.wait(60))
    threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        opening.result()
    threading.Timer(0.1, is_released.set).start()

    was_done = opening.is_done
    opening.join(30)

    assert not was_done
    assert opening.result()
