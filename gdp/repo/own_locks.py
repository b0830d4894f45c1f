"""Remembers which locks in a repository are ours, so that those of a killed run can be cleared, and never anybody else's.

One small file a lock, named by it, in the home folder: process id, start time of the process, boot of the machine. Where a
full disk takes no note the lock is taken all the same: whoever has no room left may have to restore. Left behind by a kill such a
lock goes stale by its age.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from gdp.core.process_identity import process_identity


class OwnLocks:
    """The journal in one folder, which belongs to one repository."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def remember(self, name: str) -> None:
        """Note a lock before it is stored; so that after a power failure, too, it is known whose it is."""
        try:
            self._note(name)
        except OSError:
            self.forget(name)

    def _note(self, name: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self._folder / name).open("w") as note:
            note.write(process_identity(os.getpid()))
            note.flush()
            os.fsync(note.fileno())
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def forget(self, name: str) -> None:
        """Note that a lock is gone."""
        with contextlib.suppress(OSError):  # it was never noted; or the note stays, and of a lock that is gone it does no harm
            (self._folder / name).unlink()

    def held(self) -> list[str]:
        """Return the locks of this process."""
        ours = process_identity(os.getpid())
        return [name for name, identity in self._noted() if identity == ours]

    def orphans(self) -> Iterator[str]:
        """Yield the locks whose process does not live any more."""
        for name, identity in self._noted():
            pid = identity.partition(" ")[0]
            if not pid.isdigit() or process_identity(int(pid)) != identity:
                yield name

    def _noted(self) -> list[tuple[str, str]]:
        noted = []
        for entry in sorted(self._folder.iterdir()) if self._folder.is_dir() else ():
            with contextlib.suppress(FileNotFoundError):  # another run of ours has just given it back
                noted.append((entry.name, entry.read_text()))
        return noted
