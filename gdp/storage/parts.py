"""What the storages do with the parts of a file that is to be written. Never joins them into one."""

from collections.abc import Callable, Collection, Iterator
from typing import Protocol, runtime_checkable

from gdp.storage.contract import Buffer


@runtime_checkable
class SizedParts(Protocol):
    """Parts that nobody should iterate just to add up their sizes: they are read from a disk, or sleep in between."""

    @property
    def total_bytes(self) -> int:
        """What all parts have together."""


def count_bytes(parts: Collection[Buffer]) -> int:
    """Return how many bytes all parts have together, without iterating over those that know."""
    if isinstance(parts, SizedParts):
        return parts.total_bytes
    return sum(memoryview(part).nbytes for part in parts)


def listener_of(parts: Collection[Buffer]) -> Callable[[int], None]:
    """Return whom a storage tells how many of the bytes, from the first one on, have arrived so far; less: it begins anew."""
    listener: Callable[[int], None] = getattr(parts, "has_arrived", _nobody)
    return listener


def cut_requests(parts: Collection[Buffer], largest: Callable[[], int]) -> Iterator[list[memoryview]]:
    """Yield the parts as lists of pieces, each list as long as ``largest`` says when it begins, the last one perhaps less.

    Small parts share a request, since each costs the same to send. Paced parts never do: what is due now is sent now.
    """
    request: list[memoryview] = []
    room = largest()
    paced = getattr(parts, "is_paced", False)
    for part in parts:
        view = memoryview(part).cast("B")
        while view.nbytes:
            piece, view = view[:room], view[room:]
            request.append(piece)
            room -= piece.nbytes
            if not room or paced:
                yield request
                request, room = [], largest()
    if request:
        yield request


def _nobody(_count: int) -> None:
    """Nobody wants to know."""
