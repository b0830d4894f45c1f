"""A page of memory that the threads of this process share with processes forked from it later, and a lock for it.

The lock is one of the file behind the memory: unlike a semaphore it is set free when its holder is killed.
"""

import fcntl
import mmap
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class LockedMemory:
    """Make it before the fork; all zero at first."""

    def __init__(self) -> None:
        self._file = _open_nameless_file()
        os.ftruncate(self._file, mmap.PAGESIZE)
        self.memory = mmap.mmap(self._file, mmap.PAGESIZE)
        self._threads = threading.Lock()

    @contextmanager
    def locked(self) -> Iterator[mmap.mmap]:
        """Keep all others that ask for the lock out while the block runs."""
        with self._threads:  # the file's lock belongs to the process, not to the thread
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            try:
                yield self.memory
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the memory back; in this process only."""
        self.memory.close()
        os.close(self._file)


def _open_nameless_file() -> int:
    if hasattr(os, "memfd_create"):
        return os.memfd_create("gdp-shared")
    descriptor, path = tempfile.mkstemp(prefix="gdp-shared-")
    os.unlink(path)
    return descriptor
