"""Collects sealed blobs into pack files. Never writes them: a finished pack is handed back to the caller.

Two packs are open at a time and each blob goes into one of them by chance, so that the order of chunk sizes in a pack does not
tell which file they came from (restic does so since 0.18). What is left at the end is merged when it fits into one.
"""

import hashlib
import random
from dataclasses import dataclass

from gdp.core.crypto import MasterKey
from gdp.core.ids import PackId
from gdp.core.packformat import (
    COMPRESSED_ENTRY_BYTES,
    MAX_HEADER_BYTES,
    BlobKind,
    PackedBlob,
    encode_header,
    length_field,
)

DEFAULT_PACK_BYTES = 16 << 20
MIN_PACK_BYTES = 1 << 20
MAX_PACK_BYTES = 128 << 20
_OPEN_PACKS = 2
_MOST_BLOBS = MAX_HEADER_BYTES // COMPRESSED_ENTRY_BYTES - 1000  # readers refuse longer headers


@dataclass(frozen=True, slots=True)
class FinishedPack:
    """A whole pack file, ready to be stored."""

    id: PackId
    parts: list[bytes]
    """the file's bytes, in order"""
    blobs: list[PackedBlob]
    size: int
    """bytes"""


class _OpenPack:
    __slots__ = ("blobs", "parts", "size")

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.blobs: list[PackedBlob] = []
        self.size = 0

    def add(self, kind: int, blob_id: bytes, sealed: bytes, plain_length: int) -> None:
        self.blobs.append(PackedBlob(kind, blob_id, self.size, len(sealed), plain_length))
        self.parts.append(sealed)
        self.size += len(sealed)

    def absorb(self, other: "_OpenPack") -> None:
        for blob, sealed in zip(other.blobs, other.parts, strict=True):
            self.add(blob.kind, blob.id, sealed, blob.plain_length)

    def finish(self, key: MasterKey) -> FinishedPack:
        header = key.seal(encode_header(self.blobs))
        self.parts += (header, length_field(header))
        digest = hashlib.sha256()
        for part in self.parts:
            digest.update(part)
        size = self.size + len(header) + 4
        return FinishedPack(PackId(digest.digest()), self.parts, self.blobs, size)


class Packer:
    """Packs blobs of one kind. Not for use by two threads at once."""

    def __init__(self, key: MasterKey, kind: BlobKind, pack_bytes: int = DEFAULT_PACK_BYTES) -> None:
        self._key, self._kind, self._target = key, int(kind), pack_bytes
        self._open = [_OpenPack() for _ in range(_OPEN_PACKS)]

    def add(self, blob_id: bytes, sealed: bytes, plain_length: int) -> FinishedPack | None:
        """Add a blob; return the pack that is full now, if one is. ``plain_length`` is 0 for an uncompressed blob."""
        if len(sealed) >= self._target:
            alone = _OpenPack()
            alone.add(self._kind, blob_id, sealed, plain_length)
            return alone.finish(self._key)
        slot = random.getrandbits(1)
        pack = self._open[slot]
        pack.add(self._kind, blob_id, sealed, plain_length)
        if pack.size < self._target and len(pack.blobs) < _MOST_BLOBS:
            return None
        self._open[slot] = _OpenPack()
        return pack.finish(self._key)

    def flush(self) -> list[FinishedPack]:
        """Return what is left as packs, and begin anew."""
        first, second = self._open
        self._open = [_OpenPack() for _ in range(_OPEN_PACKS)]
        if first.size + second.size <= self._target and len(first.blobs) + len(second.blobs) < _MOST_BLOBS:
            first.absorb(second)
            second = _OpenPack()
        return [pack.finish(self._key) for pack in (first, second) if pack.blobs]
