"""Reads one file into blobs, and notices when it changes under the reader. Lives in a worker process."""

import io
import os
import stat
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from io import RawIOBase
from typing import NamedTuple

from gdp.core.chunker import Chunker, ChunkerParameters
from gdp.core.language import N_
from gdp.engine.archive.blob_store import BlobStore
from gdp.engine.archive.metadata import Row, make_node, plain_row, read_attributes
from gdp.model.tree import encode_node

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_TRIES = 2
CHANGED = N_("it changed while it was read; the backup holds a mixture")
NO_FILE = N_("it is no longer a regular file")


class FileRead(NamedTuple):
    """What became of a file."""

    row: tuple[object, ...]
    """as the open file said"""
    content: bytes
    """blob ids, joined"""
    node: bytes
    """JSON; empty when the file could not be read"""
    problem: str
    """empty when all is well; with a node: the file was saved all the same"""
    streamed_bytes: int = 0
    """how much of it was told as progress while it was read"""


class FileReader:
    """Reads files one after the other; a large one with several threads."""

    def __init__(self, store: BlobStore, parameters: ChunkerParameters, threads: int, advance: Callable[[int], None]) -> None:
        """``advance`` is told of each number of bytes read from a large file."""
        self._store, self._advance = store, advance
        self._chunker = Chunker(parameters)
        self._whole_bytes = parameters.single_chunk_bytes
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None
        self._streamed_bytes = 0

    def read(self, path: bytes, name: bytes) -> FileRead:
        """Store a file's contents and return its node; a file that changes meanwhile is read once more."""
        self._streamed_bytes = 0
        done = self._read(path, name)
        return done._replace(streamed_bytes=self._streamed_bytes) if self._streamed_bytes else done

    def read_stream(self, stream: RawIOBase) -> tuple[bytes, int]:
        """Store what a stream holds; return (blob ids, bytes)."""
        pool = self._threads_for_chunks()
        waiting: deque[Future[bytes]] = deque()
        content = bytearray()
        size = 0
        for chunk in self._chunker.cut(stream):
            size += len(chunk)
            self._streamed_bytes += len(chunk)
            waiting.append(pool.submit(self._store.store_data, bytes(chunk)))
            self._advance(len(chunk))
            while len(waiting) > self._threads + 1:
                content += waiting.popleft().result()
        while waiting:
            content += waiting.popleft().result()
        return bytes(content), size

    def _read(self, path: bytes, name: bytes) -> FileRead:
        for attempt in range(_TRIES):
            try:
                descriptor = _open(path)
            except OSError as error:
                return _failed(os.strerror(error.errno or 0))
            try:
                before = os.fstat(descriptor)
                if not stat.S_ISREG(before.st_mode):
                    return _failed(NO_FILE)
                content, size = self._contents(descriptor, before.st_size)
                attributes = read_attributes(descriptor)
                after = os.fstat(descriptor)
            except OSError as error:
                return _failed(os.strerror(error.errno or 0))
            finally:
                os.close(descriptor)
            changed = size != before.st_size or _changed(before, after)
            if not changed or attempt == _TRIES - 1:
                row = Row._make(plain_row(name, before))._replace(size=size)
                node = make_node(row, attributes, content=content)
                return FileRead(tuple(row), content, encode_node(node), CHANGED if changed else "")
        raise AssertionError  # the last attempt returns

    def _contents(self, descriptor: int, size: int) -> tuple[bytes, int]:
        if size > self._whole_bytes:
            with io.FileIO(descriptor, closefd=False) as file:
                return self.read_stream(file)
        data = _read_whole(descriptor, size, self._whole_bytes)
        return (self._store.store_data(data) if data else b""), len(data)

    def _threads_for_chunks(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="chunk")
        return self._pool


def _open(path: bytes) -> int:
    try:
        return os.open(path, _OPEN | os.O_NOATIME)
    except PermissionError:
        return os.open(path, _OPEN)  # only the owner may leave the access time alone


def _read_whole(descriptor: int, size: int, most: int) -> bytes:
    """Return a small file's bytes; one that grew is cut at ``most`` and will be found changed."""
    data = os.read(descriptor, size + 1)
    if len(data) == size:
        return data
    parts = [data]
    total = len(data)
    while parts[-1] and total <= most:
        parts.append(os.read(descriptor, most + 1 - total))
        total += len(parts[-1])
    return b"".join(parts)[:most]


def _changed(before: os.stat_result, after: os.stat_result) -> bool:
    return before.st_mtime_ns != after.st_mtime_ns or before.st_size != after.st_size


def _failed(problem: str) -> FileRead:
    return FileRead((), b"", b"", problem)
