"""Sweep away what our own interrupted writes left behind (``<name>-gdp-temp-<16 hex>``). Never touches anything else.

Age is told by the storage's own clock: the caller has just written a file (its lock), and that file's time is "now".
Clocks of two computers are never compared.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol, runtime_checkable

from gdp.core.errors import FileMissing, StorageDenied
from gdp.model.files import StoredFile
from gdp.storage.contract import Storage

LEFTOVER_SECONDS = 24 * 3600.0  # no write lasts a day; one suspended for longer is started anew


class Leftover(NamedTuple):
    """An unfinished file."""

    path: str
    """Relative to the repository's root."""
    age_seconds: float


@runtime_checkable
class KeepsLeftovers(Protocol):
    """A storage on which an interrupted write leaves a file behind."""

    def leftovers(self, just_written: StoredFile) -> Iterator[Leftover]:
        """Yield our unfinished files, aged by comparison with a file that was written a moment ago."""

    def remove_leftover(self, path: str) -> None:
        """Remove one of them. Raises FileMissing."""


@runtime_checkable
class WrapsStorage(Protocol):
    """A storage that is a decorator."""

    @property
    def inner(self) -> Storage:
        """What it decorates."""


def sweep_leftovers(storage: Storage, just_written: StoredFile, *, older_than_seconds: float = LEFTOVER_SECONDS) -> int:
    """Remove our unfinished files that are older than the bound, and return how many.

    What the storage does not let us remove stays (an append-only server tidies up by itself).
    """
    while isinstance(storage, WrapsStorage):
        storage = storage.inner
    if not isinstance(storage, KeepsLeftovers):
        return 0
    removed = 0
    for leftover in list(storage.leftovers(just_written)):
        if leftover.age_seconds < older_than_seconds:
            continue
        try:
            storage.remove_leftover(leftover.path)
            removed += 1
        except (FileMissing, StorageDenied):
            continue
    return removed
