"""Where every blob lies, in memory, at 48 bytes a blob. Never reads or writes a storage.

Blobs are sorted into 65,536 buckets by the first two bytes of their id. A bucket is one ``bytearray`` of records:

======  ====  ==========================================================
offset  size  field
======  ====  ==========================================================
0       30    the id's other bytes
30      1     kind: 0 data, 1 tree
31      1     zero
32      4     number of the pack, u32
36      4     offset in the pack, u32
40      4     stored length, u32
44      4     length before compression, u32; 0: stored uncompressed
======  ====  ==========================================================

``bytearray.find`` finds a record faster than any Python structure of objects, and needs no object a blob.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from gdp.core.ids import BlobId, PackId
from gdp.core.packformat import PackedBlob

RECORD_BYTES = 48
_BUCKETS = 1 << 16
_KEY_BYTES = 31  # rest of the id, and the kind
_RECORD = struct.Struct("<30sBxIIII")
_PLACE = struct.Struct("<IIII")
_KIND_BYTES = tuple(bytes((kind,)) for kind in range(2))


class BlobPlace(NamedTuple):
    """One stored copy of a blob."""

    pack: PackId
    offset: int
    length: int
    plain_length: int
    """bytes before compression; 0: stored uncompressed"""

    @property
    def data_bytes(self) -> int:
        """The blob's length as its reader sees it."""
        return self.plain_length or self.length - 32


class BlobIndex:
    """The places of blobs. A blob may lie in several packs; the first one added is the one found."""

    def __init__(self) -> None:
        self._buckets: list[bytearray | None] = [None] * _BUCKETS
        self._pack_numbers: dict[bytes, int] = {}
        self.packs: list[PackId] = []
        """every pack, by number"""
        self.blob_count = 0

    def add_pack(self, pack: PackId, blobs: Iterable[PackedBlob]) -> None:
        """Add a pack's blobs. Adding the same pack again changes nothing."""
        if pack in self._pack_numbers:
            return
        number = self._pack_numbers[pack] = len(self.packs)
        self.packs.append(pack)
        buckets = self._buckets
        for kind, blob_id, offset, length, plain_length in blobs:
            slot = blob_id[0] << 8 | blob_id[1]
            bucket = buckets[slot]
            if bucket is None:
                bucket = buckets[slot] = bytearray()
            bucket += _RECORD.pack(blob_id[2:], kind, number, offset, length, plain_length)
            self.blob_count += 1

    def has_pack(self, pack: bytes) -> bool:
        """Say whether the pack was added."""
        return pack in self._pack_numbers

    def __contains__(self, key: tuple[int, bytes]) -> bool:
        kind, blob_id = key
        return self._record_at(kind, blob_id) is not None

    def find(self, kind: int, blob_id: bytes) -> BlobPlace | None:
        """Return the first place of a blob, or None."""
        found = self._record_at(kind, blob_id)
        if found is None:
            return None
        number, offset, length, plain_length = _PLACE.unpack_from(*found)
        return BlobPlace(self.packs[number], offset, length, plain_length)

    def locate(self, kind: int, blob_id: bytes) -> tuple[int, int, int, int] | None:
        """Return the first place as (number of the pack in ``packs``, offset, length, plain length): ``find`` for millions."""
        bucket = self._buckets[blob_id[0] << 8 | blob_id[1]]
        if bucket is None:
            return None
        position = bucket.find(blob_id[2:] + _KIND_BYTES[kind])
        if position % RECORD_BYTES == 0:  # -1 is not
            return _PLACE.unpack_from(bucket, position + 32)
        found = self._record_at(kind, blob_id)
        return _PLACE.unpack_from(*found) if found else None

    def find_all(self, kind: int, blob_id: bytes) -> list[BlobPlace]:
        """Return every place of a blob, in the order they were added."""
        bucket = self._buckets[blob_id[0] << 8 | blob_id[1]] or bytearray()
        key = blob_id[2:] + bytes((kind,))
        places = []
        for position in range(0, len(bucket), RECORD_BYTES):
            if bucket.startswith(key, position):
                number, offset, length, plain_length = _PLACE.unpack_from(bucket, position + 32)
                places.append(BlobPlace(self.packs[number], offset, length, plain_length))
        return places

    def __iter__(self) -> Iterator[tuple[PackId, PackedBlob]]:
        """Yield every copy of every blob with its pack, in no useful order."""
        for slot, bucket in enumerate(self._buckets):
            prefix = slot.to_bytes(2, "big")
            for rest, kind, number, offset, length, plain_length in _RECORD.iter_unpack(bucket or b""):
                yield self.packs[number], PackedBlob(kind, BlobId(prefix + rest), offset, length, plain_length)

    def by_pack(self) -> dict[PackId, list[PackedBlob]]:
        """Return each pack's blobs in pack order. Costs an object a blob: for work on single packs, not for millions."""
        packs: dict[PackId, list[PackedBlob]] = {pack: [] for pack in self.packs}
        for pack, blob in self:
            packs[pack].append(blob)
        for blobs in packs.values():
            blobs.sort(key=lambda blob: blob.offset)
        return packs

    def _record_at(self, kind: int, blob_id: bytes) -> tuple[bytearray, int] | None:
        bucket = self._buckets[blob_id[0] << 8 | blob_id[1]]
        if bucket is None:
            return None
        key = blob_id[2:] + bytes((kind,))
        position = bucket.find(key)
        while position >= 0:
            if position % RECORD_BYTES == 0:
                return bucket, position + 32
            position = bucket.find(key, position + 1)
        return None
