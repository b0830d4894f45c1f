"""Remembers a byte for each of many blobs at 32 bytes a blob, where a dict or a set needs five times that.

Blobs are sorted into 65,536 buckets by the first two bytes of their id, as in ``repo.blob_index``. A bucket is one ``bytearray``:

======  ====  =========================
offset  size  field
======  ====  =========================
0       30    the id's other bytes
30      1     kind: 0 data, 1 tree
31      1     the mark
======  ====  =========================
"""

from collections.abc import Iterator

from gdp.core.ids import BlobId

RECORD_BYTES = 32
HIGHEST_MARK = 255
_BUCKETS = 1 << 16


class BlobMarks:
    """A set of blobs, each with a mark from 0 to 255."""

    __slots__ = ("_buckets", "_count")

    def __init__(self) -> None:
        self._buckets: list[bytearray | None] = [None] * _BUCKETS
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, kind: int, blob_id: bytes, mark: int = 0) -> bool:
        """Add a blob with a mark; return False, changing nothing, when it is there already."""
        slot = blob_id[0] << 8 | blob_id[1]
        bucket = self._buckets[slot]
        if bucket is None:
            bucket = self._buckets[slot] = bytearray()
        key = blob_id[2:] + bytes((kind,))
        if _position(bucket, key) >= 0:
            return False
        bucket += key
        bucket.append(mark)
        self._count += 1
        return True

    def get(self, kind: int, blob_id: bytes) -> int | None:
        """Return a blob's mark, or None when it is not in the set."""
        bucket = self._buckets[blob_id[0] << 8 | blob_id[1]]
        if bucket is None:
            return None
        position = _position(bucket, blob_id[2:] + bytes((kind,)))
        return bucket[position + RECORD_BYTES - 1] if position >= 0 else None

    def mark(self, kind: int, blob_id: bytes, mark: int) -> None:
        """Change the mark of a blob that is in the set. Raises KeyError when it is not."""
        bucket = self._buckets[blob_id[0] << 8 | blob_id[1]] or bytearray()
        position = _position(bucket, blob_id[2:] + bytes((kind,)))
        if position < 0:
            raise KeyError(blob_id.hex())
        bucket[position + RECORD_BYTES - 1] = mark

    def marked(self, mark: int) -> Iterator[tuple[int, BlobId]]:
        """Yield (kind, id) of all blobs with a mark."""
        for slot, bucket in enumerate(self._buckets):
            if bucket:
                prefix = slot.to_bytes(2, "big")
                for start in range(0, len(bucket), RECORD_BYTES):
                    if bucket[start + RECORD_BYTES - 1] == mark:
                        yield bucket[start + 30], BlobId(prefix + bytes(bucket[start : start + 30]))


def _position(bucket: bytearray, key: bytes) -> int:
    position = bucket.find(key)
    while position >= 0 and position % RECORD_BYTES:
        position = bucket.find(key, position + 1)
    return position
