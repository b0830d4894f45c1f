"""What lies in a folder, as the source picker shows it. Looks at the disk; whoever must not wait asks in a thread."""

import heapq
import os
from collections.abc import Collection
from dataclasses import dataclass

MOST_SHOWN = 500  # of one folder; a screen is no place for more, and patterns are


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """Something in a folder. Folders come first, then names in order."""

    is_file: bool
    """it is no folder; links are none"""
    name: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A folder's entries, or why there are none."""

    entries: tuple[Entry, ...] = ()
    left_out: int = 0
    """how many more there are"""
    problem: str = ""
    """the system's reason why it cannot be read; empty: it can"""


def list_folder(path: str, wanted: Collection[str] = (), most: int = MOST_SHOWN) -> Listed:
    """Return the first entries of a folder.

    Args:
        wanted: names that are returned however many come before them.
    """
    try:
        with os.scandir(path) as found:
            entries = [Entry(not entry.is_dir(follow_symlinks=False), entry.name) for entry in found]
    except OSError as error:
        return Listed(problem=os.strerror(error.errno or 0))
    first = heapq.nsmallest(most, entries)
    if len(entries) > most:
        first = sorted({*first, *(entry for entry in entries if entry.name in wanted)})
    return Listed(tuple(first), len(entries) - len(first))
