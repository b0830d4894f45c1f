"""A server that gives something genuine in the wrong place: sealed with our key, but not what was asked for."""

from pathlib import Path

import pytest

from gdp.core.packformat import BlobKind
from gdp.model.files import FileKind
from tests.crash.world import World


def test_swapped_blocks_are_never_restored_as_each_other(world: World, saved: Path, tmp_path: Path) -> None:
    """Their MACs are right; only their ids tell. Two files would have each other's contents."""
    repo = world.open()
    first, second = [
        (pack.hex(), blob) for pack, blob in repo.index if blob.kind == BlobKind.DATA and blob.length == 50_000 + 32
    ][:2]
    sealed = [_pack(world, pack).read_bytes()[blob.offset : blob.offset + blob.length] for pack, blob in (first, second)]
    for (pack, blob), content in zip((first, second), reversed(sealed), strict=True):
        whole = _pack(world, pack).read_bytes()
        _pack(world, pack).write_bytes(whole[: blob.offset] + content + whole[blob.offset + blob.length :])
    target = tmp_path / "restored"
    assert world.run("restore", "latest", "--target", str(target)) == 1

    assert "Traceback" not in world.output
    for name in ("sub/d", "new/e"):
        restored = Path(f"{target}{world.source}/{name}")
        assert f"{world.source}/{name}" in world.output
        assert not restored.exists() or restored.read_bytes() != (saved / ("new/e" if name == "sub/d" else "sub/d")).read_bytes()
    assert world.run("check", "--read-data") == 1
    assert first[1].id.hex() in world.output
    assert second[1].id.hex() in world.output
    assert world.run("dump", "latest", f"{world.source}/sub/d") == 1


@pytest.mark.parametrize("kind", [FileKind.SNAPSHOTS, FileKind.INDEX, FileKind.DATA])
def test_a_file_under_anothers_name_is_not_taken_for_it(world: World, tmp_path: Path, kind: FileKind) -> None:
    """An old snapshot in the place of the newest would hide what happened since, and nobody would know."""
    names = world.names(kind)
    paths = [_pack(world, name) if kind is FileKind.DATA else world.repository / kind / name for name in names]
    for path in paths[1:]:
        path.write_bytes(paths[0].read_bytes())
    assert world.run("restore", "latest", "--target", str(tmp_path / "restored")) == 1
    assert world.run("check", "--read-data") == 1

    assert "Traceback" not in world.output
    assert all(name in world.output for name in names[1:])


def _pack(world: World, name: str) -> Path:
    return world.repository / "data" / name[:2] / name
