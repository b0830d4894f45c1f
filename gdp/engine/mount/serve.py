"""Mounts snapshots and stays until they are unmounted. The only file that knows the FUSE library."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gdp.core.errors import BadInput, GdpError
from gdp.core.language import N_
from gdp.engine.mount.contents import MountedSnapshots
from gdp.engine.mount.operations import Operations
from gdp.repo.repository import Repository
from gdp.repo.snapshots import SnapshotFilter

_ENDED_BY_SIGNAL = 8  # what libfuse's main returns then; it has unmounted
_THREADS = 8


def mount(
    repo: Repository,
    mountpoint: Path,
    *,
    wanted: SnapshotFilter | None = None,
    allow_other: bool = False,
    on_ready: Callable[[], None] = lambda: None,
) -> None:
    """Show snapshots below a directory until it is unmounted, or SIGINT or SIGTERM arrives. Call it from the main thread.

    Args:
        repo: with its index loaded.
        mountpoint: an existing directory.
        wanted: which snapshots; None: all.
        allow_other: let other users in, within the permissions that files had.
        on_ready: called once the file system answers.

    Raises:
        BadInput: the mount point is no directory.
        GdpError: FUSE is not installed or refused.
    """
    if not mountpoint.is_dir():
        raise BadInput(N_("{path} is no directory to mount on"), path=str(mountpoint))
    fuse = _library()
    logging.getLogger(fuse.__name__).setLevel(logging.CRITICAL + 1)  # it logs every refused question with a traceback
    options: dict[str, Any] = {"foreground": True, "ro": True, "nosuid": True, "nodev": True, "fsname": "gdp", "use_ino": True}
    options |= {"default_permissions": True, "allow_other": allow_other}
    if (fuse.fuse_version_major, fuse.fuse_version_minor) >= (3, 12):
        # Its own defaults are out of its own range, and it says so on the screen.
        options |= {"max_threads": _THREADS, "max_idle_threads": _THREADS}
    operations = Operations(MountedSnapshots(repo, wanted or SnapshotFilter()), on_ready)
    try:
        fuse.FUSE(operations, str(mountpoint), **options)
    except RuntimeError as error:
        if error.args == (_ENDED_BY_SIGNAL,):
            return
        raise GdpError(
            N_("mounting on {path} failed"),
            N_("The message above, from FUSE, says why. Is it mounted already, or does /dev/fuse not exist?"),
            path=str(mountpoint),
        ) from error


def _library() -> Any:
    try:
        import mfusepy
    except (ImportError, OSError, AttributeError) as error:
        raise GdpError(
            N_("mounting needs FUSE, which cannot be loaded: {reason}"),
            N_("Install it, on Debian with 'apt install fuse3', and try again."),
            reason=str(error),
        ) from error
    return mfusepy
