"""A byte of every class in every kind of file, changed on the server: ``gdp check --read-data`` ends with 1 and names the file.

The units have their own tests; this one goes through the real command, with its workers and its exit code.
"""

import re
from pathlib import Path

import pytest

from gdp.core.ids import PackId
from gdp.core.packformat import BlobKind, read_length_field
from gdp.model.files import FileKind, StoredFile
from gdp.repo import lock_files
from gdp.repo.locks import LockKeeper
from gdp.repo.pack_reader import read_pack_contents
from tests.crash.world import World

PARTS = {
    "iv of a block": lambda first, header, size: first,
    "contents of a block": lambda first, header, size: first + 20,
    "mac of a block": lambda first, header, size: header - 1,
    "iv of the table": lambda first, header, size: header,
    "table": lambda first, header, size: header + 20,
    "mac of the table": lambda first, header, size: size - 5,
    "length, low": lambda first, header, size: size - 4,
    "length, high": lambda first, header, size: size - 1,
}


def flip(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 0x20
    path.write_bytes(content)


def said_by_check(world: World, *options: str) -> str:
    """Run the check, which must fail in an orderly way, and return what it said in one line."""
    code = world.run("check", *options, prepare=_be_impatient)

    assert code == 1, world.output
    assert "Traceback" not in world.output
    assert "an error in this program" not in world.output
    return re.sub(r"\s+", " ", world.output)


@pytest.mark.parametrize("kind", list(BlobKind))
@pytest.mark.parametrize("part", PARTS)
def test_a_changed_byte_of_a_pack_is_reported_with_the_packs_name(world: World, part: str, kind: BlobKind) -> None:
    """Also in trees, which are read in another way."""
    repo = world.open()
    name, size = next(
        (pack.hex(), repo.storage.size(StoredFile(FileKind.DATA, pack.hex()))) for pack, blob in repo.index if blob.kind == kind
    )
    path = world.repository / "data" / name[:2] / name
    blobs = read_pack_contents(repo.storage, repo.key, PackId.from_hex(name), size)
    header = size - 4 - read_length_field(path.read_bytes()[-4:], size)
    flip(path, PARTS[part](blobs[-1].offset, header, size))

    assert name in said_by_check(world, "--read-data")


@pytest.mark.parametrize("kind", [FileKind.CONFIG, FileKind.KEYS, FileKind.INDEX, FileKind.SNAPSHOTS, FileKind.LOCKS])
@pytest.mark.parametrize("where", [0.0, 0.5, 1.0], ids=["first byte", "middle", "last byte"])
def test_a_changed_byte_of_a_small_file_is_reported_with_its_name(world: World, kind: FileKind, where: float) -> None:
    """Even without reading the packs: IV, contents and MAC."""
    name = damage_small_file(world, kind, where)

    assert name in said_by_check(world)


@pytest.mark.parametrize("kind", [FileKind.DATA, FileKind.INDEX, FileKind.SNAPSHOTS, FileKind.KEYS])
@pytest.mark.parametrize("left", [0.0, 0.5], ids=["empty", "half"])
def test_a_truncated_file_is_reported_with_its_name(world: World, kind: FileKind, left: float) -> None:
    """A disk that ran full, a copy that was broken off."""
    [path, *_] = sorted(path for path in (world.repository / kind).rglob("*") if path.is_file())
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * left)])

    assert path.name in said_by_check(world)


def test_a_missing_pack_is_reported_with_its_name(world: World) -> None:
    """Even without reading the packs."""
    name = world.names(FileKind.DATA)[0]
    (world.repository / "data" / name[:2] / name).unlink()

    assert name in said_by_check(world)


def damage_small_file(world: World, kind: FileKind, where: float) -> str:
    """Flip a bit of a file of a kind; return the name that must be told."""
    if kind is FileKind.LOCKS:
        repo = world.open()
        LockKeeper(repo.storage, repo.key, 2, repo.own_locks).files.write(exclusive=False)
        repo.own_locks.forget(world.locks()[0])
    folder = world.repository / kind
    path = folder if kind is FileKind.CONFIG else min(folder.iterdir())
    if kind is FileKind.LOCKS:
        path.chmod(0o600)
    flip(path, int((path.stat().st_size - 1) * where))
    return path.name


def _be_impatient() -> None:
    """A lock that is just being written may look damaged for a moment; a test does not wait for that."""
    lock_files.UNREADABLE_WAITS_SECONDS = (0.0,)  # type: ignore[assignment]
