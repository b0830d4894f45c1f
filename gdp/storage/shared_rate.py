"""How many bytes a second all our processes may move together. Never sleeps itself.

The line is thought of as a queue: whoever wants to send is told when it is his turn, and the queue's end moves on by the
time his bytes take. Memory shared by a fork, natively ordered:

======  ====  ==================================================
offset  size  field
======  ====  ==================================================
0       8     bytes a second (float64); 0: as fast as it goes
8       8     when the queue ends (float64, seconds, monotonic)
======  ====  ==================================================
"""

import struct
import time
from collections.abc import Callable

from gdp.storage.locked_memory import LockedMemory

CREDIT_SECONDS = 0.1  # what a late sleeper may catch up with; it bounds the burst after a pause
ASK_SECONDS = 1.0  # how long a limit by time of day may outlast its time
_STATE = struct.Struct("dd")


class SharedRate:
    """A rate limit shared by the threads of this process and by the processes forked from it later.

    Args:
        bytes_per_second: the limit; 0: none.
        by_time: returns the limit that holds now, where it changes in the course of the day; asked once a second.
        clock: seconds, monotonic and the same in all processes.
    """

    def __init__(
        self,
        bytes_per_second: float = 0.0,
        *,
        by_time: Callable[[], float] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._by_time, self._asks_again = by_time, 0.0
        self._shared = LockedMemory()
        self._clock = clock
        self.bytes_per_second = bytes_per_second

    @property
    def bytes_per_second(self) -> float:
        """The limit, 0 for none. Set it at any time: all processes follow with their next bytes."""
        self._follow_time()
        return self._rate

    @bytes_per_second.setter
    def bytes_per_second(self, rate: float) -> None:
        if rate < 0:
            raise ValueError("a rate is not negative")
        with self._shared.locked() as memory:
            old, end = _STATE.unpack_from(memory)
            now = self._clock()
            queued_bytes = max(0.0, end - now) * old
            _STATE.pack_into(memory, 0, rate, now + queued_bytes / rate if queued_bytes and rate else end)

    def take(self, count: int) -> float:
        """Join the queue with ``count`` bytes, and return how many seconds to wait before sending them."""
        self._follow_time()
        with self._shared.locked() as memory:
            rate, end = _STATE.unpack_from(memory)
            if not rate:
                return 0.0
            now = self._clock()
            begin: float = max(end, now - CREDIT_SECONDS)
            _STATE.pack_into(memory, 0, rate, begin + count / rate)
        return max(0.0, begin - now)

    def close(self) -> None:
        """Give the memory back; in this process only."""
        self._shared.close()

    def _follow_time(self) -> None:
        """Ask for the limit that holds now. Threads that ask twice do no harm."""
        if self._by_time is None or self._clock() < self._asks_again:
            return
        self._asks_again = self._clock() + ASK_SECONDS
        if (rate := self._by_time()) != self._rate:
            self.bytes_per_second = rate

    @property
    def _rate(self) -> float:
        return float(_STATE.unpack_from(self._shared.memory)[0])
