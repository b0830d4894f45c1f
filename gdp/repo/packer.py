"""Collects sealed blobs into pack files. Never writes them: a finished pack is handed back to the caller.

Two packs are open at a time and each blob goes into one of them by chance, so that the order of chunk sizes in a pack does not
tell which file they came from (restic does so since 0.18). What is left at the end is merged when it fits into one.
"""

import hashlib
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gdp.core.aes_ctr import Buffer
from gdp.core.crypto import MasterKey
from gdp.core.ids import PackId
from gdp.core.packformat import (
    COMPRESSED_ENTRY_BYTES,
    DEFAULT_PACK_BYTES,
    MAX_HEADER_BYTES,
    BlobKind,
    PackedBlob,
    encode_header,
    length_field,
)
from gdp.storage.staged import StagedFile

_OPEN_PACKS = 2
_MOST_BLOBS = MAX_HEADER_BYTES // COMPRESSED_ENTRY_BYTES - 1000  # readers refuse longer headers


class PackBody(StagedFile):
    """A pack's bytes, and their hash."""

    def __init__(self, path: str | None = None) -> None:
        super().__init__(path)
        self._digest = hashlib.sha256()

    def digest(self) -> bytes:
        """Return the SHA-256 of all bytes so far."""
        digest = self._digest.copy()
        for piece in self._tail:
            digest.update(piece)
        return digest.digest()

    def _spill(self, pieces: list[Buffer]) -> None:
        super()._spill(pieces)
        for piece in pieces:
            self._digest.update(piece)


@dataclass(frozen=True, slots=True)
class FinishedPack:
    """A whole pack file, ready to be stored."""

    id: PackId
    parts: PackBody
    """the file's bytes, in order"""
    blobs: list[PackedBlob]
    size: int
    """bytes"""

    @property
    def plain_bytes(self) -> int:
        """What is in it, before compression and encryption."""
        return sum(blob.plain_bytes for blob in self.blobs)


class _OpenPack:
    __slots__ = ("blobs", "body")

    def __init__(self, path: str | None) -> None:
        self.body = PackBody(path)
        self.blobs: list[PackedBlob] = []

    def add(self, kind: int, blob_id: bytes, sealed: Buffer, plain_length: int) -> None:
        self.blobs.append(PackedBlob(kind, blob_id, self.body.size, len(sealed), plain_length))
        self.body.append(sealed)

    def absorb(self, other: "_OpenPack") -> None:
        for blob in other.blobs:
            self.add(blob.kind, blob.id, other.body.read(blob.offset, blob.length), blob.plain_length)
        other.body.close()

    def finish(self, key: MasterKey) -> FinishedPack:
        header = key.seal(encode_header(self.blobs))
        self.body.append(header)
        self.body.append(length_field(header))
        return FinishedPack(PackId(self.body.digest()), self.body, self.blobs, self.body.size)


class Packer:
    """Packs blobs of one kind. Not for use by two threads at once.

    Args:
        pack_bytes: how large a pack becomes at least, but for the last ones. May be changed at any time: ``target_bytes``.
        staging_path: is asked for each pack where its bytes may wait, see ``Storage.staging_path``.
    """

    def __init__(
        self,
        key: MasterKey,
        kind: BlobKind,
        pack_bytes: int = DEFAULT_PACK_BYTES,
        staging_path: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._key, self._kind, self.target_bytes = key, int(kind), pack_bytes
        self._staging_path = staging_path
        self._open = [self._new() for _ in range(_OPEN_PACKS)]

    def add(self, blob_id: bytes, sealed: Buffer, plain_length: int) -> FinishedPack | None:
        """Add a blob; return the pack that is full now, if one is. ``plain_length`` is 0 for an uncompressed blob."""
        if len(sealed) >= self.target_bytes:
            alone = self._new()
            alone.add(self._kind, blob_id, sealed, plain_length)
            return alone.finish(self._key)
        slot = random.getrandbits(1)
        pack = self._open[slot]
        pack.add(self._kind, blob_id, sealed, plain_length)
        if pack.body.size < self.target_bytes and len(pack.blobs) < _MOST_BLOBS:
            return None
        self._open[slot] = self._new()
        return pack.finish(self._key)

    def add_long(self, blob_id: bytes, sealed: Iterable[Buffer], plain_length: int) -> FinishedPack:
        """Return a pack of its own for a blob that is never in memory whole. The caller checks it before it is stored."""
        alone = self._new()
        for piece in sealed:
            alone.body.append(piece)
        alone.blobs.append(PackedBlob(self._kind, blob_id, 0, alone.body.size, plain_length))
        return alone.finish(self._key)

    def _new(self) -> _OpenPack:
        return _OpenPack(self._staging_path())

    def flush(self) -> list[FinishedPack]:
        """Return what is left as packs, and begin anew."""
        first, second = self._open
        self._open = [self._new() for _ in range(_OPEN_PACKS)]
        if first.body.size + second.body.size <= self.target_bytes and len(first.blobs) + len(second.blobs) < _MOST_BLOBS:
            first.absorb(second)
            second = self._new()
        return [pack.finish(self._key) for pack in (first, second) if pack.blobs]
