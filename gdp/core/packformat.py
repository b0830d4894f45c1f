"""The layout of a pack file's header. Pure: knows no encryption and no storage.

A pack is ``blob_1 … blob_n || sealed header || u32 length of the sealed header``, little-endian, without padding. Each blob is an
envelope of its own. The header, once opened, is one entry per blob, in blob order:

======  ====  ======================================================================
offset  size  field
======  ====  ======================================================================
0       1     kind: 0 data, 1 tree; compressed: 2 data, 3 tree
1       4     stored length with its envelope, u32
5       4     length before compression, u32; only for kinds 2 and 3
5 or 9  32    blob id
======  ====  ======================================================================

A blob's offset is the sum of the lengths before it, and a pack's size is exactly what its entries add up to.
"""

import struct
from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from gdp.core.aes_ctr import Buffer
from gdp.core.crypto import OVERHEAD_BYTES
from gdp.core.errors import DamagedData
from gdp.core.ids import ID_BYTES
from gdp.core.language import N_

LENGTH_FIELD_BYTES = 4
PLAIN_ENTRY_BYTES = 1 + 4 + ID_BYTES
COMPRESSED_ENTRY_BYTES = PLAIN_ENTRY_BYTES + 4
MAX_HEADER_BYTES = 16 << 20  # restic refuses to read more
DEFAULT_PACK_BYTES = 16 << 20
MIN_PACK_BYTES = 1 << 20
MAX_PACK_BYTES = 128 << 20  # what users may choose from
SMALLEST_PACK_BYTES = PLAIN_ENTRY_BYTES + OVERHEAD_BYTES + LENGTH_FIELD_BYTES
_PLAIN = struct.Struct("<BI32s")
_COMPRESSED = struct.Struct("<BII32s")


class BlobKind(IntEnum):
    """What a blob holds. Part of its name: the same id may exist as both."""

    DATA = 0
    TREE = 1


LONGEST_BLOB_BYTES = {BlobKind.DATA: 256 << 20, BlobKind.TREE: 1 << 30}
"""more is an attack on our memory: the longest chunk of anybody is 8 MiB, a directory of a million files has half a GiB"""


class PackedBlob(NamedTuple):
    """Where one blob lies in its pack."""

    kind: int
    """a BlobKind; plain int, since millions of these are made"""
    id: bytes
    offset: int
    length: int
    """stored bytes, envelope included"""
    plain_length: int
    """bytes before compression; 0: stored uncompressed"""

    @property
    def plain_bytes(self) -> int:
        """What is in it, however it is stored."""
        return self.plain_length or self.length - OVERHEAD_BYTES


def encode_header(blobs: Iterable[PackedBlob]) -> bytes:
    """Return the header's plaintext."""
    return b"".join(
        _COMPRESSED.pack(blob.kind + 2, blob.length, blob.plain_length, blob.id)
        if blob.plain_length
        else _PLAIN.pack(blob.kind, blob.length, blob.id)
        for blob in blobs
    )


def decode_header(header: bytes) -> list[PackedBlob]:
    """Return the blobs in pack order. Raises DamagedData when the bytes are not a header."""
    blobs: list[PackedBlob] = []
    position = offset = 0
    while position < len(header):
        kind = header[position]
        size = COMPRESSED_ENTRY_BYTES if kind > 1 else PLAIN_ENTRY_BYTES
        if kind > 3 or position + size > len(header):
            raise DamagedData(N_("the pack's table of contents is damaged at byte {position}"), position=position)
        plain_length = 0
        if kind > 1:
            kind, length, plain_length, blob_id = _COMPRESSED.unpack_from(header, position)
            kind -= 2
        else:
            kind, length, blob_id = _PLAIN.unpack_from(header, position)
        if length < OVERHEAD_BYTES:
            raise DamagedData(N_("the pack's table of contents is damaged at byte {position}"), position=position)
        blobs.append(PackedBlob(kind, blob_id, offset, length, plain_length))
        position += size
        offset += length
    return blobs


def header_bytes(blobs: Iterable[PackedBlob]) -> int:
    """Return what header and length field of a pack with these blobs occupy."""
    entries = sum(COMPRESSED_ENTRY_BYTES if blob.plain_length else PLAIN_ENTRY_BYTES for blob in blobs)
    return entries + OVERHEAD_BYTES + LENGTH_FIELD_BYTES


def pack_bytes(blobs: Iterable[PackedBlob]) -> int:
    """Return the exact size of a pack with these blobs."""
    blobs = list(blobs)
    return sum(blob.length for blob in blobs) + header_bytes(blobs)


def length_field(sealed_header: Buffer) -> bytes:
    """Return the four bytes that end a pack."""
    return len(sealed_header).to_bytes(LENGTH_FIELD_BYTES, "little")


def read_length_field(tail: bytes, pack_size: int) -> int:
    """Return the sealed header's length from a pack's last four bytes. Raises DamagedData when it cannot be true."""
    length = int.from_bytes(tail[-LENGTH_FIELD_BYTES:], "little")
    fits = OVERHEAD_BYTES + PLAIN_ENTRY_BYTES <= length <= min(MAX_HEADER_BYTES, pack_size - LENGTH_FIELD_BYTES)
    if not fits:
        raise DamagedData(N_("the pack says its table of contents has {length:byte|bytes}, which cannot be"), length=length)
    return length
