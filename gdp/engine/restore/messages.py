"""What parent and workers of a restore say to each other: plain tuples, since they travel by marshal.

Parent to worker: first ``Start``, then batches. A batch is ``(number, packs, folders, entries)``; the worker answers each with an
``Outcome``, in order.

==========  ==========================================================================
part        is
==========  ==========================================================================
packs       ``{number: pack id}``, for the numbers in places (those of the index)
folders     ``[(path, has others' attributes, is private)]``: the directories the entries lie in
entry       ``(kind, folder number, name, metadata, action, identity, payload)``
identity    ``(device, inode)`` of the file that must be found there, or None
place       ``(pack number, offset, stored length, plain length, blob id)``
==========  ==========================================================================

==========  ==========================================================================
kind        payload
==========  ==========================================================================
FILE        ``[place]``: the whole file
PART        ``(offset, [place])``: blocks of a file that is there already, at its full size
SYMLINK     the target
SPECIAL     ``(node type, device)``
VERIFY      ``(offset, size or -1, [place])``: blocks to be compared, nothing to be written
==========  ==========================================================================
"""

from typing import Any, NamedTuple

from gdp.engine.restore.metadata import Metadata

FILE, PART, SYMLINK, SPECIAL, VERIFY = range(5)

Place = tuple[int, int, int, int, bytes]
Identity = tuple[int, int]
Entry = tuple[int, int, bytes, Metadata | None, int, Identity | None, Any]
WireFolder = tuple[tuple[bytes, ...], bool, bool]
BatchMessage = tuple[int, dict[int, bytes], list[WireFolder], list[Entry]]


class Start(NamedTuple):
    """The first message; sent as a plain tuple."""

    key: bytes
    secrets: dict[str, str]
    """for opening the storage"""
    target: bytes
    target_identity: Identity
    sparse: bool
    delete: bool
    """a directory that is in the way may be removed with all that is in it"""


class Failure(NamedTuple):
    """An entry that did not come out right."""

    position: int
    """in the batch"""
    template: str
    hint: str
    facts: dict[str, str]
    missing: list[int]
    """numbers of the places whose blocks could not be had; another copy may help"""
    identity: Identity | None
    """of the unfinished file, when there is one"""


class Outcome(NamedTuple):
    """The answer to a batch."""

    number: int
    written_bytes: int
    unchanged: list[int]
    """positions of entries whose content was right already"""
    failures: list[Failure]
    shortfalls: list[str]
    """what the user or the file system could not have; see ``metadata.Shortfall``"""

    def to_message(self) -> tuple[Any, ...]:
        """Return plain tuples."""
        return (*self[:3], [tuple(failure) for failure in self.failures], self.shortfalls)

    @classmethod
    def from_message(cls, message: Any) -> "Outcome":
        """Return what the worker sent."""
        number, written, unchanged, failures, shortfalls = message
        return cls(number, written, unchanged, [Failure(*failure) for failure in failures], shortfalls)


def places_in(entry: Entry) -> list[Place]:
    """Return the places that an entry's blocks are read from."""
    if entry[0] == FILE:
        return entry[6]  # type: ignore[no-any-return]
    return entry[6][1] if entry[0] == PART else []


def plain_bytes(place: Place) -> int:
    """Return the length of a place's block as its reader sees it."""
    return place[3] or place[2] - 32
