"""Moments at which a run can be stopped: before, during and after everything that changes a repository, in all its processes."""

import fcntl
import mmap
import os
import signal
import struct
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from gdp.bootstrap import storages
from gdp.model.files import StoredFile
from gdp.storage import local
from gdp.storage.contract import Buffer
from gdp.storage.local import LocalStorage

_COUNT, _FLAG = struct.Struct("<Q"), struct.Struct("<B")


class Points:
    """Counts the moments of a run over all its processes and threads, and acts at one of them.

    Args:
        journal: a file to which the name of each moment is appended.
        act_at: at which moment ``act`` is called: its number, or its name for the first of that name; None: never.
        act: what to do there, given this object; by default the whole process group is killed.
    """

    def __init__(self, journal: Path, act_at: int | str | None = None, act: "Callable[[Points], None] | None" = None) -> None:
        self._journal = journal
        self._act_at, self._act = act_at, act or kill_group
        self._main_process = 0
        journal.unlink(missing_ok=True)
        self._memory = mmap.mmap(-1, mmap.PAGESIZE)

    @property
    def names(self) -> list[str]:
        """The moments reached so far, such as ``before write index``."""
        return self._journal.read_text().splitlines() if self._journal.exists() else []

    @property
    def count(self) -> int:
        """How many were reached so far."""
        count: int = _COUNT.unpack_from(self._memory)[0]
        return count

    @property
    def is_over(self) -> bool:
        """Say whether the run came to its end without anything having been done to it."""
        return not self._has_acted

    @property
    def _has_acted(self) -> bool:
        return bool(_FLAG.unpack_from(self._memory, _COUNT.size)[0])

    def reach(self, name: str) -> None:
        """Note that a moment has come."""
        # A lock on a file is free again when its holder is killed, as workers are that are ended at once.
        descriptor = os.open(self._journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            number = self.count
            is_due = self._act_at in {number, name} and not self._has_acted
            _COUNT.pack_into(self._memory, 0, number + 1)
            os.write(descriptor, f"{name}\n".encode())
            if is_due:
                _FLAG.pack_into(self._memory, _COUNT.size, 1)
                self._act(self)  # before another process comes one step further
        finally:
            os.close(descriptor)

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> None:
        """Send a signal to the run's first process, as somebody does who knows only that one."""
        os.kill(self._main_process, number)

    def install(self) -> None:
        """Let every local storage that this process and its children make from now on report its moments."""
        points = self
        self._main_process = os.getpid()

        class Reporting(LocalStorage):
            def create_folders(self) -> None:
                points.reach("before create_folders")
                super().create_folders()
                points.reach("after create_folders")

            def write(self, file: StoredFile, parts: Collection[Buffer]) -> None:
                points.reach(f"before write {file.kind}")
                super().write(file, parts)
                points.reach(f"after write {file.kind}")

            def remove(self, file: StoredFile) -> None:
                points.reach(f"before remove {file.kind}")
                super().remove(file)
                points.reach(f"after remove {file.kind}")

        storages.LocalStorage = Reporting  # type: ignore[attr-defined]  # a name of its own there
        local.os = _System(points)  # type: ignore[attr-defined, assignment]


class _System:
    """The module ``os``, except that a rename is a moment: the file is whole and has not got its name yet."""

    def __init__(self, points: Points) -> None:
        self._points = points

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def rename(self, old: str, new: str) -> None:
        self._points.reach("before rename")
        os.rename(old, new)


def kill_group(_points: Points) -> None:
    """Kill this process and all that belong to its run, so that none of them can do anything more."""
    os.killpg(0, signal.SIGKILL)
