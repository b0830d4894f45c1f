"""Looks at directories where their packs are checked anyway, so that nobody needs to fetch and open them once more.

What remains to be asked is whether the blobs they name are there, which only the index knows: ``directory_proof``.
"""

from gdp.core.errors import DamagedData
from gdp.core.ids import BlobId
from gdp.core.packformat import LONGEST_BLOB_BYTES, BlobKind, PackedBlob
from gdp.engine.check.trees import named_by_sound
from gdp.engine.check.walk import VisitedTree
from gdp.model.tree import decode_tree

MOST_NAMED_BYTES = 32 << 20  # of ids from one pack; an ordinary pack of directories names a few hundred kilobytes


class DirectoryLog:
    """The directories of one pack."""

    def __init__(self) -> None:
        self.are_sound = True
        """False: one of them is to be looked at by somebody who knows its path, or there is too much to tell"""
        self.ids, self.blocks, self.below = bytearray(), bytearray(), bytearray()
        """of the directories, and of what they name; joined"""

    def add(self, blob: PackedBlob, plain: bytes | memoryview) -> None:
        """Look at a directory whose bytes are what its id names."""
        if not self.are_sound:
            return
        named = None
        if max(blob.length, blob.plain_length) <= LONGEST_BLOB_BYTES[BlobKind.TREE]:  # a reader refuses a longer one
            text = bytes(plain)
            try:
                named = named_by_sound(VisitedTree(BlobId(blob.id), "/", text, decode_tree(text), None))
            except DamagedData:
                named = None
        if named is None:
            self.are_sound = False
            return
        self.ids += blob.id
        self.blocks += named.blocks
        self.below += named.directories
        self.are_sound = len(self.blocks) + len(self.below) <= MOST_NAMED_BYTES
