"""Directories that are read together: fewer reads, and never another directory than the one that was named."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from gdp.core.gotext import GO_DIR
from gdp.core.packformat import BlobKind
from gdp.engine.restore import trees
from gdp.engine.restore.trees import TreeReader
from gdp.model.files import StoredFile
from gdp.model.tree import encode_tree
from gdp.repo.sealer import BlobSealer
from gdp.storage.contract import Buffer
from gdp.storage.wrapper import StorageWrapper
from tests.engine.crafted import Crafted, node
from tests.engine.restore.conftest import run_restore

Sealed = tuple[BlobKind, bytes, bytes | bytearray, int]


class CountingStorage(StorageWrapper):
    """Counts reads."""

    reads = 0

    def read(self, file: StoredFile, offset: int = 0, length: int | None = None) -> bytes:
        """See Storage."""
        self.reads += 1
        return self._inner.read(file, offset, length)


def sealed_trees(crafted: Crafted, count: int) -> list[Sealed]:
    """Return ``count`` directories with one file each, ready for one pack."""
    sealer = BlobSealer(crafted.repo.key)
    blobs: list[Sealed] = []
    for number in range(count):
        plain = encode_tree([crafted.file(b"file%d" % number, b"content %d" % number)])
        blobs.append((BlobKind.TREE, hashlib.sha256(plain).digest(), *sealer.seal(BlobKind.TREE, plain)))
    return blobs


def folders(blobs: list[Sealed]) -> Iterator[object]:
    """Yield nodes of directories with these contents."""
    for number, blob in enumerate(blobs):
        yield node(b"folder%02d" % number, "dir", subtree=blob[1].hex(), mode=GO_DIR | 0o755)


def damaged(sealed: Buffer) -> bytearray:
    """Return it with one bit changed."""
    changed = bytearray(sealed)
    changed[20] ^= 1
    return changed


def test_neighbours_are_read_at_once(crafted: Crafted) -> None:
    """Otherwise a line with a long round trip is paid once a directory."""
    blobs = sealed_trees(crafted, 20)
    crafted.pack(blobs)
    crafted.snapshot()
    crafted.repo.storage = storage = CountingStorage(crafted.repo.storage)
    reader = TreeReader(crafted.repo)
    ids = [blob[1] for blob in blobs]

    reader.expect([*ids, ids[0]])
    names = [reader.load(tree_id)[0].name for tree_id in ids]

    assert names == [f"file{number}" for number in range(20)]
    assert storage.reads == 1
    assert [entry.name for entry in reader.load(ids[0])] == ["file0"]
    assert storage.reads == 2


def test_what_is_read_ahead_is_bounded(crafted: Crafted, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory of a million directories must not be held whole; what is used makes room again."""
    blobs = sealed_trees(crafted, 20)
    crafted.pack(blobs)
    crafted.snapshot()
    ids = [blob[1] for blob in blobs]
    monkeypatch.setattr(trees, "HELD_BYTES", max(blob[3] for blob in blobs) * 4)
    crafted.repo.storage = storage = CountingStorage(crafted.repo.storage)
    reader = TreeReader(crafted.repo)

    reader.expect(ids)
    for tree_id in ids:
        reader.load(tree_id)
    few = storage.reads
    reader.expect(ids)
    for tree_id in ids:
        reader.load(tree_id)

    assert few == storage.reads - few == 1 + 16


@pytest.mark.parametrize("kind", ["damaged", "another's", "missing"])
def test_one_bad_directory_costs_only_itself(crafted: Crafted, target: Path, kind: str) -> None:
    """Its neighbours were read by the same read, and are right."""
    blobs = sealed_trees(crafted, 5)
    named = list(blobs)
    if kind == "damaged":
        blobs[2] = (*blobs[2][:2], damaged(blobs[2][2]), blobs[2][3])
    elif kind == "another's":
        blobs[2] = (*blobs[2][:2], *blobs[3][2:])
    else:
        del blobs[2]
    crafted.pack(blobs)
    snapshot = crafted.snapshot(*folders(named))  # type: ignore[arg-type]

    restored = run_restore(crafted.repo, snapshot, target)

    assert len(restored.problems) == 1
    assert named[2][1].hex() in restored.problems[0]
    for number in (0, 1, 3, 4):
        assert (target / f"folder{number:02d}" / f"file{number}").read_bytes() == b"content %d" % number


def test_second_copy_of_a_damaged_directory_is_used(crafted: Crafted, target: Path) -> None:
    """As if it had been read alone."""
    blobs = sealed_trees(crafted, 3)
    crafted.pack([blobs[0], (*blobs[1][:2], damaged(blobs[1][2]), blobs[1][3]), blobs[2]])
    crafted.pack([blobs[1]])
    snapshot = crafted.snapshot(*folders(blobs))  # type: ignore[arg-type]

    restored = run_restore(crafted.repo, snapshot, target)

    assert restored.problems == []
    assert (target / "folder01" / "file1").read_bytes() == b"content 1"


def test_missing_pack_of_directories_is_told_as_before(crafted: Crafted, target: Path) -> None:
    """One problem for each directory in it."""
    blobs = sealed_trees(crafted, 3)
    pack = crafted.pack(blobs)
    snapshot = crafted.snapshot(*folders(blobs))  # type: ignore[arg-type]
    crafted.repo.storage.remove(pack)

    assert len(run_restore(crafted.repo, snapshot, target).problems) == 3


def test_huge_claims_are_not_read_ahead(crafted: Crafted) -> None:
    """Lengths come from an index that may lie."""
    ids = [hashlib.sha256(b"%d" % number).digest() for number in range(2)]
    crafted.pack([(BlobKind.TREE, tree_id, crafted.repo.key.seal(b"x"), 1 << 31) for tree_id in ids])
    crafted.snapshot()
    crafted.repo.storage = storage = CountingStorage(crafted.repo.storage)

    TreeReader(crafted.repo).expect(ids)

    assert storage.reads == 0
