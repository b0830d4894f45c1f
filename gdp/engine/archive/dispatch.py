"""Hands work to the worker processes and gathers what comes back. Knows no directories: a ticket stands for each file."""

import marshal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from queue import SimpleQueue
from typing import Any, NamedTuple

from gdp.core.ids import PackId
from gdp.core.packformat import PackedBlob
from gdp.engine.archive.read_file import FileRead
from gdp.engine.archive.travel import Arrivals, Message, send_trees
from gdp.engine.archive.tree_text import Piece, text_bytes
from gdp.engine.archive.worker import WorkerStart
from gdp.engine.workers import Channel, WorkerPool

BATCH_FILES = 256
BATCH_BYTES = 4 << 20
_FIRST_FILES = 64  # enough for a worker that has nothing to do
_FIRST_BYTES = 1 << 20
_TREES = 32  # directories that go to their worker at a time, which halves what a small one costs
_TREES_BYTES = 1 << 18
_ALIVE_SECONDS = 0.25  # a bar moves while a slow line does; and nobody should wonder whether a run still lives
_LOOK_SECONDS = 0.01
TREE_WORKER = 0  # stores all directories, so that few packs of them come about
_UNDER_WAY = 2  # batches a worker has at a time: one in work, one waiting, so that it never idles
_MOST_WAITING_FILES = 16_384  # beyond this the walk waits


class FileWork(NamedTuple):
    """A file to be read."""

    folder: bytes
    """ends with ``/``"""
    name: bytes
    """in that folder"""
    shown: bytes
    """in the snapshot; differs only where two sources have one name"""
    size: int
    ticket: Any
    """handed back with the result"""


class Dispatcher:
    """Feeds the workers.

    Args:
        pool: processes that run ArchiveWorker.
        start: what to tell them first, at the moment the first work appears.
        file_done: is given a file's ticket and what became of it.
        pack_stored: is given each pack that is safely stored.
        bytes_read: is given progress within large files, in bytes.
        still_waiting: is called a few times a second while nothing comes, as on a slow line.
    """

    def __init__(
        self,
        pool: WorkerPool,
        start: Callable[[], WorkerStart],
        file_done: Callable[[Any, FileRead], None],
        pack_stored: Callable[[PackId, Sequence[PackedBlob]], None],
        bytes_read: Callable[[int], None],
        still_waiting: Callable[[], None] = lambda: None,
    ) -> None:
        self._pool, self._start = pool, start
        self._file_done, self._pack_stored, self._bytes_read = file_done, pack_stored, bytes_read
        self._still_waiting = still_waiting
        self._outboxes: list[_Outbox] = []
        self._batch: list[FileWork] = []
        self._batch_bytes = 0
        self._trees: list[tuple[bytes, list[Piece]]] = []
        self._trees_bytes = 0
        self._ready: deque[list[FileWork]] = deque()
        self._under_way: dict[int, list[FileWork]] = {}
        self._loads = [0] * len(pool)
        self._arrivals = [Arrivals() for _ in self._loads]
        self._numbers = 0
        self._waiting_files = 0
        self._answers: dict[str, list[Any]] = {"stream": [], "flushed": []}

    @property
    def is_full(self) -> bool:
        """Say whether the walk should wait."""
        return self._waiting_files > _MOST_WAITING_FILES

    @property
    def has_begun(self) -> bool:
        """Say whether the workers have been given anything."""
        return bool(self._outboxes)

    def read_file(self, work: FileWork) -> None:
        """Have a file read. ``file_done`` is called from a later ``gather``."""
        self._waiting_files += 1
        self._batch.append(work)
        self._batch_bytes += work.size
        is_wanted = 0 in self._loads and not self._ready
        files, size = (_FIRST_FILES, _FIRST_BYTES) if is_wanted else (BATCH_FILES, BATCH_BYTES)
        if len(self._batch) >= files or self._batch_bytes >= size:
            self._close_batch()

    def store_tree(self, tree_id: bytes, pieces: list[Piece]) -> None:
        """Have a directory stored, together with those that come next, or else by ``flush``."""
        self._trees.append((tree_id, pieces))
        self._trees_bytes += text_bytes(pieces)
        if len(self._trees) >= _TREES or self._trees_bytes >= _TREES_BYTES:
            self._close_trees()

    def read_stream(self, descriptor: int) -> tuple[bytearray, int]:
        """Have a stream read to its end; return (blob ids joined, bytes)."""
        self._post(0, [("stream", 0, descriptor)])
        while not self._answers["stream"]:
            self._gather(None)
        _, size = self._answers["stream"].pop()
        return self._arrivals[0].next() if size else bytearray(), size

    def gather(self, wait_seconds: float | None = 0.0) -> None:
        """Take what the workers have sent; wait for something to come, for ever with None."""
        if self._outboxes:
            self._gather(wait_seconds)

    def finish_files_until(self, is_over: Callable[[], bool]) -> None:
        """Return when every file given so far is done, or ``is_over`` says so."""
        self._close_batch()
        while self._waiting_files and not is_over():
            self._gather(_LOOK_SECONDS)

    def finish_files(self) -> None:
        """Return when every file given so far is done."""
        self._close_batch()
        while self._waiting_files:
            self._gather(None)

    def flush(self) -> None:
        """Return when everything given so far is safely stored."""
        self._close_trees()
        if not self._outboxes:
            return
        for number in range(len(self._pool)):
            self._post(number, [("flush",)])
        while len(self._answers["flushed"]) < len(self._pool):
            self._gather(None)
        self._answers["flushed"].clear()

    def close(self) -> None:
        """End the sending threads."""
        for outbox in self._outboxes:
            outbox.close()

    def _close_batch(self) -> None:
        if self._batch:
            self._ready.append(self._batch)
            self._batch, self._batch_bytes = [], 0
            self._feed()

    def _close_trees(self) -> None:
        if self._trees:
            self._post(TREE_WORKER, send_trees(self._trees))
            self._trees, self._trees_bytes = [], 0

    def _feed(self) -> None:
        while self._ready:
            number = min(range(len(self._loads)), key=self._loads.__getitem__)
            if self._loads[number] >= _UNDER_WAY:
                return
            batch = self._ready.popleft()
            self._numbers += 1
            self._under_way[self._numbers] = batch
            self._loads[number] += 1
            self._post(number, [("files", self._numbers, _grouped(batch))])

    def _gather(self, timeout_seconds: float | None) -> None:
        """Take what comes within a time; None: at least one message."""
        if timeout_seconds is not None:
            self._take(timeout_seconds)
            return
        while not self._take(_ALIVE_SECONDS):
            self._still_waiting()

    def _take(self, timeout_seconds: float) -> bool:
        """Take what comes within a time, and say whether anything did."""
        has_come = False
        for worker, message in self._pool.receive(timeout_seconds):
            has_come = True
            kind, *facts = message
            if kind == "files":
                self._take_files(worker, *facts)
            elif kind == "pack":
                pack, _, blobs = facts
                self._pack_stored(PackId(pack), [PackedBlob._make(blob) for blob in blobs])
            elif kind == "ids":
                self._arrivals[worker].take(*facts)
            elif kind == "bytes":
                self._bytes_read(*facts)
            else:
                self._answers[kind].append(facts)
        return has_come

    def _take_files(self, worker: int, number: int, told: list[Message], apart: list[int]) -> None:
        self._loads[worker] -= 1
        batch = self._under_way.pop(number)
        self._waiting_files -= len(batch)
        self._feed()
        for work, result in zip(batch, self._arrivals[worker].files(told, apart), strict=True):
            self._file_done(work.ticket, result)

    def _post(self, worker: int, messages: Iterable[Message]) -> None:
        if not self._outboxes:
            start = tuple(self._start())
            self._outboxes = [_Outbox(channel) for channel in self._pool.channels]
            for number, outbox in enumerate(self._outboxes):
                outbox.put([("start", number, start)])
        self._outboxes[worker].put(messages)


class _Outbox:
    """Sends from a thread of its own: the parent must never wait for a worker that waits for the parent."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._queue: SimpleQueue[Iterable[Message] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._thread.start()

    def put(self, messages: Iterable[Message]) -> None:
        """Have messages sent, one at least; they may be made as late as that."""
        self._queue.put(messages)

    def close(self) -> None:
        self._queue.put(None)  # not joined: it may hang in a line that is about to be closed

    def _run(self) -> None:
        while (messages := self._queue.get()) is not None:
            for message in map(marshal.dumps, messages):
                try:
                    self._channel.send_encoded(message)
                except (OSError, TypeError):  # TypeError: the line was closed in this very moment, after an error elsewhere
                    return  # the worker is gone; the parent learns it where it receives
            del message, messages  # which may be large, while the next are long in coming


def _grouped(batch: list[FileWork]) -> list[tuple[bytes, list[bytes | tuple[bytes, bytes]]]]:
    groups: list[tuple[bytes, list[bytes | tuple[bytes, bytes]]]] = []
    for work in batch:
        if not groups or groups[-1][0] != work.folder:
            groups.append((work.folder, []))
        groups[-1][1].append(work.name if work.name == work.shown else (work.name, work.shown))
    return groups
