"""What is on its way to the repository, seen by all processes of a run: how much there is, how much has arrived, how fast.

The workers count; each row of the memory has one writer, so that counting asks nobody. The parent adds up. Where the line is
slow, packs are smaller and take turns: large ones, side by side, would all be unfinished when the run is ended or killed.
Those that are under way at a time keep the line busy for ``PACK_SECONDS`` at most, or for a part of the time that a run has.

======  ====  =====================================================================================
offset  size  field (u64)
======  ====  =====================================================================================
0       8     bytes a second that the line takes, all packs together; 0: not known
8       8     packs that are being sent; under the lock
64 + n  8     bytes that were found to be new, before compression: written where blobs become packs
+ 8     8     of them arrived; of a pack that is on its way in proportion
+ 16    8     bytes of packs that have arrived
+ 24    8     of them in packs of files' contents that are stored whole
======  ====  =====================================================================================

There is a row of 32 bytes for each thread that sends (its first field stays 0), and one for each worker (the others stay 0).
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from gdp.core.packformat import MIN_PACK_BYTES, BlobKind
from gdp.repo.packer import FinishedPack
from gdp.storage.locked_memory import LockedMemory

PACK_SECONDS = 30.0  # less makes more small files of a backup, more lets a run that is killed lose more of what it has sent
PART_OF_TIME = 8  # that a run has, for a pack: so that several arrive, however wrong the guess is
UNKNOWN_RATE = 100_000  # a run with little time takes a line for so slow, bytes a second, until its first pack has arrived
MEASURE_SECONDS = 2.0  # less tells little of a line's speed
TURN_SECONDS = 0.05  # between two looks whether it is a pack's turn
_RATE, _UNDER_WAY = 0, 1
_FIRST_ROW, _ROW = 8, 4
_FOUND, _ARRIVED_PLAIN, _ARRIVED, _STORED = range(_ROW)
_MOST_RATE = 1 << 40


class Sent(NamedTuple):
    """How far it is. Bytes."""

    found: int
    """new to the repository, before compression"""
    arrived_plain: int
    """of these"""
    arrived: int
    """what that came to in packs"""
    stored: int
    """of these, in packs of files' contents that are whole: no run need send them again"""

    @property
    def waiting(self) -> int:
        """What was found and has not arrived, before compression."""
        return max(0, self.found - self.arrived_plain)


class Sending:
    """Make it before the fork.

    Args:
        workers: how many processes send.
        uploads: how many packs each may send at once.
        seconds_allowed: how long the run may take; None: nobody knows.
        clock: seconds, monotonic and the same in all processes.
    """

    def __init__(
        self,
        workers: int,
        uploads: int,
        seconds_allowed: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._shared = LockedMemory()
        self._cells = memoryview(self._shared.memory).cast("Q")
        self._workers, self._uploads, self._clock = workers, uploads, clock
        self._may_be_ended, self._guess = seconds_allowed is not None, 0
        self._pack_seconds = PACK_SECONDS if seconds_allowed is None else min(PACK_SECONDS, seconds_allowed / PART_OF_TIME)
        assert _FIRST_ROW + _ROW * workers * (uploads + 1) <= len(self._cells)

    def expect(self, bytes_per_second: int) -> None:
        """Take the line to be so fast, until more is known. 0: nobody knows; a run that may be ended then expects little."""
        if not bytes_per_second and self._may_be_ended:
            bytes_per_second = self._guess = UNKNOWN_RATE
        self._cells[_RATE] = min(_MOST_RATE, bytes_per_second)

    @property
    def bytes_per_second(self) -> int:
        """What the line takes, as it was measured or is known from before; 0: nobody knows."""
        rate = self._cells[_RATE]
        return 0 if rate == self._guess else rate

    def totals(self) -> Sent:
        """Add up what all have counted."""
        rows = self._cells[_FIRST_ROW : _FIRST_ROW + _ROW * self._workers * (self._uploads + 1)].tolist()
        return Sent(*(sum(rows[field::_ROW]) for field in range(_ROW)))

    def pack_bytes(self, wanted: int) -> int:
        """Return how large a pack should become: as wanted, or less where the line is slow."""
        rate = self._cells[_RATE]
        return min(wanted, max(MIN_PACK_BYTES, int(rate * self._pack_seconds))) if rate else wanted

    def count_found(self, worker: int, count: int) -> None:
        """Note bytes that were found to be new, before any of them is sent. One thread of a worker at a time."""
        self._cells[self._row(worker, self._uploads) + _FOUND] += count

    @contextmanager
    def pack(self, worker: int, upload: int, pack: FinishedPack) -> "Iterator[PackOnItsWay]":
        """Send a pack in the block, as soon as it is its turn; it counts as stored when the block ends well.

        Args:
            worker: number of the process.
            upload: number of its thread.
            pack: what is sent.
        """
        self._await_turn(pack.size)
        on_its_way = PackOnItsWay(self._cells, self._row(worker, upload), pack, self._end_turn, self._clock)
        try:
            yield on_its_way
            on_its_way.is_stored()
        finally:
            on_its_way.end_turn()

    def close(self) -> None:
        """Give the memory back; in this process only."""
        self._cells.release()
        self._shared.close()

    def _row(self, worker: int, upload: int) -> int:
        return _FIRST_ROW + _ROW * (worker * (self._uploads + 1) + upload)

    def _await_turn(self, size: int) -> None:
        while not self._take_turn(size):
            time.sleep(TURN_SECONDS)

    def _take_turn(self, size: int) -> bool:
        rate = self._cells[_RATE]
        with self._shared.locked():
            if rate and self._cells[_UNDER_WAY] >= max(1, int(rate * self._pack_seconds / size)):
                return False
            self._cells[_UNDER_WAY] += 1
        return True

    def _end_turn(self) -> None:
        with self._shared.locked():
            self._cells[_UNDER_WAY] -= 1


class PackOnItsWay:
    """Counts what of a pack has arrived, and by that measures the line."""

    def __init__(
        self, cells: memoryview, row: int, pack: FinishedPack, end_turn: Callable[[], None], clock: Callable[[], float]
    ) -> None:
        self._cells, self._row, self._clock = cells, row, clock
        self._size, self._plain, self._is_data = pack.size, pack.plain_bytes, pack.blobs[0].kind == BlobKind.DATA
        self._end_turn: Callable[[], None] | None = end_turn
        self._plain_before, self._before = cells[row + _ARRIVED_PLAIN], cells[row + _ARRIVED]
        self._count = 0
        self._began = clock()
        self._since: tuple[float, int] | None = None

    def has_arrived(self, count: int) -> None:
        """Note how many bytes of it have arrived so far: less than before when it is sent once more."""
        cells, row = self._cells, self._row
        cells[row + _ARRIVED_PLAIN] = self._plain_before + self._plain * count // self._size
        cells[row + _ARRIVED] = self._before + count
        if count < self._count:
            self._since = None
        self._count = count
        now = self._clock()
        if self._since is None:
            self._since = now, count
        elif now - self._since[0] >= MEASURE_SECONDS:
            self._measure((count - self._since[1]) / (now - self._since[0]))
            self._since = now, count
        if count == self._size:
            self.end_turn()  # the line is free while the server brings it to its disk

    def end_turn(self) -> None:
        """Let the next one send. Harmless when done already."""
        end, self._end_turn = self._end_turn, None
        if end is not None:
            end()

    def is_stored(self) -> None:
        """Note that it is there whole."""
        self.has_arrived(self._size)
        if self._is_data:
            self._cells[self._row + _STORED] += self._size
        seconds = self._clock() - self._began
        if self._cells[_RATE] and self._size > self._cells[_RATE] * seconds:  # it is faster than was thought
            self._cells[_RATE] = min(_MOST_RATE, int(self._size / max(seconds, 1e-6)))

    def _measure(self, rate: float) -> None:
        """Take what this pack gets of the line, and those beside it likely too, for half the truth."""
        found, known = int(rate * max(1, self._cells[_UNDER_WAY])), self._cells[_RATE]
        self._cells[_RATE] = min(_MOST_RATE, (known + found) // 2 if known else found)
