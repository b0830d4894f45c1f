"""How long our lock is good for, visible to every process of a run. Never talks to the storage.

A computer that slept may have lost its lock: others treat a lock that was not refreshed as stale. So every write asks here first,
and after a long pause waits until the process that holds the lock has confirmed it. It waits as well while the lock is
still being taken, and while somebody has paused the run: the lock goes on being confirmed then.
"""

import mmap
import struct
import time
from collections.abc import Callable, Collection

from gdp.core.errors import RepositoryLocked
from gdp.core.language import N_
from gdp.model.files import FileKind, StoredFile
from gdp.storage.contract import Buffer, Storage
from gdp.storage.wrapper import StorageWrapper

REFRESHABLE_SECONDS = 22.5 * 60  # restic's bound: beyond it a lock must be confirmed before anything is written
_CONFIRM_WAIT_SECONDS = 120.0
_PENDING_STEP_SECONDS = 0.005  # a fresh lock is sure after a fifth of a second
_PAUSED_STEP_SECONDS = 0.2
_PAUSED_AT = 8  # behind the moment
_LOST = -1.0
_PENDING = -2.0
_TIME = struct.Struct("<d")


def boot_clock() -> float:
    """Seconds since boot, time asleep included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Lease:
    """One moment in memory that forked processes share: when the lock was last confirmed. And whether the run is paused."""

    def __init__(self, clock: Callable[[], float] = boot_clock, sleep: Callable[[float], None] = time.sleep) -> None:
        self._memory = mmap.mmap(-1, mmap.PAGESIZE)
        self._clock, self._sleep = clock, sleep
        self.confirm()

    def expect(self) -> None:
        """Note that there is no lock yet, but soon will be; writes wait until it is confirmed."""
        _TIME.pack_into(self._memory, 0, _PENDING)

    def confirm(self) -> None:
        """Note that the lock exists now."""
        _TIME.pack_into(self._memory, 0, self._clock())

    def give_up(self) -> None:
        """Note that the lock is gone; every later write fails."""
        _TIME.pack_into(self._memory, 0, _LOST)

    @property
    def age_seconds(self) -> float:
        """Time since the lock was last confirmed; infinite before that, and once it was given up."""
        return float("inf") if self._moment < 0 else self._clock() - self._moment

    @property
    def is_lost(self) -> bool:
        """Say whether the lock was given up."""
        return self._moment == _LOST

    def pause(self) -> None:
        """Let the run stop where it asks next, until ``resume``."""
        self._memory[_PAUSED_AT] = True

    def resume(self) -> None:
        """Let it go on."""
        self._memory[_PAUSED_AT] = False

    def go_on(self) -> None:
        """Return unless the lock was given up; a lock that is still being taken is no reason to stop. Raises RepositoryLocked.

        Waits while the run is paused.
        """
        self._wait_while_paused()
        if self.is_lost:
            raise _lost()

    def require(self) -> None:
        """Return when the lock is known to be good, and the run is not paused. Raises RepositoryLocked when it is lost."""
        self._wait_while_paused()
        waited = 0.0
        while self.age_seconds > REFRESHABLE_SECONDS:
            moment = self._moment
            if moment == _LOST or waited >= _CONFIRM_WAIT_SECONDS:
                raise _lost()
            step = _PENDING_STEP_SECONDS if moment == _PENDING else 1.0
            self._sleep(step)
            waited += step

    def _wait_while_paused(self) -> None:
        while self._memory[_PAUSED_AT]:
            self._sleep(_PAUSED_STEP_SECONDS)

    @property
    def _moment(self) -> float:
        moment: float = _TIME.unpack_from(self._memory)[0]
        return moment


class LeasedStorage(StorageWrapper):
    """A storage that writes and removes only while the lock is good."""

    def __init__(self, inner: Storage, lease: Lease) -> None:
        super().__init__(inner)
        self._lease = lease

    def write(self, file: StoredFile, parts: Collection[Buffer]) -> None:
        """See Storage. Raises RepositoryLocked when the lock is lost."""
        if file.kind is not FileKind.LOCKS:
            self._lease.require()
        self._inner.write(file, parts)

    def remove(self, file: StoredFile) -> None:
        """See Storage. Raises RepositoryLocked when the lock is lost."""
        if file.kind is not FileKind.LOCKS:
            self._lease.require()
        self._inner.remove(file)


def _lost() -> RepositoryLocked:
    return RepositoryLocked(
        N_("our lock on the repository was lost during a long pause; the run stopped before it could do harm"),
        N_("Run it again: what was stored already is found and kept."),
    )
