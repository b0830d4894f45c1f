"""Hands events to every client that watches. Whoever tells them never waits, however slow a client is."""

import queue
import threading
from collections.abc import Callable, Mapping

from gdp.control.lines import encode

HELD_EVENTS = 512  # for a client that is slower than the events


class Watcher:
    """One client's events, waiting to be sent.

    Args:
        drop: breaks the client's line, also while something is being sent; called by whoever tells.
    """

    def __init__(self, drop: Callable[[], None]) -> None:
        self._drop = drop
        self._events: queue.Queue[bytes | None] = queue.Queue(HELD_EVENTS)
        self.has_ended = threading.Event()

    def put(self, line: bytes, *, may_be_lost: bool) -> None:
        """Queue an event. A client that is too slow for one that must not be lost is let go, and can come again."""
        try:
            self._events.put_nowait(line)
        except queue.Full:
            if not may_be_lost:
                self.has_ended.set()
                self._drop()

    def take(self, timeout_seconds: float) -> bytes | None:
        """Return the next event; None when there was none in this time."""
        try:
            return self._events.get(timeout=timeout_seconds)
        except queue.Empty:
            return None

    def end(self) -> None:
        """Let the client go, once it has what waits."""
        self.has_ended.set()
        self.put(b"", may_be_lost=True)


class Watchers:
    """All of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: set[Watcher] = set()

    def add(self, drop: Callable[[], None]) -> Watcher:
        """Return a new one, which from now on is told everything."""
        watcher = Watcher(drop)
        with self._lock:
            self._all.add(watcher)
        return watcher

    def remove(self, watcher: Watcher) -> None:
        """Tell this one nothing more."""
        with self._lock:
            self._all.discard(watcher)

    def tell(self, event: str, fields: Mapping[str, object], *, may_be_lost: bool = False) -> None:
        """Tell everyone."""
        with self._lock:
            if not self._all:
                return
            line = encode({"event": event, **fields})
            for watcher in self._all:
                watcher.put(line, may_be_lost=may_be_lost)

    def end(self) -> None:
        """Let all of them go."""
        with self._lock:
            for watcher in self._all:
                watcher.end()
