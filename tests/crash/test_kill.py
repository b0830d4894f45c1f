"""A run killed before, during or after anything it changes: every such moment is tried, in every one of its processes.

The system kills (no memory left), the user does (the laptop's lid, the power switch), and none of them asks when it suits.
"""

import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gdp.model.files import FileKind
from tests.crash.points import Points
from tests.crash.world import World, require_restic_content

Run = Callable[[World, Callable[[], None]], int]

_MOST_MOMENTS = 400  # a run that reaches more of them than this never ends
_SURVIVALS = 3


def killed_worlds(start: World, folder: Path, run: Run) -> Iterator[tuple[World, Points]]:
    """Yield a world for every moment of a run, as it is after a kill there.

    How many moments there are is a matter of chance: which pack a block goes into, which process is faster. So the run is
    killed at later and later moments until it has come to its end several times; and then at every kind of moment by name.
    """
    seen: set[str] = set()
    reached: set[str] = set()
    moments: Iterator[int | str] = iter(range(_MOST_MOMENTS))
    survived = 0
    while survived < _SURVIVALS:
        points, world = _run_until(start, folder, run, next(moments))
        reached.update(points.names)
        if points.is_over:
            survived += 1
        else:
            seen.add(points.names[-1])
            yield world, points
        shutil.rmtree(world.folder)
    for name in sorted(reached - seen):
        points, world = _run_until(start, folder, run, name)
        yield world, points
        shutil.rmtree(world.folder)


def _run_until(start: World, folder: Path, run: Run, moment: int | str) -> tuple[Points, World]:
    world = start.clone(folder / "killed")
    points = Points(folder / "moments", act_at=moment)
    ended = run(world, points.install)
    assert ended == (0 if points.is_over else -signal.SIGKILL), world.output
    return points, world


def require_judges_content(world: World, peer_restic: Path, folder: Path) -> None:
    """Let restic look at a copy, where our stale lock still is, and then ourselves at the original."""
    copy = world.clone(folder / "for-restic")
    require_restic_content(peer_restic, copy)
    shutil.rmtree(copy.folder)
    world.require_sound(may_have_unlisted_packs=True)


@pytest.mark.slow
@pytest.mark.peer
@pytest.mark.timeout(600)
def test_a_backup_killed_at_any_moment_loses_nothing_and_sends_nothing_twice(
    before_backup: World, peer_restic: Path, tmp_path: Path
) -> None:
    """The promise of the whole program: earlier backups stay whole, no lock bars the way, and the next run goes on."""
    old = before_backup.snapshots()
    complete = before_backup.clone(tmp_path / "complete")
    assert complete.backup() == 0
    wanted = complete.trees()
    seen: set[str] = set()
    for world, points in killed_worlds(before_backup, tmp_path, lambda world, prepare: world.backup(prepare=prepare)):
        seen.add(points.names[-1])
        where = f"killed at {len(points.names)}: {points.names[-1]}"
        require_judges_content(world, peer_restic, tmp_path)
        contents = world.snapshots()
        assert old.items() <= contents.items(), where
        arrived = world.blobs_of_packs()
        assert world.backup() == 0, world.output

        world.require_sound()
        assert world.trees()[: len(wanted)] == wanted, where
        assert set(world.trees()) == set(wanted), where
        sent_again = [pack for pack, blobs in world.blobs_of_packs().items() if pack not in arrived and blobs & _all(arrived)]
        assert sent_again == [], where

    kinds = (FileKind.LOCKS, FileKind.DATA, FileKind.INDEX, FileKind.SNAPSHOTS)
    assert {f"{when} write {kind}" for kind in kinds for when in ("before", "after")} <= seen
    assert {"before rename", "before remove locks", "after remove locks"} <= seen


@pytest.mark.peer
def test_a_forget_killed_at_any_moment_removes_nothing_else(before_forget: World, peer_restic: Path, tmp_path: Path) -> None:
    """What the rules keep is there at every moment; what they do not is gone after the next run."""

    def forget(world: World, prepare: Callable[[], None]) -> int:
        return world.run("forget", "--keep-last", "2", prepare=prepare)

    old = before_forget.snapshots()
    kept = dict(list(old.items())[2:])
    seen: set[str] = set()
    for world, points in killed_worlds(before_forget, tmp_path, forget):
        seen.add(points.names[-1])
        require_judges_content(world, peer_restic, tmp_path)
        assert kept.items() <= world.snapshots().items() <= old.items()
        assert forget(world, lambda: None) == 0, world.output

        assert world.snapshots() == kept
        assert world.locks() == []
    assert {"before rename", "before remove snapshots", "after remove snapshots", "after remove locks"} <= seen


@pytest.mark.slow
@pytest.mark.peer
@pytest.mark.timeout(600)
def test_a_prune_killed_at_any_moment_loses_nothing_and_is_finished_by_the_next(
    before_prune: World, peer_restic: Path, tmp_path: Path
) -> None:
    """It is the one run that removes data, so it must never remove a block before its copy can be found."""

    def prune(world: World, prepare: Callable[[], None]) -> int:
        return world.run("prune", "--max-unused", "0", "--transfer-block-size", "1M", prepare=prepare)

    kept = before_prune.snapshots()
    complete = before_prune.clone(tmp_path / "complete")
    assert prune(complete, lambda: None) == 0, complete.output
    stored = sum(len(blobs) for blobs in complete.blobs_of_packs().values())
    seen: set[str] = set()
    for world, points in killed_worlds(before_prune, tmp_path, prune):
        seen.add(points.names[-1])
        where = f"killed at {len(points.names)}: {points.names[-1]}"
        require_judges_content(world, peer_restic, tmp_path)
        assert world.snapshots() == kept, where
        assert prune(world, lambda: None) == 0, world.output

        world.require_sound()
        assert world.snapshots() == kept, where
        assert sum(len(blobs) for blobs in world.blobs_of_packs().values()) == stored, where
    for operation in ("write locks", "write data", "write index", "remove index", "remove data", "remove locks"):
        assert {f"before {operation}", f"after {operation}"} <= seen


def test_a_backup_killed_between_two_packs_is_restored_from_all_the_same(before_backup: World, tmp_path: Path) -> None:
    """A real restore of what was there before, and of what the next run made."""
    world = before_backup.clone(tmp_path / "world")
    points = Points(tmp_path / "moments", act_at=9)
    assert world.backup(prepare=points.install) == -signal.SIGKILL
    assert world.run("restore", "latest", "--target", str(tmp_path / "earlier"), "--verify") == 0, world.output
    assert world.backup() == 0, world.output
    assert world.run("restore", "latest", "--target", str(tmp_path / "later"), "--verify") == 0, world.output

    earlier, later = (Path(f"{tmp_path}/{when}{world.source}") for when in ("earlier", "later"))
    assert not (earlier / "new").exists()
    assert _files(later) == _files(world.source)


def _all(packs: dict[str, set[bytes]]) -> set[bytes]:
    return set().union(*packs.values())


def _files(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
