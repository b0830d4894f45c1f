"""Collects sealed blobs into pack files. Never writes them: a finished pack is handed back to the caller.

Two packs are open at a time and each blob goes into one of them by chance, so that the order of chunk sizes in a pack does not
tell which file they came from (restic does so since 0.18). What is left at the end is merged when it fits into one.
"""

import hashlib
import os
import random
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import IO

from gdp.core.aes_ctr import Buffer
from gdp.core.crypto import MasterKey
from gdp.core.errors import StorageFull
from gdp.core.ids import PackId
from gdp.core.language import N_
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
_TAIL_BYTES = 1 << 19
_PIECE_BYTES = 1 << 18
_MOST_BLOBS = MAX_HEADER_BYTES // COMPRESSED_ENTRY_BYTES - 1000  # readers refuse longer headers


class PackBody(Collection[bytes]):
    """A pack's bytes in order, in pieces. The last ones wait in memory, the others in a temporary file, as restic's do.

    May be read more than once, but by one thread at a time. Close it once it is stored.
    """

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self._tail = bytearray()
        self._file: IO[bytes] | None = None
        self._file_bytes = 0

    def close(self) -> None:
        """Give back the temporary file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __del__(self) -> None:
        self.close()  # of a pack that was never stored, since a run ended early

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self._file_bytes + len(self._tail)

    def append(self, piece: Buffer) -> None:
        """Add bytes at the end. Raises StorageFull when the temporary folder has no room."""
        if len(piece) >= _TAIL_BYTES:
            self._spill(self._tail)
            self._tail = bytearray()
            self._spill(piece)
            return
        self._tail += piece
        if len(self._tail) >= _TAIL_BYTES:
            self._spill(self._tail)
            self._tail = bytearray()

    def digest(self) -> bytes:
        """Return the SHA-256 of all bytes so far."""
        digest = self._digest.copy()
        digest.update(self._tail)
        return digest.digest()

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes that were appended."""
        found = b""
        if self._file is not None and offset < self._file_bytes:
            found = os.pread(self._file.fileno(), min(length, self._file_bytes - offset), offset)
        start = max(0, offset - self._file_bytes)
        return found + self._tail[start : start + length - len(found)]

    def __iter__(self) -> Iterator[bytes]:
        return (self.read(offset, _PIECE_BYTES) for offset in range(0, self.size, _PIECE_BYTES))

    def __len__(self) -> int:
        return (self.size + _PIECE_BYTES - 1) // _PIECE_BYTES

    def __contains__(self, piece: object) -> bool:
        return any(piece == own for own in self)

    def _spill(self, piece: Buffer) -> None:
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed with this object
            written = 0
            while written < len(piece):
                written += self._file.write(memoryview(piece)[written:])
        except OSError as error:
            raise StorageFull(
                N_("packs wait in {folder} before they are sent, and it cannot take more: {reason}"),
                N_("Make room there, or set TMPDIR to a folder with more."),
                folder=tempfile.gettempdir(),
                reason=error.strerror,
            ) from error
        self._digest.update(piece)
        self._file_bytes += len(piece)


@dataclass(frozen=True, slots=True)
class FinishedPack:
    """A whole pack file, ready to be stored."""

    id: PackId
    parts: PackBody
    """the file's bytes, in order"""
    blobs: list[PackedBlob]
    size: int
    """bytes"""


class _OpenPack:
    __slots__ = ("blobs", "body")

    def __init__(self) -> None:
        self.body = PackBody()
        self.blobs: list[PackedBlob] = []

    @property
    def size(self) -> int:
        return self.body.size

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
    """Packs blobs of one kind. Not for use by two threads at once."""

    def __init__(self, key: MasterKey, kind: BlobKind, pack_bytes: int = DEFAULT_PACK_BYTES) -> None:
        self._key, self._kind, self._target = key, int(kind), pack_bytes
        self._open = [_OpenPack() for _ in range(_OPEN_PACKS)]

    def add(self, blob_id: bytes, sealed: Buffer, plain_length: int) -> FinishedPack | None:
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
