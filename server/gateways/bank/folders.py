"""The folders that a bank's program watches: what it lays down is read from ``in``, what is for the bank lies in ``out``.

A file is read once it has rested for a while, so that none is read half-written, and then moved to ``done`` or ``refused``.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

from server.domain.errors import SetupError
from server.domain.sentence import N_

RESTED_SECONDS = 5.0
MOST_BYTES = 256 * 2**20
_HALF = (".part", ".tmp", ".filepart", ".crdownload")


class BankFolders:
    """``in``, ``out``, ``done`` and ``refused`` below one folder."""

    def __init__(self, folder: Path, *, rested_seconds: float = RESTED_SECONDS) -> None:
        self._folder = folder
        self._rested = rested_seconds

    def incoming(self) -> Iterator[tuple[str, bytes]]:
        """Yield name and bytes of each file that has come whole. Links and what is hidden, larger or still written are left."""
        folder = self._below("in")
        for path in sorted(folder.iterdir()):
            if path.name.startswith(".") or path.suffix.lower() in _HALF or path.is_symlink() or not path.is_file():
                continue
            facts = path.stat()
            if facts.st_size <= MOST_BYTES and time.time() - facts.st_mtime >= self._rested:
                yield path.name, path.read_bytes()

    def done(self, name: str) -> None:
        """Put a file away that was read."""
        self._move(name, "done")

    def refuse(self, name: str, why: str) -> None:
        """Put a file away that cannot be used, with a note beside it."""
        path = self._move(name, "refused")
        path.with_name(f"{path.name}.txt").write_text(why + "\n", "utf-8")

    def lay_out(self, creditor: str, name: str, content: bytes) -> None:
        """Lay a file down for the bank, whole or not at all; one of this name that lies there is the same."""
        folder = self._below("out", creditor)
        half = folder / f".{name}.part"
        try:
            with half.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            half.replace(folder / name)
        except OSError as error:
            raise SetupError(N_("{path} cannot be written: {reason}"), path=folder, reason=error.strerror or error) from error

    def _move(self, name: str, to: str) -> Path:
        target = self._below(to) / name
        if target.exists():
            target = target.with_name(f"{time.time_ns()}-{name}")
        (self._below("in") / name).replace(target)
        return target

    def _below(self, *names: str) -> Path:
        folder = self._folder.joinpath(*names)
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise SetupError(N_("{path} cannot be written: {reason}"), path=folder, reason=error.strerror or error) from error
        return folder
