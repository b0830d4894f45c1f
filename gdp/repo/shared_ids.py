"""A set of blob ids that several processes share. Grows without asking anybody; never forgets.

The set lives in one anonymous file made before the fork. It is a row of hash tables, each twice as large as the one before; a
slot is 32 bytes, all zero when free. An id belongs into one of ``_PROBES`` neighbouring slots of the first table, or when those
are taken of the next, and so on. Looking up walks the same way and may stop at the first free slot.

Two processes that add the same id at the same moment may both be told that it is new, and one of two different ids written to
the same slot at once may be lost. Either costs a blob stored twice. Ids are compared whole, so nothing is ever taken for stored
that is not.
"""

import errno
import mmap
import os
import threading
from collections.abc import Iterable, Iterator

from gdp.core.aes_ctr import Buffer
from gdp.core.ids import ID_BYTES

_PROBES = 24
_FREE = bytes(ID_BYTES)
_SMALLEST_TABLE = 1 << 15  # slots; 1 MiB
_SLOTS_A_PAGE = mmap.ALLOCATIONGRANULARITY // ID_BYTES  # a table begins where memory can be mapped
_PIECE_BYTES = 1 << 20
_FILE_BYTES = 1 << 42  # only what is touched takes memory; 2 ** 37 ids are more than anybody has


class SharedIds:
    """Make it before the fork; every process then uses the same object."""

    def __init__(self) -> None:
        self._file = os.memfd_create("blob-ids", os.MFD_CLOEXEC)
        os.ftruncate(self._file, _FILE_BYTES)
        self._first_slots = _SMALLEST_TABLE
        self._tables: list[tuple[mmap.mmap, int]] = []
        self._growing = threading.Lock()

    def reserve(self, expected: int) -> int:
        """Choose the size of the first table for ``expected`` ids; return what to give to ``attach`` elsewhere."""
        slots = max(_SMALLEST_TABLE, -(-expected * 4 // 3 // _SLOTS_A_PAGE) * _SLOTS_A_PAGE)
        self.attach(slots)
        return slots

    def attach(self, first_slots: int) -> None:
        """Use the tables of the size that another process reserved. Call before the first ``add``."""
        self._first_slots, self._tables = first_slots, []

    def clear(self) -> None:
        """Forget everything. No other process may use the set yet."""
        self._tables = []
        os.ftruncate(self._file, 0)
        os.ftruncate(self._file, _FILE_BYTES)

    def pieces(self) -> Iterator[tuple[int, bytes]]:
        """Yield the parts of the tables that were written to, as (offset in bytes, bytes), for ``restore``."""
        start = 0
        while True:
            try:
                start = os.lseek(self._file, start, os.SEEK_DATA)
            except OSError as error:
                if error.errno == errno.ENXIO:
                    return  # nothing but the hole at the end
                raise
            end = min(os.lseek(self._file, start, os.SEEK_HOLE), start + _PIECE_BYTES)
            yield start, os.pread(self._file, end - start, start)
            start = end

    def restore(self, first_slots: int, pieces: Iterable[tuple[int, Buffer]]) -> None:
        """Make the set what it was when ``pieces`` was asked for. No other process may use it yet."""
        self.clear()
        self.attach(first_slots)
        for start, piece in pieces:
            os.pwrite(self._file, piece, start)

    def add(self, blob_id: bytes) -> bool:
        """Add an id; return whether it is new."""
        table, position, is_new = self._slot(blob_id)
        if is_new:
            table[position : position + ID_BYTES] = blob_id
        return is_new

    def __contains__(self, blob_id: bytes) -> bool:
        return not self._slot(blob_id)[2]

    def close(self) -> None:
        """Give back the memory of this process."""
        for table, _ in self._tables:
            table.close()
        os.close(self._file)

    def _slot(self, blob_id: bytes) -> tuple[mmap.mmap, int, bool]:
        """Return where an id is, or where it belongs: a table, a position in bytes, and whether the slot is free."""
        start = int.from_bytes(blob_id[:8], "little")
        level = 0
        while True:
            table, slots = self._tables[level] if level < len(self._tables) else self._table(level)
            first = (start % (slots - _PROBES)) * ID_BYTES
            for position in range(first, first + _PROBES * ID_BYTES, ID_BYTES):
                found = table[position : position + ID_BYTES]
                if found == _FREE:
                    return table, position, True
                if found == blob_id:
                    return table, position, False
            level += 1

    def _table(self, level: int) -> tuple[mmap.mmap, int]:
        with self._growing:
            while level >= len(self._tables):
                slots = self._first_slots << len(self._tables)
                offset = (slots - self._first_slots) * ID_BYTES
                self._tables.append((mmap.mmap(self._file, slots * ID_BYTES, offset=offset), slots))
            return self._tables[level]
