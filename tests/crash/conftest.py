"""The worlds that runs are stopped in. Each is made once; a test clones it for every moment it tries."""

from pathlib import Path

import pytest

from tests.crash.world import World, fill

OLD, CHANGED, NEW = ([f"{folder}/{number}" for number in range(6)] for folder in ("old", "old/changing", "new/deep/er"))


@pytest.fixture(scope="session")
def before_backup(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two snapshots, and a source that has changed since: several packs are to be stored."""
    world = _begin(tmp_path_factory.mktemp("before-backup"))
    for seed in (2, 3):
        assert world.backup() == 0, world.output
        fill(world.source, CHANGED, seed)
    fill(world.source, NEW, 4)
    return world


@pytest.fixture(scope="session")
def before_forget(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Four snapshots that share some of their blocks, so that packs are partly needed once the first ones are gone."""
    world = _begin(tmp_path_factory.mktemp("before-forget"))
    for seed in (2, 3, 4, 5):
        fill(world.source, CHANGED[: seed + 1], seed)
        assert world.backup() == 0, world.output
    return world


@pytest.fixture(scope="session")
def before_prune(before_forget: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The same after a forget, with a pack besides that a killed backup left."""
    world = before_forget.clone(tmp_path_factory.mktemp("before-prune") / "world")
    assert world.run("forget", "--keep-last", "2") == 0, world.output
    left = world.repository / "data" / "ab" / ("ab" * 32)
    left.write_bytes(b"left by a killed run")
    return world


def _begin(folder: Path) -> World:
    world = World(folder / "world", folder / "source")
    world.folder.mkdir()
    world.init()
    fill(world.source, OLD, 1)
    fill(world.source, CHANGED, 1)
    return world
