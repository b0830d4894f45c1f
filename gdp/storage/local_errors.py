"""Errors of the operating system in our own words."""

import errno
import os

from gdp.core.errors import StorageDenied, StorageError, StorageFull, StorageUnreachable
from gdp.core.language import N_

_FULL = {errno.ENOSPC, errno.EDQUOT}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
_GONE = {errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENETUNREACH}
"""What a network share answers whose server is away."""


def translate_os_error(error: OSError, path: str) -> StorageError:
    """Return the error of ours for an operation on ``path`` that failed."""
    reason = os.strerror(error.errno) if error.errno is not None else str(error)
    if error.errno in _FULL:
        return StorageFull(
            N_("no room left for {path}: {reason}"),
            N_("Free some space, or use a larger disk."),
            path=path, reason=reason,
        )  # fmt: skip
    if error.errno in _DENIED:
        return StorageDenied(
            N_("no access to {path}: {reason}"),
            N_("Check owner and permissions, and whether the disk is mounted read-only."),
            path=path, reason=reason,
        )  # fmt: skip
    if error.errno in _GONE:
        return StorageUnreachable(
            N_("{path} is out of reach: {reason}"), N_("Check the network share's server."), path=path, reason=reason
        )
    return StorageError(N_("{path}: {reason}"), N_("Check the disk for errors."), path=path, reason=reason)
