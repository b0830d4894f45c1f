"""Proves that every directory of every snapshot is sound, without a walk from the snapshots down.

If all packs were read and found good, all directories in them are sound, and everything that these name is in the index, then so
it is with those that a snapshot reaches. Any doubt, even about a directory that nobody needs any more, ends the proof: then the
walk has to tell, which also knows the paths.
"""

from collections.abc import Iterable

from gdp.core.ids import ID_BYTES
from gdp.core.packformat import BlobKind
from gdp.engine.check.blob_marks import BlobMarks
from gdp.engine.check.packs import PackVerdict
from gdp.engine.check.trees import Locate, NamedBlobs, are_stored


class DirectoryProof:
    """Takes the verdicts on packs, whose index is complete."""

    def __init__(self, locate: Locate) -> None:
        self._locate = locate
        self._packs: set[bytes] = set()
        self._seen = BlobMarks()
        self._holds = True

    def add(self, verdict: PackVerdict) -> None:
        """Take a verdict with what it tells of directories."""
        self._holds = self._holds and verdict.are_directories_sound and not verdict.faults
        self._holds = self._holds and are_stored(NamedBlobs(verdict.named_blocks, verdict.named_directories), self._locate)
        if self._holds:
            self._packs.add(verdict.pack)
            for start in range(0, len(verdict.directories), ID_BYTES):
                self._seen.add(BlobKind.TREE, verdict.directories[start : start + ID_BYTES])

    def directories(self, packs: Iterable[bytes], roots: Iterable[bytes]) -> int | None:
        """Return how many directories there are, given all packs of the index and the snapshots' roots; None: not proven."""
        holds = self._holds and self._packs.issuperset(packs)
        holds = holds and all(self._locate(BlobKind.TREE, root) is not None for root in roots)
        return len(self._seen) if holds else None
