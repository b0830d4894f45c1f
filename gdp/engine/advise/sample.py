"""Reads the chosen pieces and cuts, compares and compresses them as a backup would, for each block size. Stores nothing."""

import hashlib
import io
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gdp.core.chunker import Chunker, ChunkerParameters
from gdp.core.compress import Compression, Compressor
from gdp.core.crypto import OVERHEAD_BYTES
from gdp.core.language import N_
from gdp.engine.advise.census import Piece
from gdp.engine.advise.measured import BLOCK_CHOICES, Cut, Sample
from gdp.engine.archive.read_file import open_file
from gdp.model.events import Emit, Note, Progress, StageBegan

if TYPE_CHECKING:
    from typing_extensions import Buffer

SAMPLE_SECONDS = 20.0
_NAMED = 5  # files that cannot be read; the others are only counted
_DIGEST_BYTES = 16
_PROGRESS_BYTES = 1 << 20


@dataclass(slots=True)
class _Way:
    """One of the block sizes."""

    chunker: Chunker
    cuts: Sequence[Cut]
    seen: set[bytes] = field(default_factory=set)
    """digests of blocks"""


def read_sample(
    pieces: Sequence[Piece],
    compression: Compression,
    emit: Emit,
    *,
    most_seconds: float = SAMPLE_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Sample:
    """Return what became of as many pieces as could be read in the time. One that cannot be read is noted and skipped."""
    emit(StageBegan(N_("trying a sample of the files")))
    return _Sampling(compression, emit).run(pieces, clock() + most_seconds, clock)


class _Sampling:
    def __init__(self, compression: Compression, emit: Emit) -> None:
        self._emit = emit
        self._compressor = Compressor(compression) if compression is not Compression.OFF else None
        self._sample = Sample()
        self._ways = [_Way(Chunker(ChunkerParameters(size)), self._sample.cuts[size]) for size in BLOCK_CHOICES]
        self._seen_small: set[bytes] = set()

    def run(self, pieces: Sequence[Piece], deadline: float, clock: Callable[[], float]) -> Sample:
        total = sum(piece.length for piece in pieces)
        told = done = 0
        for piece in pieces:
            if clock() >= deadline:
                break
            try:
                self._sample.read_bytes += self._take(piece)
            except OSError as error:
                self._skip(piece, error)
            done += piece.length
            if done - told >= _PROGRESS_BYTES:
                told = done
                self._emit(Progress(bytes_done=done, bytes_total=total))
        if self._sample.unreadable > _NAMED:
            more = self._sample.unreadable - _NAMED
            self._emit(Note(N_("{files:more file|more files} could not be read for the sample"), {"files": more}))
        return self._sample

    def _skip(self, piece: Piece, error: OSError) -> None:
        self._sample.unreadable += 1
        if self._sample.unreadable <= _NAMED:
            facts: dict[str, object] = {"path": os.fsdecode(piece.path), "reason": os.strerror(error.errno or 0)}
            self._emit(Note(N_("{path} is not in the sample: {reason}"), facts))

    def _take(self, piece: Piece) -> int:
        """Cut a piece in every way and return how many bytes it had. Raises OSError."""
        descriptor = open_file(piece.path)
        try:
            if piece.size_class == 0:
                return self._take_small(_Range(descriptor, piece).read())
            stored: dict[bytes, int] = {}
            return max(self._cut(way, piece, _Range(descriptor, piece), stored) for way in self._ways)
        finally:
            os.close(descriptor)

    def _take_small(self, data: bytes) -> int:
        """Count a file that is one block whatever is chosen."""
        digest = _digest(data)
        is_new = digest not in self._seen_small
        self._seen_small.add(digest)
        stored = self._stored_bytes(data) if is_new else None
        for way in self._ways:
            way.cuts[0].add(len(data), stored)
        return len(data)

    def _cut(self, way: _Way, piece: Piece, stream: "_Range", stored: dict[bytes, int]) -> int:
        """Cut a piece in one way. ``stored`` remembers what other ways found, whose blocks are often the same."""
        size = 0
        for blocks in way.chunker.cut(stream):
            for block in blocks:
                size += len(block)
                digest = _digest(block)
                is_new = digest not in way.seen
                way.seen.add(digest)
                if is_new and digest not in stored:
                    stored[digest] = self._stored_bytes(block)
                # The last block of a piece in the middle of a file ends where a backup would not cut.
                is_whole = piece.is_end or size < piece.length
                way.cuts[piece.size_class].add(len(block), stored[digest] if is_new else None, is_whole=is_whole)
        return size

    def _stored_bytes(self, block: bytes | memoryview) -> int:
        frame = len(self._compressor.compress(block)) if self._compressor else len(block)
        return min(frame, len(block)) + OVERHEAD_BYTES


class _Range(io.RawIOBase):
    """A piece of an open file, as a file."""

    def __init__(self, descriptor: int, piece: Piece) -> None:
        super().__init__()
        self._descriptor, self._offset, self._end = descriptor, piece.offset, piece.offset + piece.length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "Buffer") -> int:
        view = memoryview(buffer)[: self._end - self._offset]
        count = os.preadv(self._descriptor, [view], self._offset) if view else 0
        self._offset += count
        return count


def _digest(block: bytes | memoryview) -> bytes:
    return hashlib.sha256(block).digest()[:_DIGEST_BYTES]
