"""What every storage promises. The engine knows this file and none of the concrete storages.

The same test suite (``tests/storage/test_contract.py``) runs against each of them.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

from gdp.model.files import FileKind, FileRange, StoredFile

Buffer = bytes | bytearray | memoryview


class Storage(Protocol):
    """Keeps a repository's files. Safe to use from several threads at once; not across a fork.

    Every method may raise StorageUnreachable, StorageDenied, LoginRefused or HostKeyMismatch.
    """

    @property
    def location(self) -> str:
        """Where it is, as a person would write it; without secrets."""

    def prepare(self) -> None:
        """Begin, in the background, what the first operation would have to wait for: to connect. Never raises; the first
        operation says what went wrong.
        """

    def create_folders(self) -> None:
        """Make the repository's folders (0700) where they are missing; harmless when they exist."""

    def list(self, kind: FileKind) -> Iterator[tuple[str, int]]:
        """Yield (name, size in bytes) of each file of a kind, without strangers' names. A missing folder is empty."""

    def size(self, file: StoredFile) -> int:
        """Return the size in bytes. Raises FileMissing."""

    def read(self, file: StoredFile, offset: int = 0, length: int | None = None) -> bytes:
        """Return ``length`` bytes from ``offset`` (None: up to the end).

        Raises FileMissing; DamagedData when the file ends before ``offset + length``.
        """

    def read_small(self, files: Sequence[StoredFile]) -> Sequence[bytes | None]:
        """Return the whole content of each file, None where it is missing; in few round trips, all of it in memory at once."""

    def read_ranges(self, ranges: Sequence[FileRange]) -> Sequence[bytes | None]:
        """Return each range, None for one that cannot be had whole; in few round trips, all of it in memory at once."""

    def write(self, file: StoredFile, parts: Collection[Buffer]) -> None:
        """Store the parts, joined, as a new file: whole and durable when this returns, else not there at all.

        A file that already has this name and size is left as it is and counts as written. ``parts`` may be iterated
        more than once. Raises StorageFull.
        """

    def staging_path(self) -> str | None:
        """Return a new path of this computer under which a file may grow that ``write`` then need not copy.

        None where there is none: on a server. See ``StagedFile``.
        """

    def remove(self, file: StoredFile) -> None:
        """Remove a file. Raises FileMissing."""

    def hurry(self) -> None:
        """From now on wait seconds, not minutes, for a line that is down: the run is over and only tidies up."""

    def close(self) -> None:
        """Give back connections and descriptors. The storage is not used afterwards."""
