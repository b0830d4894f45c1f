"""Makes what is neither file nor directory: symbolic links, fifos, devices. By name in an open directory, never over anything."""

import os
import stat

from gdp.engine.restore.existing import Action
from gdp.engine.restore.messages import Identity
from gdp.engine.restore.removal import make_room

_TYPES = {"fifo": stat.S_IFIFO, "dev": stat.S_IFBLK, "chardev": stat.S_IFCHR}


def make_symlink(folder: int, name: bytes, action: int, target: bytes, *, delete: bool) -> Identity:
    """Make a link that points to ``target``, which is never looked at. Returns what it became; raises OSError."""
    if action == Action.REPLACE:
        make_room(folder, name, delete=delete)
    os.symlink(target, name, dir_fd=folder)
    return _identity(folder, name, stat.S_IFLNK)


def make_special(folder: int, name: bytes, action: int, kind_and_device: tuple[str, int], *, delete: bool) -> Identity:
    """Make a fifo or a device that only we can use. Returns what it became; raises OSError, for devices unless we are root."""
    kind, device = kind_and_device
    if action == Action.REPLACE:
        make_room(folder, name, delete=delete)
    os.mknod(name, _TYPES[kind] | 0o600, 0 if kind == "fifo" else device, dir_fd=folder)
    return _identity(folder, name, _TYPES[kind])


def _identity(folder: int, name: bytes, kind: int) -> Identity:
    found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if stat.S_IFMT(found.st_mode) != kind:
        raise FileExistsError(0, "it was exchanged while it was made")
    return found.st_dev, found.st_ino
