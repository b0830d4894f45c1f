"""Counts the files of the sources, and chooses by chance what is read of them. Reads no contents.

Every place of every file has the same chance within its size class. The chance is drawn from what twins have in common (name
and size of a small file, size and place in a large one), so that a copy comes into the sample together with its original.
Source: coordinated bottom-k sampling, Cohen and Kaplan, "Summarizing data using bottom-k sketches", PODC 2007.
"""

import hashlib
import heapq
import os
import stat
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gdp.core.language import N_
from gdp.engine.advise.measured import CLASS_LIMITS, Census
from gdp.engine.archive.metadata import Row, unpack_rows
from gdp.engine.archive.options import BackupOptions
from gdp.engine.archive.sources import root_of
from gdp.engine.archive.walk import Directory, Walker
from gdp.model.events import Emit, Progress, StageBegan

SAMPLE_BYTES = 400_000_000
EXTENT_BYTES = 8 << 20  # of a large file, at a place: the longest block, and little enough for many places
LONGEST_RUN_BYTES = 128 << 20  # places side by side are read as one, so that repetitions across their borders are found
LEAST_SHARE = 8  # a size class gets an eighth of the sample, if it has so much
MOST_PIECES = 50_000  # of a size class; some hundred bytes each
_PROGRESS_FILES = 2_000
_KEY_BYTES = 8


class Piece(NamedTuple):
    """A place of a file that is to be read."""

    size_class: int
    path: bytes
    offset: int
    length: int
    is_end: bool
    """the file ends here"""


class Chooser:
    """Keeps the pieces with the lowest numbers, as many as fit into a budget.

    Args:
        salt: decides which are chosen.
    """

    def __init__(self, budget_bytes: int, salt: bytes, most_pieces: int = MOST_PIECES) -> None:
        self._budget, self._most, self._salt = budget_bytes, most_pieces, salt
        self._heap: list[tuple[int, int, Piece]] = []
        """highest number first, hence negative; the second number tells equal ones apart"""
        self._offered = 0
        self.bytes = 0
        """in the pieces that are kept"""

    def offer(self, piece: Piece, likeness: bytes) -> None:
        """Keep a piece if its number is low enough. Pieces of the same likeness have the same number."""
        digest = hashlib.blake2b(likeness, digest_size=_KEY_BYTES, key=self._salt).digest()
        number = -int.from_bytes(digest, "big")
        self._offered += 1
        if self._is_full() and number < self._heap[0][0]:
            return
        heapq.heappush(self._heap, (number, self._offered, piece))
        self.bytes += piece.length
        while len(self._heap) > 1 and (len(self._heap) > self._most or self.bytes - self._heap[0][2].length >= self._budget):
            self.bytes -= heapq.heappop(self._heap)[2].length

    def within(self, budget_bytes: int) -> list[Piece]:
        """Return those with the lowest numbers that fill a budget, lowest first."""
        chosen: list[Piece] = []
        for _, _, piece in sorted(self._heap, reverse=True):
            if budget_bytes <= 0:
                break
            chosen.append(piece)
            budget_bytes -= piece.length
        return chosen

    def _is_full(self) -> bool:
        return len(self._heap) >= self._most or self.bytes >= self._budget


def count_sources(
    options: BackupOptions, emit: Emit, *, sample_bytes: int = SAMPLE_BYTES, salt: bytes | None = None
) -> tuple[Census, list[Piece]]:
    """Return what the sources hold, and which pieces of them to read, in an order that may be broken off anywhere.

    The sources exist. What cannot be read is a Problem event.
    """
    emit(StageBegan(N_("looking through the sources")))
    census, salt = Census(), salt or os.urandom(_KEY_BYTES)
    choosers = [Chooser(sample_bytes, salt) for _ in CLASS_LIMITS]
    told = 0
    for directory in Walker(options, emit).walk(root_of(options.sources)):
        census.directories += not directory.places  # else it only leads to a source
        for path, row in _files(directory):
            size_class = class_of(row.size)
            census.classes[size_class].files += 1
            census.classes[size_class].bytes += row.size
            for piece, likeness in _pieces(size_class, path, row):
                choosers[size_class].offer(piece, likeness)
        if census.files - told >= _PROGRESS_FILES:
            told = census.files
            emit(Progress(files_done=told, bytes_done=census.bytes))
    budgets = share_budget([each.bytes for each in census.classes], sample_bytes)
    return census, _interleaved([join(chooser.within(budget)) for chooser, budget in zip(choosers, budgets, strict=True)])


def class_of(size: int) -> int:
    """Return the number of a file's size class."""
    return next(number for number, limit in enumerate(CLASS_LIMITS) if limit is None or size <= limit)


def share_budget(wanted: Sequence[int], budget: int) -> list[int]:
    """Share a budget: an eighth to each that wants so much, the rest in proportion to what is still wanted."""
    shares = [min(size, budget // LEAST_SHARE) for size in wanted]
    missing = [size - share for size, share in zip(wanted, shares, strict=True)]
    left = min(budget - sum(shares), sum(missing))
    return [share + (left * more // sum(missing) if more else 0) for share, more in zip(shares, missing, strict=True)]


def join(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces with those that lie side by side in a file made one, in the place of the first."""
    rank = {(piece.path, piece.offset): number for number, piece in enumerate(pieces)}
    joined: list[tuple[int, Piece]] = []
    for piece in sorted(pieces, key=lambda each: (each.path, each.offset)):
        if joined:
            number, before = joined[-1]
            length = before.length + piece.length
            follows = before.path == piece.path and before.offset + before.length == piece.offset
            if follows and length <= LONGEST_RUN_BYTES:
                first = min(number, rank[piece.path, piece.offset])
                joined[-1] = first, before._replace(length=length, is_end=piece.is_end)
                continue
        joined.append((rank[piece.path, piece.offset], piece))
    return [piece for _, piece in sorted(joined)]


def _files(directory: Directory) -> Iterator[tuple[bytes, Row]]:
    for position, row in enumerate(unpack_rows(directory.packed_rows) if directory.packed_rows else ()):
        if stat.S_ISREG(row.mode):
            yield directory.path_of(position, row.name), row


def _pieces(size_class: int, path: bytes, row: Row) -> Iterator[tuple[Piece, bytes]]:
    size = row.size
    if size_class == 0:
        if size:
            yield Piece(0, path, 0, size, is_end=True), b"%d %s" % (size, row.name)
        return
    for offset in range(0, size, EXTENT_BYTES):
        length = min(EXTENT_BYTES, size - offset)
        yield Piece(size_class, path, offset, length, offset + length == size), b"%d %d" % (size, offset)


def _interleaved(groups: Sequence[Sequence[Piece]]) -> list[Piece]:
    """Join the groups so that each is as far on as the others anywhere."""
    placed = [
        ((place + 0.5) / len(group), number, piece) for number, group in enumerate(groups) for place, piece in enumerate(group)
    ]
    return [piece for _, _, piece in sorted(placed, key=lambda each: each[:2])]
