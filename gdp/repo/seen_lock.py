"""A lock as it is found in the repository: whom it keeps out, and whether anybody is behind it. Reads nothing itself."""

import os
import time

import msgspec

from gdp.core.errors import RepositoryLocked
from gdp.core.gotext import parse_time
from gdp.core.language import N_
from gdp.model.records import LockFile

STALE_SECONDS = 30 * 60.0
_LOCKED = N_("the repository is locked since {minutes} min by {user}@{host} (process {pid}, lock {name}, exclusive: {exclusive})")


class SeenLock(msgspec.Struct, frozen=True):
    """A lock in the repository."""

    name: str
    lock: LockFile

    def conflicts_with(self, *, exclusive: bool) -> bool:
        """Say whether it forbids a lock of ours."""
        return exclusive or self.lock.exclusive

    def is_stale(self, now_ns: int, hostname: str) -> bool:
        """Say whether nobody can be behind it any more: too old, or from a dead process of this computer."""
        if now_ns - parse_time(self.lock.time) > STALE_SECONDS * 1e9:
            return True
        return self.lock.hostname == hostname and not _is_alive(self.lock.pid)

    def as_error(self) -> RepositoryLocked:
        """Return the error of a run that it ends."""
        minutes = max(0, int((time.time_ns() - parse_time(self.lock.time)) / 60e9))
        return RepositoryLocked(
            _LOCKED,
            N_("Wait for it, give --retry-lock a time, or, when that process is gone for certain, run 'gdp unlock'."),
            minutes=minutes,
            user=self.lock.username,
            host=self.lock.hostname,
            pid=self.lock.pid,
            name=self.name[:8],
            exclusive="yes" if self.lock.exclusive else "no",
        )


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
