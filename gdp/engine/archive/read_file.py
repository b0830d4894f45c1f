"""Reads files into blobs, and notices when one changes under the reader. Lives in a worker process."""

import io
import os
import stat
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from io import RawIOBase
from typing import NamedTuple

from gdp.core.chunker import Chunker, ChunkerParameters
from gdp.core.language import N_
from gdp.engine.archive.blob_store import BlobStore
from gdp.engine.archive.metadata import Ids, Row, encode_file, plain_row, read_attributes
from gdp.engine.archive.tree_text import is_long
from gdp.model.node import ExtendedAttribute

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_TRIES = 2
BATCH_FILES = 256  # all of a message, mostly
BATCH_BYTES = 2 << 20
CHANGED = N_("was saved, but changed while it was read: old and new contents may be mixed")
NO_FILE = N_("it is no longer a regular file")


class FileRead(NamedTuple):
    """What became of a file."""

    row: tuple[object, ...]
    """as the open file said"""
    content: Ids
    """blob ids, joined"""
    node: bytes
    """JSON, without a content that ``is_long``; empty when the file could not be read"""
    problem: str
    """empty when all is well; with a node: a sentence, the file was saved all the same; without: why it could not be read"""
    streamed_bytes: int = 0
    """how much of it was told as progress while it was read"""


class _Small(NamedTuple):
    """A small file that was read whole and waits to be stored with others."""

    name: bytes
    status: os.stat_result
    data: bytes
    attributes: list[ExtendedAttribute] | None
    problem: str


class FileReader:
    """Reads files in batches of small ones; a large one alone, with several threads."""

    def __init__(self, store: BlobStore, parameters: ChunkerParameters, threads: int, advance: Callable[[int], None]) -> None:
        """``advance`` is told of each number of bytes read from a large file."""
        self._store, self._advance = store, advance
        self._chunker = Chunker(parameters)
        self._whole_bytes = parameters.single_chunk_bytes
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None

    def read_all(self, files: Iterable[tuple[bytes, bytes]]) -> list[FileRead]:
        """Store the contents of files, given as (path, name in the snapshot), and return their nodes.

        Small ones go together through each step: then the processor's caches hold the step, which saves a quarter of the time.
        """
        done: list[FileRead] = []
        batch: list[_Small] = []
        waiting_bytes = 0
        for path, name in files:
            found = self._read(path, name)
            if isinstance(found, _Small):
                batch.append(found)
                waiting_bytes += len(found.data)
                if len(batch) < BATCH_FILES and waiting_bytes < BATCH_BYTES:
                    continue
            done += self._store_small(batch)
            batch, waiting_bytes = [], 0
            if isinstance(found, FileRead):
                done.append(found)
        return done + self._store_small(batch)

    def read_stream(self, stream: RawIOBase) -> tuple[bytearray, int]:
        """Store what a stream holds; return (blob ids, bytes)."""
        pool = self._threads_for_chunks()
        content = bytearray()
        size = 0
        before: list[Future[bytes]] = []
        now: list[Future[bytes]] = []
        count = 0
        try:
            for chunks in self._chunker.cut(stream):
                now = [pool.submit(self._store.store_data, chunk) for chunk in chunks]
                content += self._ids_of(before, count)
                before, count = now, sum(map(len, chunks))
                size += count
            content += self._ids_of(before, count)
        finally:
            wait([*before, *now])  # after an error too: chunks lie where the next file will be read into
        return content, size

    def _read(self, path: bytes, name: bytes) -> FileRead | _Small:
        """Read a file; one that changes meanwhile is read once more."""
        streamed_bytes = 0
        for attempt in range(_TRIES):
            try:
                descriptor = open_file(path)
            except OSError as error:
                return _failed(error, streamed_bytes)
            try:
                before = os.fstat(descriptor)
                if not stat.S_ISREG(before.st_mode):
                    return FileRead((), b"", b"", NO_FILE, streamed_bytes)
                data, content = b"", bytearray()
                if before.st_size > self._whole_bytes:
                    content, size = self._read_large(descriptor)
                    streamed_bytes += size
                else:
                    data = _read_whole(descriptor, before.st_size, self._whole_bytes)
                    size = len(data)
                attributes = read_attributes(descriptor)
                after = os.fstat(descriptor)
            except OSError as error:
                return _failed(error, streamed_bytes)
            finally:
                os.close(descriptor)
            changed = size != before.st_size or _changed(before, after)
            if not changed or attempt == _TRIES - 1:
                problem = CHANGED if changed else ""
                if not content:
                    return _Small(name, before, data, attributes, problem)
                return _result(name, before, attributes, content, size, problem)._replace(streamed_bytes=streamed_bytes)
        raise AssertionError  # the last attempt returns

    def _read_large(self, descriptor: int) -> tuple[bytearray, int]:
        with io.FileIO(descriptor, closefd=False) as file:
            return self.read_stream(file)

    def _ids_of(self, chunks: list[Future[bytes]], count: int) -> bytes:
        """Wait for chunks of so many bytes, tell that they are dealt with, and return their ids."""
        ids = b"".join(future.result() for future in chunks)
        if count:
            self._advance(count)
        return ids

    def _store_small(self, batch: list[_Small]) -> list[FileRead]:
        ids = iter(self._store.store_many([small.data for small in batch if small.data]))
        return [
            _result(small.name, small.status, small.attributes, next(ids) if small.data else b"", len(small.data), small.problem)
            for small in batch
        ]

    def _threads_for_chunks(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="chunk")
        return self._pool


def open_file(path: bytes) -> int:
    """Return a descriptor for reading, if possible one that leaves the access time alone. Follows no link, waits for nobody."""
    try:
        return os.open(path, _OPEN | os.O_NOATIME)
    except PermissionError:
        return os.open(path, _OPEN)  # only the owner may leave the access time alone


def _result(
    name: bytes,
    status: os.stat_result,
    attributes: list[ExtendedAttribute] | None,
    content: Ids,
    size: int,
    problem: str,
) -> FileRead:
    row = plain_row(name, status)
    if size != status.st_size:
        row = Row._make(row)._replace(size=size)
    return FileRead(tuple(row), content, encode_file(row, attributes, b"" if is_long(content) else content), problem)


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


def _failed(error: OSError, streamed_bytes: int) -> FileRead:
    return FileRead((), b"", b"", os.strerror(error.errno or 0), streamed_bytes)
