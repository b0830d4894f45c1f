"""Bytes that came in pieces and are used in other ones. Joins them only where somebody needs them in one."""

from collections import deque
from collections.abc import Iterable

from gdp.storage.contract import Buffer


class Pieces:
    """A queue of bytes.

    Args:
        pieces: the first ones.
    """

    def __init__(self, pieces: Iterable[Buffer] = ()) -> None:
        self._pieces: deque[memoryview] = deque()
        self.size = 0
        """bytes that are in it"""
        self.add(pieces)

    def add(self, pieces: Iterable[Buffer]) -> None:
        """Put bytes at the end."""
        for piece in pieces:
            view = memoryview(piece).cast("B")
            if view:
                self._pieces.append(view)
                self.size += len(view)

    def take(self, size: int) -> list[memoryview]:
        """Take so many bytes from the beginning, not copied. There must be as many."""
        taken: list[memoryview] = []
        self.size -= size
        while size:
            piece = self._pieces.popleft()
            if len(piece) > size:
                self._pieces.appendleft(piece[size:])
                piece = piece[:size]
            taken.append(piece)
            size -= len(piece)
        return taken

    def peek(self, size: int) -> bytes:
        """Return so many bytes from the beginning without taking them. There must be as many."""
        found = b""
        for piece in self._pieces:
            found += piece[: size - len(found)]
            if len(found) == size:
                break
        return found

    def take_joined(self, size: int) -> memoryview:
        """Take so many bytes from the beginning, in one."""
        return join(self.take(size))


def join(pieces: list[memoryview]) -> memoryview:
    """Return the bytes in one, copied only where they are not."""
    return pieces[0] if len(pieces) == 1 else memoryview(b"".join(pieces))
