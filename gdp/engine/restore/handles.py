"""Directories below the restore's target, opened step by step so that no symbolic link is ever followed.

A path is the tuple of its names below the target. Whoever plants a link in the target, before or while we work, gets an error
and not our data. Never makes or removes anything.
"""

import errno
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from gdp.core.errors import GdpError
from gdp.core.language import N_

FolderPath = tuple[bytes, ...]
KEPT_OPEN = 128  # well below the usual limit of 1024 descriptors a process
_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class FolderHandles:
    """Descriptors of directories, the ones used last kept open. Not safe to share between threads."""

    def __init__(self, root: int) -> None:
        """Take over the descriptor of the target."""
        self._root = root
        self._open: dict[FolderPath, int] = {}
        self._last: tuple[FolderPath, int] = (), root

    def open(self, path: FolderPath) -> int:
        """Return a descriptor that is good until the next call. Raises OSError, also for a link on the way."""
        if path is self._last[0]:
            return self._last[1]
        descriptor = self._find(path) if path else self._root
        self._last = path, descriptor
        return descriptor

    def forget(self, path: FolderPath) -> None:
        """Close a directory that is about to be removed."""
        self._last = (), self._root
        for known in [known for known in self._open if known[: len(path)] == path]:
            os.close(self._open.pop(known))

    def close(self) -> None:
        """Close them all, the target's too."""
        for descriptor in (*self._open.values(), self._root):
            with suppress(OSError):
                os.close(descriptor)
        self._open = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _find(self, path: FolderPath) -> int:
        found = self._open.pop(path, None)
        if found is not None:
            self._open[path] = found  # the one used last stands last
            return found
        known = len(path) - 1
        while known and path[:known] not in self._open:
            known -= 1
        descriptor = self._open[path[:known]] if known else self._root
        for depth in range(known + 1, len(path) + 1):
            descriptor = self._keep(path[:depth], os.open(path[depth - 1], _FLAGS, dir_fd=descriptor))
        return descriptor

    def _keep(self, path: FolderPath, descriptor: int) -> int:
        if len(self._open) >= KEPT_OPEN:
            os.close(self._open.pop(next(iter(self._open))))
        self._open[path] = descriptor
        return descriptor


def open_target(path: Path, *, create: bool) -> FolderHandles | None:
    """Open the target, which may itself be reached through links: the user named it.

    None when it is not there and not to be made. Raises GdpError when it is no directory or cannot be made.
    """
    try:
        if create:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return FolderHandles(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
    except OSError as error:
        if error.errno == errno.ENOENT and not create:
            return None
        raise GdpError(
            N_("cannot restore into {path}: {reason}"),
            N_("Give a directory, or a path where one can be made."),
            path=str(path),
            reason=error.strerror,
        ) from error
