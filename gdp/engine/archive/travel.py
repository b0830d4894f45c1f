"""How the blob ids of large files pass between two processes: in pieces, since a message is in memory twice at either end.

They go before the message that they belong to, whose sender and receiver agree on what stands in the place of each.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gdp.engine.archive.metadata import Ids
from gdp.engine.archive.read_file import FileRead
from gdp.engine.archive.tree_text import Piece, is_long

_PIECE_BYTES = 1 << 20
Message = tuple[Any, ...]


def send_content(content: Ids) -> Iterator[Message]:
    """Yield the messages that bring a content: (what they are, how long it is, where this piece begins, the piece)."""
    for start in range(0, len(content), _PIECE_BYTES):
        yield "ids", len(content), start, content[start : start + _PIECE_BYTES]


def send_trees(trees: Sequence[tuple[bytes, Sequence[Piece]]]) -> Iterator[Message]:
    """Yield the messages that bring directories, each (id, pieces); the last has an empty tuple in the place of each content."""
    for _, pieces in trees:
        for piece in pieces:
            if isinstance(piece, tuple):
                yield from send_content(*piece)
    yield "trees", [(tree, [piece if isinstance(piece, bytes) else () for piece in pieces]) for tree, pieces in trees]


def send_files(number: int, results: Iterable[FileRead]) -> Iterator[Message]:
    """Yield the messages that bring what became of files; the last one says which of them have their content elsewhere."""
    told: list[Message] = []
    apart: list[int] = []
    for result in results:
        if is_long(result.content):
            yield from send_content(result.content)
            apart.append(len(told))
            result = result._replace(content=b"")
        told.append(tuple(result))
    yield "files", number, told, apart


class Arrivals:
    """The contents that have come over one line and wait for the message that they belong to."""

    def __init__(self) -> None:
        self._contents: list[bytearray] = []

    def take(self, content_bytes: int, start: int, piece: bytes) -> None:
        """Take a piece."""
        if not start:
            self._contents.append(bytearray(content_bytes))  # at once: growing, it would be moved, and leave holes
        self._contents[-1][start : start + len(piece)] = piece

    def next(self) -> bytearray:
        """Return the content that came first."""
        return self._contents.pop(0)

    def tree(self, sent: Iterable[Any]) -> list[Piece]:
        """Return a directory's pieces with their contents in place."""
        return [piece if isinstance(piece, bytes) else (self.next(),) for piece in sent]

    def files(self, told: Iterable[Message], apart: Iterable[int]) -> list[FileRead]:
        """Return what became of files with their contents in place."""
        results = [FileRead._make(fields) for fields in told]
        for place in apart:
            results[place] = results[place]._replace(content=self.next())
        return results
