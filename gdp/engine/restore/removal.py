"""Removes what lies in the target, by names in an open directory, never through a link and never into another file system."""

import errno
import os
import stat
from collections.abc import Callable

from gdp.engine.restore.handles import FolderPath

_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
DEEPEST = 400  # below the limits of descriptors and of the stack
Keeps = Callable[[FolderPath, bool], bool]
"""Takes a path below the target and whether it is a directory; says whether it must stay"""


def make_room(folder: int, name: bytes, *, delete: bool) -> None:
    """Remove what is in the way of an entry. A directory with something in it only if ``delete``. Raises OSError."""
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISDIR(found.st_mode):
            raise
        if delete:
            remove_tree(folder, name, (name,), lambda _path, _is_folder: False)
        else:
            os.rmdir(name, dir_fd=folder)


def remove_tree(folder: int, name: bytes, path: FolderPath, keeps: Keeps) -> tuple[int, bool]:
    """Remove an entry and everything below it, except what ``keeps`` says.

    Returns (how many were removed, whether the entry itself is gone). Raises OSError, also for a mount point.
    """
    found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if not stat.S_ISDIR(found.st_mode):
        if keeps(path, False):
            return 0, False
        os.unlink(name, dir_fd=folder)
        return 1, True
    inner = os.open(name, _FLAGS, dir_fd=folder)
    try:
        if os.fstat(inner).st_dev != os.fstat(folder).st_dev:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        if len(path) > DEEPEST:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        removed, is_empty = 0, True
        for child in os.listdir(inner):
            raw = os.fsencode(child)
            count, is_gone = remove_tree(inner, raw, (*path, raw), keeps)
            removed += count
            is_empty = is_empty and is_gone
    finally:
        os.close(inner)
    if not is_empty or keeps(path, True):
        return removed, False
    os.rmdir(name, dir_fd=folder)
    return removed + 1, True
