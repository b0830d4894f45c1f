"""Which blobs the snapshots need, and which copy of each is the one to keep. Pure but for reading directories.

Every needed blob has a mark. While copies are counted it is their number; when the choice is made it is a Mark.
"""

from collections.abc import Mapping
from enum import IntEnum

import msgspec

from gdp.core.errors import DamagedData
from gdp.core.ids import PackId
from gdp.core.language import N_
from gdp.core.packformat import COMPRESSED_ENTRY_BYTES, PLAIN_ENTRY_BYTES, BlobKind, header_bytes
from gdp.engine.check.blob_marks import HIGHEST_MARK, BlobMarks
from gdp.engine.check.walk import blob_id_of, walk_trees
from gdp.engine.prune.options import PruneStats
from gdp.model.events import Emit, Progress
from gdp.model.snapshot import Snapshot, SnapshotId
from gdp.repo.blob_index import BlobIndex
from gdp.repo.repository import Repository

_PROGRESS_TREES = 256
_EMPTY_HEADER_BYTES = header_bytes(())


class Mark(IntEnum):
    """What becomes of a needed blob once the copies are counted."""

    LAST_COPY = 0
    """only while choosing: all copies but one were passed over"""
    NEEDED = 1
    """one copy counts as used; unless it is found SAFE, it must be copied"""
    SAFE = 2
    """there is a copy in a pack that stays"""
    COPIED = 3


class PackUse(msgspec.Struct):
    """How much of a pack is needed."""

    kind: int | None = None
    """None: mixed"""
    used_blobs: int = 0
    unused_blobs: int = 0
    duplicate_blobs: int = 0
    used_bytes: int = 0
    """with the table of contents"""
    unused_bytes: int = 0
    has_uncompressed: bool = False

    @property
    def size(self) -> int:
        """The pack's bytes, as the index makes it."""
        return self.used_bytes + self.unused_bytes

    @property
    def blobs(self) -> int:
        """How many blobs are in it."""
        return self.used_blobs + self.unused_blobs


def find_needed(repo: Repository, snapshots: Mapping[SnapshotId, Snapshot], emit: Emit) -> BlobMarks:
    """Return all blobs below the snapshots. Raises DamagedData when one directory cannot be read."""
    needed = BlobMarks()
    roots = [bytes.fromhex(snapshot.tree) for snapshot in snapshots.values()]
    for done, tree in enumerate(walk_trees(repo, roots, needed), 1):
        if tree.error:
            raise tree.error
        for node in tree.nodes:
            for text in node.content or ():
                if (blob_id := blob_id_of(text)) is None:
                    raise DamagedData(
                        N_("the file {name} in {path} names an impossible block"),
                        N_("Run 'gdp check'."),
                        name=node.name,
                        path=tree.path,
                    )
                needed.add(BlobKind.DATA, blob_id)
            if node.type == "dir" and blob_id_of(node.subtree) is None:
                raise DamagedData(
                    N_("the directory {name} in {path} has no contents"), N_("Run 'gdp check'."), name=node.name, path=tree.path
                )
        if done % _PROGRESS_TREES == 0:
            emit(Progress(done))
    return needed


def measure_packs(index: BlobIndex, needed: BlobMarks, stats: PruneStats) -> dict[PackId, PackUse]:
    """Return how much of each pack is needed, one copy of each blob counting. Raises DamagedData when a blob has no copy."""
    _count_copies(index, needed)
    packs: dict[PackId, PackUse] = {}
    for pack, blob in index:
        use = packs.get(pack)
        if use is None:
            use = packs[pack] = PackUse(blob.kind)
            use.used_bytes = _EMPTY_HEADER_BYTES
        use.used_bytes += COMPRESSED_ENTRY_BYTES if blob.plain_length else PLAIN_ENTRY_BYTES
        use.kind = use.kind if use.kind == blob.kind else None
        use.has_uncompressed |= not blob.plain_length
        copies = needed.get(blob.kind, blob.id) or 0
        if copies == 1:
            use.used_blobs += 1
            use.used_bytes += blob.length
            stats.used.add(1, blob.length)
        else:
            use.unused_blobs += 1
            use.unused_bytes += blob.length
            use.duplicate_blobs += copies > 1
            (stats.duplicate if copies else stats.unused).add(1, blob.length)
    if stats.duplicate.blobs:
        _choose_copies(index, needed, packs, stats)
    return packs


def _count_copies(index: BlobIndex, needed: BlobMarks) -> None:
    for _, blob in index:
        copies = needed.get(blob.kind, blob.id)
        if copies is not None and copies < HIGHEST_MARK:
            needed.mark(blob.kind, blob.id, copies + 1)
    missing = [blob_id for _, blob_id in needed.marked(0)]
    if missing:
        raise DamagedData(
            N_("{count:needed block is|needed blocks are} in no index, among them {blob}; nothing was removed"),
            N_("Run 'gdp repair index'. If they are still missing, 'gdp check' names the files they belong to."),
            count=len(missing),
            blob=missing[0].hex(),
        )


def _choose_copies(index: BlobIndex, needed: BlobMarks, packs: dict[PackId, PackUse], stats: PruneStats) -> None:
    """Let one copy of each blob count as used: best one in a pack that is used anyway, else the last."""
    for pack, blob in index:
        mark = needed.get(blob.kind, blob.id)
        if mark is None or mark == Mark.NEEDED:
            continue
        use = packs[pack]
        # A pack of nothing but copies stays whole: it is what an interrupted prune wrote anew.
        if use.used_blobs or use.duplicate_blobs == use.unused_blobs or mark == Mark.LAST_COPY:
            use.used_blobs += 1
            use.unused_blobs -= 1
            use.duplicate_blobs -= 1
            use.used_bytes += blob.length
            use.unused_bytes -= blob.length
            stats.used.add(1, blob.length)
            stats.duplicate.add(-1, -blob.length)
            needed.mark(blob.kind, blob.id, Mark.NEEDED)
        else:
            needed.mark(blob.kind, blob.id, mark - 1 if mark > 2 else Mark.LAST_COPY)
