"""Tells how far a backup is. What was read is not safe yet: what of it is new waits to be sent, or is on its way."""

import time
from collections.abc import Callable

from gdp.engine.archive.sending import Sending
from gdp.engine.archive.trees import TreeBuilder
from gdp.engine.archive.walk import Walker
from gdp.model.events import Emit, Progress

_PROGRESS_SECONDS = 0.1


class Telling:
    """Gathers the numbers of a run, and emits Progress ten times a second at most.

    Args:
        emit: listens.
        sending: of the run.
        note_speed: is told now and then how fast the line is, bytes a second; 0: nobody knows.
    """

    def __init__(self, emit: Emit, sending: Sending, note_speed: Callable[[int], None]) -> None:
        self._emit, self._sending, self._note_speed = emit, sending, note_speed
        self._large_bytes = 0
        """read of large files that are not done"""
        self._due = 0.0
        self._walker: Walker | None = None
        self._builder: TreeBuilder | None = None
        self.is_walked = False
        """all that is to be dealt with is known"""

    def begin(self, walker: Walker, builder: TreeBuilder) -> None:
        """Tell of these from now on."""
        self._walker, self._builder = walker, builder

    def count_large(self, count: int) -> None:
        """Note bytes that were read of a file which is not done; negative when it is."""
        self._large_bytes = max(0, self._large_bytes + count)
        self.tell()

    def tell(self) -> None:
        """Emit how far it is, unless that was done just now."""
        now = time.monotonic()
        if now < self._due or self._builder is None or self._walker is None:
            return
        self._due = now + _PROGRESS_SECONDS
        self._note_speed(self._sending.bytes_per_second)  # now, since a run that is killed tells nothing at its end
        counts, walker, sent = self._builder.counts, self._walker, self._sending.totals()
        self._emit(
            Progress(
                files_done=counts.files_done,
                files_total=walker.files_found if self.is_walked else None,
                bytes_done=counts.bytes_done + self._large_bytes,
                bytes_total=walker.bytes_found if self.is_walked else None,
                current=self._builder.current,
                bytes_new=sent.found,
                bytes_waiting=sent.waiting,
                bytes_sent=sent.arrived,
            )
        )
