"""How large snapshots are, by four ways of counting. Reads directories, never files' contents.

=================  =========================================================================
mode               counts
=================  =========================================================================
restore-size       what a restore would write; a hard link once a snapshot
files-by-contents  every file once whose contents are the same
blobs-per-file     the blocks of files, once a path
raw-data           the blocks as they are stored
=================  =========================================================================
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gdp.core.crypto import OVERHEAD_BYTES
from gdp.core.errors import DamagedData
from gdp.core.ids import BlobId
from gdp.core.language import N_
from gdp.core.packformat import BlobKind
from gdp.engine.check.blob_marks import BlobMarks
from gdp.engine.check.walk import blob_id_of, subtree_id, walk_trees
from gdp.model.events import Emit, Progress, StageBegan
from gdp.model.node import Node
from gdp.model.snapshot import Snapshot, SnapshotId
from gdp.repo.blob_index import BlobPlace
from gdp.repo.repository import Repository


class StatsMode(StrEnum):
    """A way of counting."""

    RESTORE_SIZE = "restore-size"
    FILES_BY_CONTENTS = "files-by-contents"
    BLOBS_PER_FILE = "blobs-per-file"
    RAW_DATA = "raw-data"


@dataclass(frozen=True, slots=True)
class Stats:
    """What was counted; None: this mode does not count it. The names are restic's."""

    snapshots_count: int
    total_size: int = 0
    """bytes"""
    total_file_count: int | None = None
    """entries of all types with ``restore-size``"""
    total_blob_count: int | None = None
    total_uncompressed_size: int | None = None
    """what the blobs would take if none were compressed"""
    compression_ratio: float | None = None
    """of the blobs that are compressed; None when none is"""
    compression_progress: float | None = None
    """percent of the uncompressed size that is stored compressed"""
    compression_space_saving: float | None = None
    """percent of the uncompressed size of all blobs"""


def count_stats(repo: Repository, snapshots: Mapping[SnapshotId, Snapshot], mode: StatsMode, emit: Emit) -> Stats:
    """Count snapshots in one way; the index must be loaded. Raises DamagedData for a directory that cannot be read."""
    emit(StageBegan(N_("counting")))
    roots = [BlobId.from_hex(snapshot.tree) for snapshot in snapshots.values()]
    if mode is StatsMode.RAW_DATA:
        return _raw_data(repo, roots, emit)
    if mode is StatsMode.RESTORE_SIZE:
        return _restore_size(repo, roots, emit)
    return _unique(repo, roots, mode, emit)


def _restore_size(repo: Repository, roots: list[BlobId], emit: Emit) -> Stats:
    files = size = 0
    for done, root in enumerate(roots, 1):
        links: set[tuple[int, int]] = set()
        for _, node in _entries(repo, root, b"/"):
            files += 1
            if node.links <= 1 or node.type == "dir" or (node.inode, node.device_id) not in links:
                size += node.size
            if node.links > 1:
                links.add((node.inode, node.device_id))
        emit(Progress(done, len(roots)))
    return Stats(len(roots), size, files)


def _unique(repo: Repository, roots: list[BlobId], mode: StatsMode, emit: Emit) -> Stats:
    seen: set[bytes] = set()
    counted: dict[bytes, set[str]] = {}
    files = size = blobs = 0
    for done, root in enumerate(roots, 1):
        for path, node in _entries(repo, root, b"/"):
            contents = hashlib.sha256("".join(node.content or ()).encode()).digest()
            if contents in seen:
                continue
            seen.add(contents)
            if mode is StatsMode.FILES_BY_CONTENTS:
                files, size = files + 1, size + node.size
                continue
            for text in node.content or ():
                of_path = counted.setdefault(path, set())
                if text not in of_path:
                    of_path.add(text)
                    blobs, size = blobs + 1, size + _place(repo, BlobKind.DATA, blob_id_of(text), path).data_bytes
        emit(Progress(done, len(roots)))
    if mode is StatsMode.BLOBS_PER_FILE:
        return Stats(len(roots), size, len(counted), blobs)
    return Stats(len(roots), size, files)


def _raw_data(repo: Repository, roots: list[BlobId], emit: Emit) -> Stats:
    marks = BlobMarks()
    stored = plain = compressed_stored = compressed_plain = 0
    for done, tree in enumerate(walk_trees(repo, roots, marks), 1):
        if tree.error:
            raise tree.error
        new: list[tuple[BlobKind, bytes]] = [(BlobKind.TREE, tree.id)]
        for node in tree.nodes:
            ids = (blob_id_of(text) for text in node.content or ())
            new += [(BlobKind.DATA, blob_id) for blob_id in ids if blob_id and marks.add(BlobKind.DATA, blob_id)]
        for kind, blob_id in new:
            place = _place(repo, kind, blob_id, tree.path.encode("utf-8", "surrogatepass"))
            stored += place.length
            plain += place.data_bytes + OVERHEAD_BYTES  # as restic counts: what it would take uncompressed, sealed
            if place.plain_length:
                compressed_stored += place.length
                compressed_plain += place.plain_length + OVERHEAD_BYTES
        emit(Progress(done))
    if repo.config.version < 2:
        return Stats(len(roots), stored, None, len(marks))
    return _with_compression(len(roots), len(marks), stored, plain, compressed_stored, compressed_plain)


def _with_compression(
    snapshots: int, blobs: int, stored: int, plain: int, compressed_stored: int, compressed_plain: int
) -> Stats:
    return Stats(
        snapshots,
        stored,
        None,
        blobs,
        plain,
        compressed_plain / compressed_stored if compressed_stored else None,
        compressed_plain / plain * 100.0 if plain else 0.0,
        (1 - stored / plain) * 100.0 if plain else 0.0,
    )


def _entries(repo: Repository, tree_id: bytes, path: bytes) -> Iterator[tuple[bytes, Node]]:
    """Yield every entry of one snapshot with its path, as often as it occurs."""
    for node in repo.load_tree(tree_id):
        below = path.rstrip(b"/") + b"/" + node.raw_name
        yield below, node
        if node.type == "dir" and (subtree := subtree_id(node)):
            yield from _entries(repo, subtree, below)


def _place(repo: Repository, kind: BlobKind, blob_id: bytes | None, path: bytes) -> BlobPlace:
    place = repo.index.find(kind, blob_id) if blob_id else None
    if place is None:
        raise DamagedData(
            N_("a block of {path} is in no index"), N_("Run 'gdp check'."), path=path.decode("utf-8", "backslashreplace")
        )
    return place
