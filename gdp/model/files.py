"""The files a repository consists of, by kind and name. Never touches a storage.

==========  =========================  ==============================
kind        where                      name
==========  =========================  ==============================
config      ``config``                 ``config``
data        ``data/<first 2 hex>/``    SHA-256 of the stored bytes
index       ``index/``                 "
keys        ``keys/``                  "
locks       ``locks/``                 "
snapshots   ``snapshots/``             "
==========  =========================  ==============================
"""

from enum import StrEnum
from typing import NamedTuple


class FileKind(StrEnum):
    """The value is the folder's name in the repository (for CONFIG: the file's)."""

    CONFIG = "config"
    DATA = "data"
    INDEX = "index"
    KEYS = "keys"
    LOCKS = "locks"
    SNAPSHOTS = "snapshots"


class StoredFile(NamedTuple):
    """One file of a repository."""

    kind: FileKind
    name: str
    """64 hex digits, the SHA-256 of the stored bytes; for CONFIG the word ``config``, or the name of a trial file."""

    @property
    def path(self) -> str:
        """Where it lies, relative to the repository's root, with ``/``."""
        if self.kind is FileKind.CONFIG:
            return self.name
        if self.kind is FileKind.DATA:
            return f"data/{self.name[:2]}/{self.name}"
        return f"{self.kind}/{self.name}"


class FileRange(NamedTuple):
    """A part of a file. Offset and length in bytes."""

    file: StoredFile
    offset: int
    length: int


CONFIG_FILE = StoredFile(FileKind.CONFIG, "config")
DATA_FOLDERS = tuple(f"data/{byte:02x}" for byte in range(256))
FOLDERS = ("data", *DATA_FOLDERS, "index", "keys", "locks", "snapshots")
