"""A file that grows before it has its name: what is to be stored waits here until it is complete.

Where the storage is a folder of this computer, the bytes wait in that folder and storing them is only to give a name. Elsewhere
they wait in the system's temporary folder. They have no name so far, so that a killed run leaves nothing behind; on a file system
that cannot do that they have one by which they are known as unfinished. The last ones are in memory.
"""

import os
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from typing import IO

from gdp.core.errors import StorageFull
from gdp.core.language import N_
from gdp.storage.contract import Buffer
from gdp.storage.local_errors import translate_os_error

_TAIL_BYTES = 1 << 19
_TAIL_PIECES = 512  # half of what one call to the system takes
_PIECE_BYTES = 1 << 18
UNFINISHED_MODE = 0o600


class StagedFile(Collection[bytes]):
    """The bytes in order, in pieces. May be read more than once, but by one thread at a time. Close it once it is stored.

    Args:
        path: a free name in the storage's own folder, where the bytes may wait; None: in the system's temporary folder.
    """

    def __init__(self, path: str | None = None) -> None:
        self._path = path
        self._is_named = False
        """the bytes lie under this path"""
        self.size = 0
        """bytes so far"""
        self.has_arrived: Callable[[int], None] = lambda _count: None
        """is told by the storage how many of them have arrived there so far"""
        self._tail: list[Buffer] = []
        self._file: IO[bytes] | None = None
        self._file_bytes = 0

    @property
    def total_bytes(self) -> int:
        """The same, as the storages ask for it."""
        return self.size

    def append(self, piece: Buffer) -> None:
        """Add bytes at the end; they must not change any more. Raises StorageFull and other StorageErrors of the folder."""
        self._tail.append(piece)
        self.size += len(piece)
        if self.size - self._file_bytes >= _TAIL_BYTES or len(self._tail) >= _TAIL_PIECES:
            self.spill()

    def spill(self) -> None:
        """Write what waits in memory. Raises as ``append`` does."""
        if self._tail:
            self._spill(self._tail)
            self._tail = []

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes that were appended."""
        found = b""
        if self._file is not None and offset < self._file_bytes:
            found = os.pread(self._file.fileno(), min(length, self._file_bytes - offset), offset)
        if len(found) == length:
            return found
        start = max(0, offset - self._file_bytes)
        return found + b"".join(self._tail)[start : start + length - len(found)]

    def staged(self, below: str) -> tuple[int, str] | None:
        """Return (descriptor, path) of all the bytes, under a name now, when they wait in a folder below ``below``."""
        if self._file is None or self._path is None or not self._path.startswith(f"{below}/"):
            return None
        self.spill()
        descriptor = self._file.fileno()
        if not self._is_named:
            try:
                # Any descriptor will do for src_dir_fd: with one, Python follows the link to the file that has no name.
                os.link(f"/proc/self/fd/{descriptor}", self._path, src_dir_fd=descriptor, follow_symlinks=True)
            except OSError:
                return None  # no /proc, or no links: then the bytes are copied
            self._is_named = True
        return descriptor, self._path

    def has_moved(self) -> None:
        """Note that the file has got another name; it is the storage's from now on."""
        self._is_named = False

    def close(self) -> None:
        """Give back the file; what was not stored is gone."""
        file, self._file = self._file, None
        if file is None:
            return
        file.close()
        if self._path is not None and self._is_named:
            with suppress(OSError):  # a disk that was pulled out; what lies there is swept by a later run
                os.unlink(self._path)

    def __del__(self) -> None:
        self.close()  # of one that was never stored, since a run ended early

    def __iter__(self) -> Iterator[bytes]:
        return (self.read(offset, _PIECE_BYTES) for offset in range(0, self.size, _PIECE_BYTES))

    def __len__(self) -> int:
        return (self.size + _PIECE_BYTES - 1) // _PIECE_BYTES

    def __contains__(self, piece: object) -> bool:
        return any(piece == own for own in self)

    def _spill(self, pieces: list[Buffer]) -> None:
        """Write all the pieces of the tail."""
        try:
            if self._file is None:
                self._file = self._open()
            _write_all(self._file.fileno(), pieces)
        except OSError as error:
            if self._path is not None:
                raise translate_os_error(error, os.path.dirname(self._path)) from error
            raise StorageFull(
                N_("packs wait in {folder} before they are sent, and it cannot take more: {reason}"),
                N_("Make room there, or set TMPDIR to a folder with more."),
                folder=tempfile.gettempdir(),
                reason=error.strerror,
            ) from error
        self._file_bytes = self.size

    def _open(self) -> IO[bytes]:
        if self._path is None:
            return tempfile.TemporaryFile(buffering=0)
        flags = os.O_RDWR | os.O_CLOEXEC
        try:
            descriptor = os.open(os.path.dirname(self._path), flags | os.O_TMPFILE, UNFINISHED_MODE)
        except (OSError, AttributeError):  # a share, or another system
            descriptor = os.open(self._path, flags | os.O_CREAT | os.O_EXCL, UNFINISHED_MODE)
            self._is_named = True
        return open(descriptor, "r+b", buffering=0)


def _write_all(descriptor: int, pieces: list[Buffer]) -> None:
    """Write the pieces at the end of a file, however few bytes the system takes at a time."""
    written = os.writev(descriptor, pieces)
    rest = sum(map(len, pieces)) - written
    if rest:  # a disk that is nearly full, or a signal
        left = memoryview(b"".join(pieces))[written:]
        while left:
            left = left[os.write(descriptor, left) :]
