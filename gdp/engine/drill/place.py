"""A temporary place for restored files, which nobody else can enter, and which is always removed again.

A drill that was killed leaves its place behind; the next one removes it. A lock on the folder tells whose drill still lives.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gdp.core.errors import GdpError
from gdp.core.language import N_
from gdp.model.events import Emit, Problem

_PREFIX = "gdp-drill-"
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def temporary_place(folder: Path, needed_bytes: int, emit: Emit) -> Iterator[Path]:
    """Yield a new directory in ``folder``, which is made if need be. What cannot be removed afterwards is told.

    Raises GdpError when it cannot be made, or when there is no room for ``needed_bytes``.
    """
    try:
        place, lock = _make(folder)
    except OSError as error:
        raise GdpError(
            N_("no temporary folder can be made in {folder}: {reason}"),
            N_("Name another folder with --folder."),
            folder=folder,
            reason=error.strerror or str(error),
        ) from error
    try:
        _refuse_if_full(folder, needed_bytes)
        yield place
    finally:
        if reason := _remove(place):
            sentence = N_("the temporary folder {folder} could not be removed: {reason}")
            emit(Problem(sentence, {"folder": str(place), "reason": reason}, hint=N_("Remove it by hand.")))
        os.close(lock)


def open_up(place: Path) -> None:
    """Let us into every directory and file below a place, whatever permissions were restored with them."""
    for folder, folders, files in os.walk(place):
        for name in folders:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                os.chmod(path, 0o700)
        for name in files:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                os.chmod(path, 0o600)


def _make(folder: Path) -> tuple[Path, int]:
    """Return the new place and the descriptor that holds its lock."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    guard = os.open(folder, _OPEN & ~os.O_NOFOLLOW)
    try:
        fcntl.flock(guard, fcntl.LOCK_EX)  # else somebody could take a place that has no lock yet for a dead one's
        for left in folder.glob(f"{_PREFIX}*"):
            _remove_if_abandoned(left)
        place = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
        lock = os.open(place, _OPEN)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(guard)
    return place, lock


def _remove_if_abandoned(left: Path) -> None:
    with suppress(OSError):
        lock = os.open(left, _OPEN)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(left)
        finally:
            os.close(lock)


def _remove(place: Path) -> str:
    """Remove a place; return why that failed, or nothing."""
    with suppress(OSError):
        open_up(place)
    try:
        shutil.rmtree(place)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _refuse_if_full(folder: Path, needed_bytes: int) -> None:
    found = os.statvfs(folder)
    free = found.f_bavail * found.f_frsize
    if free < needed_bytes:
        raise GdpError(
            N_("{folder} has room for {free:byte|bytes}, and the drill needs {needed:byte|bytes}"),
            N_("Make room, name another folder with --folder, or draw less with --size."),
            folder=folder,
            free=free,
            needed=needed_bytes,
            reason="No space left on device",
        )
