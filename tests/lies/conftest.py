"""A small repository on disk that a test damages or lies about."""

import shutil
from pathlib import Path

import pytest

from tests.crash.world import World, fill


@pytest.fixture(scope="session")
def sound_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Two snapshots of a small folder, which has changed since. Nobody changes it any more."""
    folder = tmp_path_factory.mktemp("sound")
    world = World(folder / "world", folder / "source")
    world.folder.mkdir()
    world.init()
    fill(world.source, ["a", "sub/b", "sub/c"], 1, 300_000)
    (world.source / "text").write_text("hello " * 4000)
    assert world.backup() == 0, world.output
    fill(world.source, ["sub/d", "new/e"], 2, 50_000)  # below the least chunk: a block each
    assert world.backup() == 0, world.output
    shutil.copytree(world.source, folder / "saved")
    fill(world.source, ["sub/b", "fresh"], 7, 200_000)
    return world


@pytest.fixture(scope="session")
def saved(sound_world: World) -> Path:
    """The source as it was at the last snapshot."""
    return sound_world.source.parent / "saved"


@pytest.fixture
def world(sound_world: World, tmp_path: Path) -> World:
    """The same for one test, which may change the stored files."""
    clone = sound_world.clone(tmp_path / "world")
    for path in [path for path in clone.repository.rglob("*") if path.is_file()]:
        content = path.read_bytes()
        path.unlink()  # a second name of the shared file so far
        path.write_bytes(content)
    return clone
