"""Small files that are whole or not there, whoever is killed meanwhile. For their owner alone."""

import contextlib
import os
import secrets
import time
from pathlib import Path

_TEMPORARY = ".new-"
_LEFTOVER_AGE_SECONDS = 3600.0  # a temporary file that old belongs to somebody who was killed


def write_whole(path: Path, contents: bytes) -> None:
    """Make or replace a file; it is safe on the disk when this returns. Raises OSError."""
    temporary = path.parent / f"{_TEMPORARY}{secrets.token_hex(8)}"
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as stream:
            stream.write(contents)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make a folder where it is missing. Raises OSError."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Let names that were given or taken in a folder outlast a power failure. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sweep(folder: Path) -> None:
    """Remove what killed writers left in a folder. Raises OSError."""
    for path in folder.glob(f"{_TEMPORARY}*"):
        with contextlib.suppress(FileNotFoundError):  # its writer was quicker
            if time.time() - path.stat().st_mtime > _LEFTOVER_AGE_SECONDS:
                path.unlink()
