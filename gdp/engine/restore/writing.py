"""Makes and opens the files of a restore, and writes blocks into them. Names are looked up in open directories only."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from gdp.core.errors import GdpError
from gdp.core.language import N_
from gdp.engine.restore.existing import Action
from gdp.engine.restore.messages import Identity
from gdp.engine.restore.metadata import PRIVATE_MODE
from gdp.engine.restore.removal import make_room

HOLE_BYTES = 4096  # the page of common file systems: the smallest run of zeros worth a hole
_ZEROS = bytes(HOLE_BYTES)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_REOPEN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FATAL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def raise_if_hopeless(error: OSError) -> None:
    """Raise GdpError when every further file would fail the same way."""
    if error.errno in _FATAL:
        raise GdpError(
            N_("the target cannot be written to any more: {reason}"),
            N_("Make room; then run it again with --overwrite if-changed to go on."),
            reason=error.strerror or "",
        ) from error


def create_file(folder: int, name: bytes, action: int, *, delete: bool, mode: int = PRIVATE_MODE) -> int:
    """Make an empty file and return its descriptor. Raises OSError when something is there.

    ``mode`` is for directories that nobody else can enter; elsewhere only we may read what is not finished.
    """
    if action == Action.REPLACE:
        make_room(folder, name, delete=delete)
    return os.open(name, _CREATE, mode, dir_fd=folder)


def open_existing(folder: int, name: bytes, identity: Identity, access: int) -> int:
    """Open a file that was seen before. Raises OSError when it is not the same any more, or has other names.

    A file that may not be opened for writing is made writable first: its own mode is restored later.
    """
    try:
        descriptor = os.open(name, access | _REOPEN, dir_fd=folder)
    except PermissionError:
        with path_handle(folder, name, identity) as handle:
            os.chmod(handle, 0o600)
        descriptor = os.open(name, access | _REOPEN, dir_fd=folder)
    try:
        found = os.fstat(descriptor)
        _refuse_exchanged(found, identity)
        if not stat.S_ISREG(found.st_mode) or (found.st_nlink != 1 and access != os.O_RDONLY):
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


@contextmanager
def path_handle(folder: int, name: bytes, identity: Identity | None) -> Iterator[str]:
    """Yield a path that leads to exactly this entry, whatever its kind and mode, even if its name is exchanged meanwhile."""
    descriptor = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        if identity is not None:
            _refuse_exchanged(os.fstat(descriptor), identity)
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def write_at(descriptor: int, data: bytes | memoryview, offset: int) -> None:
    """Write all of ``data``, however many calls the system wants for it."""
    written = os.pwrite(descriptor, data, offset)
    while written < len(data):
        written += os.pwrite(descriptor, memoryview(data)[written:], offset + written)


def write_with_holes(descriptor: int, block: bytes | memoryview, offset: int) -> None:
    """Write ``block`` into a file of zeros, leaving out its runs of zeros. The caller sets the file's size."""
    data = bytes(block)
    view = memoryview(data)
    start = 0
    for position in range(0, len(data), HOLE_BYTES):
        if data.startswith(_ZEROS, position) or (len(data) - position < HOLE_BYTES and not any(view[position:])):
            if start < position:
                write_at(descriptor, view[start:position], offset + start)
            start = position + HOLE_BYTES
    if start < len(data):
        write_at(descriptor, view[start:], offset + start)


def _refuse_exchanged(found: os.stat_result, identity: Identity) -> None:
    if (found.st_dev, found.st_ino) != identity:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
