"""Reads pack files as they are stored: their table of contents, and every byte of them. Never asks an index.

A pack of ordinary size is fetched in one read; a giant one (other programs make up to 4 GiB) piece by piece.
"""

import hashlib
from typing import NamedTuple

from gdp.core.crypto import MasterKey
from gdp.core.errors import DamagedData
from gdp.core.ids import PackId
from gdp.core.language import N_
from gdp.core.packformat import (
    LENGTH_FIELD_BYTES,
    SMALLEST_PACK_BYTES,
    PackedBlob,
    decode_header,
    encode_header,
    pack_bytes,
    read_length_field,
)
from gdp.model.files import FileKind, StoredFile
from gdp.storage.contract import Storage

WHOLE_BYTES = 160 << 20  # the largest pack we write, with its last block; beyond it memory must not follow the file's size
PIECE_BYTES = 16 << 20
FIRST_TAIL_BYTES = 4096  # about a hundred entries: one round trip for most packs
_NOT_WHOLE = N_("pack {pack} has {actual:byte|bytes}, but its table of contents adds up to {expected:byte|bytes}")


class PackBytes:
    """A pack's stored bytes, fetched when made if it is of ordinary size, else as they are asked for."""

    def __init__(self, storage: Storage, pack: PackId, size: int) -> None:
        """``size``: the pack's bytes as the storage lists them."""
        self.id = pack
        self._storage, self._file = storage, pack_file(pack)
        self._whole = storage.read(self._file) if size <= WHOLE_BYTES else None
        self.size = size if self._whole is None else len(self._whole)

    def read(self, offset: int, length: int) -> bytes | memoryview:
        """Return a part. Raises DamagedData when the pack ends before it."""
        if self._whole is None:
            return self._storage.read(self._file, offset, length)
        if offset + length > self.size:
            raise DamagedData(N_("pack {pack} ends before byte {end}"), pack=self.id.hex(), end=offset + length)
        return memoryview(self._whole)[offset : offset + length]

    def digest(self) -> bytes:
        """Return the SHA-256 of all of it; equals the pack's id when nothing was changed."""
        if self._whole is not None:
            return hashlib.sha256(self._whole).digest()
        digest = hashlib.sha256()
        for offset in range(0, self.size, PIECE_BYTES):
            digest.update(self.read(offset, min(PIECE_BYTES, self.size - offset)))
        return digest.digest()

    def contents(self, key: MasterKey) -> list[PackedBlob]:
        """Return the table of contents. Raises DamagedData."""
        return self.contents_and_digest(key)[0]

    def contents_and_digest(self, key: MasterKey) -> tuple[list[PackedBlob], bytes]:
        """Return the table of contents and the SHA-256 of its plaintext. Raises DamagedData."""
        if self.size < SMALLEST_PACK_BYTES:
            raise _too_short(self.id, self.size)
        tail = bytes(self.read(self.size - LENGTH_FIELD_BYTES, LENGTH_FIELD_BYTES))
        length = read_length_field(tail, self.size)
        sealed = self.read(self.size - LENGTH_FIELD_BYTES - length, length)
        return _open_header(key, self.id, self.size, sealed)


class PackSummary(NamedTuple):
    """A pack's table of contents in brief, to compare two of them without keeping either."""

    size: int
    """bytes of the pack"""
    digest: bytes
    """SHA-256 of the table's plaintext"""


def pack_file(pack: bytes) -> StoredFile:
    """Return the file a pack is stored in."""
    return StoredFile(FileKind.DATA, pack.hex())


def summarize(blobs: list[PackedBlob]) -> PackSummary:
    """Return the summary of a pack with these blobs, given in pack order."""
    return PackSummary(pack_bytes(blobs), hashlib.sha256(encode_header(blobs)).digest())


def read_pack_contents(storage: Storage, key: MasterKey, pack: PackId, size: int) -> list[PackedBlob]:
    """Return a stored pack's blobs in pack order, reading only its end.

    Raises:
        DamagedData: the table of contents is not readable, or does not add up to ``size``.
        FileMissing: there is no such pack.
    """
    if size < SMALLEST_PACK_BYTES:
        raise _too_short(pack, size)
    file = pack_file(pack)
    tail_bytes = min(FIRST_TAIL_BYTES, size)
    tail = storage.read(file, size - tail_bytes, tail_bytes)
    length = read_length_field(tail, size)
    if length + LENGTH_FIELD_BYTES <= tail_bytes:
        sealed = tail[-LENGTH_FIELD_BYTES - length : -LENGTH_FIELD_BYTES]
    else:
        sealed = storage.read(file, size - LENGTH_FIELD_BYTES - length, length)
    return _open_header(key, pack, size, sealed)[0]


def _open_header(key: MasterKey, pack: PackId, size: int, sealed: bytes | memoryview) -> tuple[list[PackedBlob], bytes]:
    try:
        header = key.open(sealed)
        blobs = decode_header(header)
    except DamagedData as error:
        raise DamagedData(
            N_("the table of contents of pack {pack} is damaged: {reason}"), pack=pack.hex(), reason=error
        ) from error
    if (expected := pack_bytes(blobs)) != size:
        raise DamagedData(_NOT_WHOLE, pack=pack.hex(), actual=size, expected=expected)
    return blobs, hashlib.sha256(header).digest()


def _too_short(pack: PackId, size: int) -> DamagedData:
    return DamagedData(N_("pack {pack} has only {size:byte|bytes}, fewer than any pack"), pack=pack.hex(), size=size)
