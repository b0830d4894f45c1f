"""A power failure at every moment, on a disk that loses what was not synced.

A killed process leaves what it gave to the system; a power failure does not. This is what fsync is for, and a wrong order of
syncs shows nowhere else.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gdp.core.language import complete
from gdp.engine.check import CheckOptions, check_repository
from gdp.engine.check.options import ALL_PACKS
from gdp.model.events import ignore_events
from gdp.model.files import FOLDERS, StoredFile
from gdp.repo.opening import open_repository
from tests.crash.losing_disk import RecordedDisk
from tests.crash.world import PASSWORD, Contents, World, hashes_of_snapshots
from tests.storage.memory import MemoryStorage

Files = dict[StoredFile, bytes]


def recorded(start: World, folder: Path, run: Callable[[World, Callable[[], None]], int]) -> tuple[World, RecordedDisk]:
    """Return a world after a whole run, and the record of it."""
    world = start.clone(folder / "world")
    disk = RecordedDisk(world.repository, folder / "record")
    assert run(world, disk.install) == 0, world.output
    return world, disk


def require_whole(files: Files, home: Path, moment: str) -> Contents:
    """Check every byte of what is left, and return what its snapshots hold."""
    storage = MemoryStorage()
    storage.files = dict(files)
    repo = open_repository(storage, PASSWORD.encode(), home)
    result = check_repository(repo, CheckOptions(ALL_PACKS), ignore_events)

    assert [complete(error.template, error.facts, "en") for error in result.errors if "lock" not in error.template] == [], moment
    return hashes_of_snapshots(repo)


def test_after_a_power_failure_during_a_backup_every_snapshot_is_whole(before_backup: World, tmp_path: Path) -> None:
    """Those of before, and the new one as soon as it can be seen at all."""
    old = before_backup.snapshots()
    world, disk = recorded(before_backup, tmp_path, lambda world, prepare: world.backup(prepare=prepare))
    after = world.snapshots()
    seen = [require_whole(files, world.home, moment) for moment, files in disk.states()]

    assert all(old.items() <= contents.items() <= after.items() for contents in seen)
    assert old in seen
    assert after in seen
    assert len(seen) > 20


def test_after_a_power_failure_during_a_prune_every_snapshot_is_whole(before_prune: World, tmp_path: Path) -> None:
    """A removal may reach the disk before what was written earlier does, if nobody sees to it."""
    kept = before_prune.snapshots()
    world, disk = recorded(
        before_prune,
        tmp_path,
        lambda world, prepare: world.run("prune", "--max-unused", "0", "--transfer-block-size", "1M", prepare=prepare),
    )
    seen = [require_whole(files, world.home, moment) for moment, files in disk.states()]

    assert all(contents == kept for contents in seen)
    assert len(seen) > 20


def test_after_a_power_failure_during_a_forget_what_is_kept_is_whole(before_forget: World, tmp_path: Path) -> None:
    """The order of removals does not matter here; that nothing else goes does."""
    old = before_forget.snapshots()
    world, disk = recorded(
        before_forget, tmp_path, lambda world, prepare: world.run("forget", "--keep-last", "2", prepare=prepare)
    )
    seen = [require_whole(files, world.home, moment) for moment, files in disk.states()]

    assert all(world.snapshots().items() <= contents.items() <= old.items() for contents in seen)
    assert len(seen) > 3


@pytest.mark.slow
def test_after_a_power_failure_the_next_backup_goes_on(before_backup: World, tmp_path: Path) -> None:
    """This computer's notes may be ahead of the repository: packs and a snapshot that are noted may not be there."""
    world, disk = recorded(before_backup, tmp_path, lambda world, prepare: world.backup(prepare=prepare))
    wanted = world.trees()
    states = dict(disk.states())
    assert len(states) > 20
    for moment, files in states.items():
        again = World(tmp_path / "again", world.source)
        again.folder.mkdir()
        lay_out(again.repository, files)
        shutil.copytree(world.home, again.home)
        shutil.copy(world.folder / "password", again.folder)
        assert again.backup() == 0, again.output

        assert set(again.trees()) == set(wanted), moment
        assert again.run("unlock") == 0
        again.require_sound(may_have_unlisted_packs=True)
        shutil.rmtree(again.folder)


def lay_out(root: Path, files: Files) -> None:
    """Write files into a repository's folders."""
    for folder in ("", *FOLDERS):
        (root / folder).mkdir()
    for file, content in files.items():
        (root / file.path).write_bytes(content)
