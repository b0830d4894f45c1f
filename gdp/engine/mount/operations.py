"""Answers the kernel's questions about mounted snapshots, in the form that mfusepy asks them. Read-only: nothing else is defined.

Paths and names are text with surrogates for bytes that are not UTF-8. An OSError is the answer it names. The library calls from
several threads at once.
"""

import errno
import itertools
import os
from collections.abc import Callable
from typing import TypeVar

from gdp.core.errors import DamagedData
from gdp.engine.mount.attributes import FOLDER_MODE, attributes_of, extended_attributes_of
from gdp.engine.mount.contents import Located, MountedSnapshots, OpenFile
from gdp.engine.mount.layout import LatestLink
from gdp.model.node import Node

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_TRUNC | os.O_APPEND
_DOTS = {"st_mode": FOLDER_MODE, "st_ino": 2}
Answer = TypeVar("Answer")


class Operations:
    """The file system."""

    use_ns = True
    """times are nanoseconds"""

    def __init__(self, mounted: MountedSnapshots, on_ready: Callable[[], None]) -> None:
        self._mounted, self._on_ready = mounted, on_ready
        self._files: dict[int, OpenFile] = {}
        self._handles = itertools.count(1)
        self._user, self._group = os.geteuid(), os.getegid()

    def init(self, path: str) -> None:
        """Begin: the kernel asks from now on."""
        self._on_ready()

    def getattr(self, path: str, fh: int | None = None) -> dict[str, int]:
        """Answer ``lstat``."""
        raw = os.fsencode(path)
        return _answered(lambda: self._attributes(self._mounted.find(raw), raw))

    def readdir(self, path: str, fh: int) -> list[tuple[str, dict[str, int], int]]:
        """List a directory, with kinds and inode numbers: a reader leaves out what has none."""
        raw = os.fsencode(path)
        listed = [(".", _DOTS, 0), ("..", _DOTS, 0)]
        for name, located in self._mounted.children(raw).items():
            try:
                found = self._attributes(located, raw.rstrip(b"/") + b"/" + name)
            except DamagedData:
                found = _DOTS  # whoever asks for the entry itself gets the error
            listed.append((os.fsdecode(name), found, 0))
        return listed

    def readlink(self, path: str) -> str:
        """Return where a link points."""
        what = self._mounted.find(os.fsencode(path)).what
        if isinstance(what, LatestLink):
            return os.fsdecode(what.target)
        if isinstance(what, Node) and what.type == "symlink":
            return _answered(lambda: os.fsdecode(what.target))
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    def open(self, path: str, flags: int) -> int:
        """Open a file for reading and return a number for it."""
        if flags & _WRITING:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        file = self._mounted.open(os.fsencode(path))
        handle = next(self._handles)
        self._files[handle] = file
        return handle

    def read(self, path: str, size: int, offset: int, fh: int) -> bytes:
        """Return part of an open file."""
        return self._mounted.read(self._files[fh], size, offset)

    def release(self, path: str, fh: int) -> int:
        """Close a file."""
        self._files.pop(fh, None)
        return 0

    def listxattr(self, path: str) -> list[str]:
        """Name the extended attributes."""
        return _answered(lambda: list(extended_attributes_of(self._mounted.find(os.fsencode(path)))))

    def getxattr(self, path: str, name: str, position: int = 0) -> bytes:
        """Return an extended attribute."""
        found = _answered(lambda: extended_attributes_of(self._mounted.find(os.fsencode(path))))
        if name not in found:
            raise OSError(errno.ENODATA, os.strerror(errno.ENODATA))
        return found[name]

    def statfs(self, path: str) -> dict[str, int]:
        """Answer ``statvfs``: nothing is free."""
        return {"f_bsize": 4096, "f_frsize": 4096, "f_namemax": 255}

    def _attributes(self, located: Located, path: bytes) -> dict[str, int]:
        return attributes_of(located, path, self._user, self._group)


def _answered(answer: Callable[[], Answer]) -> Answer:
    """Return an answer; damage becomes the kernel's "input/output error"."""
    try:
        return answer()
    except DamagedData as error:
        raise OSError(errno.EIO, os.strerror(errno.EIO)) from error
