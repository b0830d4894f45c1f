"""Gets the directories of a snapshot: neighbours in a pack by one read, and opened together. Judges nothing.

Sub-directories of one directory were mostly written one after the other. What cannot be had this way, for whatever reason, is
left to ``Repository.load_tree``, which knows of other copies and says what is wrong.
"""

import hashlib
from collections.abc import Sequence

from gdp.core.compress import decompress
from gdp.core.crypto_batch import BatchOpener
from gdp.core.errors import DamagedData, FileMissing
from gdp.core.packformat import LONGEST_BLOB_BYTES, BlobKind
from gdp.engine.restore.messages import Place, plain_bytes
from gdp.engine.restore.reading import PackRange, plan_ranges
from gdp.model.node import Node
from gdp.model.tree import decode_tree
from gdp.repo.pack_reader import pack_file
from gdp.repo.repository import Repository

HELD_BYTES = 8 << 20  # plain bytes of directories that were read and not yet asked for
RANGE_BYTES = 1 << 20
LARGEST_GAP_BYTES = 16 << 10
_TREE = int(BlobKind.TREE)


class TreeReader:
    """Reads ahead the directories that were announced."""

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._opener = BatchOpener(repo.key)
        self._ahead: dict[bytes, bytes] = {}
        self._held_bytes = 0

    def load(self, tree_id: bytes) -> list[Node]:
        """Return a directory's nodes. Raises DamagedData."""
        plain = self._ahead.pop(tree_id, None)
        if plain is None:
            return self._repo.load_tree(tree_id)
        self._held_bytes -= len(plain)
        return decode_tree(plain)

    def expect(self, tree_ids: Sequence[bytes]) -> None:
        """Read directories that will be asked for soon, as far as memory allows and reading them together is worth it."""
        places: list[Place] = []
        planned_bytes = self._held_bytes
        for tree_id in dict.fromkeys(tree_ids):
            found = None if tree_id in self._ahead else self._repo.index.locate(_TREE, tree_id)
            if found is None:
                continue
            place = (*found, tree_id)
            planned_bytes += max(plain_bytes(place), place[2])
            if planned_bytes > HELD_BYTES:
                break
            places.append(place)
        for part in plan_ranges(places, range_bytes=RANGE_BYTES, gap_bytes=LARGEST_GAP_BYTES):
            if len(part.places) > 1:
                self._read(part)

    def _read(self, part: PackRange) -> None:
        try:
            data = memoryview(
                self._repo.storage.read(pack_file(self._repo.index.packs[part.pack]), part.start, part.end - part.start)
            )
        except (DamagedData, FileMissing):
            return
        sealed = [data[place[1] - part.start : place[1] - part.start + place[2]] for place in part.places]
        for place, payload in zip(part.places, self._opener.open(sealed), strict=True):
            plain = _unfold(place, payload)
            if plain is not None:
                self._ahead[place[4]] = plain
                self._held_bytes += len(plain)


def _unfold(place: Place, payload: memoryview | None) -> bytes | None:
    """Return the plaintext if it is what the id says, else None."""
    if payload is None or plain_bytes(place) > LONGEST_BLOB_BYTES[BlobKind.TREE]:
        return None
    try:
        plain = decompress(payload, place[3]) if place[3] else bytes(payload)
    except DamagedData:
        return None
    return plain if hashlib.sha256(plain).digest() == place[4] else None
