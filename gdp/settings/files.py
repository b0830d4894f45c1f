"""Settings files on the disk: read whole, replaced whole, by one writer at a time. Never looks at what they say.

A file is replaced by writing another beside it, which takes its name once it is safe on the disk: whoever reads, and whoever
comes back after a power failure, sees the old text or the new one. Where a name is a link, the file it leads to is replaced.
"""

import fcntl
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gdp.core.errors import BadInput, GdpError
from gdp.core.language import N_

LOCK_NAME = ".lock"
LOCK_SECONDS = 10.0  # a writer needs milliseconds; one that takes longer hangs
LARGEST_BYTES = 1 << 20
_PAUSE_SECONDS = 0.05
_HINT = N_("Use the account that owns the folder, or name another folder with --home.")


def read_text(path: Path) -> str:
    """Return what a file says. Raises FileNotFoundError, BadInput when it cannot be trusted or is no text, GdpError."""
    try:
        with path.open("rb") as stream:
            _refuse_if_others_write(path, os.fstat(stream.fileno()))
            raw = stream.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise GdpError(N_("{path} cannot be read: {reason}"), _HINT, path=path, reason=error.strerror or str(error)) from error
    if len(raw) > LARGEST_BYTES:
        raise BadInput(N_("{path} is too large for a settings file"), path=path)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadInput(N_("{path}, line {line}: this is not UTF-8 text"), path=path, line=line) from error


@contextmanager
def only_writer(folder: Path, wait_seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Make the folder if need be, and be its only writer while the block runs. Raises BadInput when somebody else stays it."""
    try:
        for missing in (folder.parent, folder):
            missing.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        _wait_for(lock, folder, wait_seconds)
        yield
    finally:
        os.close(lock)


def write_text(path: Path, text: str) -> None:
    """Replace a file, or make it, readable by its owner only. Raises GdpError. Its folder's ``only_writer`` calls it."""
    real = Path(os.path.realpath(path))
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as stream:
            _keep_owner(descriptor, real)
            stream.write(text.encode())
            stream.flush()
            os.fsync(descriptor)
        os.replace(temporary, real)
        _sync_folder(real.parent)
    except OSError as error:
        _remove_quietly(temporary)
        raise _unwritable(path, error) from error
    except BaseException:
        _remove_quietly(temporary)
        raise


def remove(path: Path) -> None:
    """Remove a file (of a link: the link). Raises FileNotFoundError, GdpError."""
    try:
        path.unlink()
        _sync_folder(path.parent)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _unwritable(path, error) from error


def _refuse_if_others_write(path: Path, facts: os.stat_result) -> None:
    """Settings name commands that run as us: nobody else may put some there."""
    if not stat.S_ISREG(facts.st_mode):
        raise BadInput(N_("{path} is no file"), path=path)
    if facts.st_mode & 0o022:
        raise BadInput(N_("{path} can be changed by other users"), N_("Run: chmod 600 {path}"), path=path)


def _wait_for(lock: int, folder: Path, wait_seconds: float) -> None:
    until = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if time.monotonic() >= until:
                raise BadInput(
                    N_("another program is changing the settings in {folder}"), N_("Try again in a moment."), folder=folder
                ) from error
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _keep_owner(descriptor: int, path: Path) -> None:
    """What root writes for somebody still belongs to him."""
    if os.geteuid() == 0:
        owner = os.stat(path if path.exists() else path.parent)
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_quietly(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return


def _unwritable(path: Path, error: OSError) -> GdpError:
    return GdpError(N_("{path} cannot be written: {reason}"), _HINT, path=path, reason=error.strerror or str(error))
