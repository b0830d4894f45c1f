"""Hands batches to whichever worker has the least to do, and outcomes to whoever asked. Knows nothing of files."""

import contextlib
from collections.abc import Callable

from gdp.engine.restore.messages import Outcome, Start
from gdp.engine.restore.outgoing import Batch
from gdp.engine.restore.worker import BATCHES_AHEAD
from gdp.engine.workers import WorkerPool
from gdp.repo.blob_index import BlobIndex

Settle = Callable[[Batch, Outcome], None]


class Dispatcher:
    """The batches under way. ``settle`` may not send; it leaves what is still to be sent to its owner."""

    def __init__(self, pool: WorkerPool, start: Start, index: BlobIndex, settle: Settle) -> None:
        self._pool, self._index = pool, index
        self.settle = settle
        self._under_way: dict[int, tuple[int, Batch]] = {}
        self._load = [0] * len(pool)
        self._start = start
        self._is_started = [False] * len(pool)

    def send(self, batch: Batch) -> None:
        """Send a batch, after waiting until a worker has room for it. Raises what a worker raised."""
        while min(self._load) >= BATCHES_AHEAD:
            self._receive()
        worker = self._load.index(min(self._load))
        self._load[worker] += 1
        self._under_way[batch.number] = worker, batch
        channel = self._pool.channels[worker]
        # A broken line means that the worker is dead; receiving says what it died of.
        with contextlib.suppress(OSError):
            if not self._is_started[worker]:
                self._is_started[worker] = True
                channel.send(tuple(self._start))
            channel.send(batch.to_message(self._index))
            return
        self._receive()

    def wait(self) -> bool:
        """Wait for some outcome; return whether batches were under way."""
        if not self._under_way:
            return False
        self._receive()
        return True

    def _receive(self) -> None:
        for _, message in self._pool.receive():
            outcome = Outcome.from_message(message)
            worker, batch = self._under_way.pop(outcome.number)
            self._load[worker] -= 1
            self.settle(batch, outcome)
