"""Locks in restic's sense, so that restic and we may use one repository at once.

Shared locks go together, an exclusive one stands alone. A lock is written, and after a short wait the list is read again: who
sees a conflict then withdraws. It is refreshed every five minutes by a new file that replaces the old one.
"""

import contextlib
import hashlib
import os
import pwd
import random
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from gdp.core.crypto import MasterKey
from gdp.core.errors import DamagedData, FileMissing, RepositoryLocked, StorageError, StorageUnreachable
from gdp.core.gotext import encode_json, format_time, parse_time
from gdp.core.language import N_
from gdp.model.events import Emit, Note, Problem, ignore_events
from gdp.model.files import FileKind, StoredFile
from gdp.model.records import LockFile
from gdp.repo.lease import REFRESHABLE_SECONDS, Lease
from gdp.repo.own_locks import OwnLocks
from gdp.repo.unpacked import decode_unpacked, encode_unpacked
from gdp.storage.contract import Storage

SETTLE_SECONDS = 0.2  # restic's wait between writing a lock and looking again
REFRESH_SECONDS = 300.0
STALE_SECONDS = 30 * 60.0
TICK_SECONDS = 5.0  # how soon a resumed computer notices that it slept
ERROR_SECONDS = 5.0  # how long a failed block waits to learn whether somebody else's lock was the reason
UNREADABLE_WAITS_SECONDS = (5.0, 10.0, 20.0)  # a lock being written may look damaged for a moment


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


@contextmanager
def ignoring_hangup() -> Iterator[None]:
    """Ignore SIGHUP while the block runs: restic on this computer asks by it whether a lock's process lives. Main thread only."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


class LockKeeper:
    """Takes, refreshes and gives back locks of one repository."""

    def __init__(
        self,
        storage: Storage,
        key: MasterKey,
        format_version: int,
        journal: OwnLocks,
        sleep: Callable[[float], None] = time.sleep,
        emit: Emit = ignore_events,
    ) -> None:
        """``emit`` is told of conflicts that are waited out, and of locks that stay behind since the line is down."""
        self._storage, self._key, self._version, self._journal = storage, key, format_version, journal
        self._sleep = sleep
        self._emit = emit
        self._ours: set[str] = set()
        """locks that are stored or about to be, and not given back yet"""

    @contextmanager
    def hold(
        self,
        *,
        exclusive: bool,
        lease: Lease,
        retry_seconds: float = 0.0,
        meanwhile: Callable[[], None] | None = None,
        begins_early: bool = False,
    ) -> Iterator[None]:
        """Hold a lock while the block runs; wrap the job in ``ignoring_hangup``.

        ``meanwhile`` may read, and is called in the time that a fresh lock takes to be sure; again after each conflict.
        ``begins_early``: the block only reads, and need not wait until the lock is sure, unless conflicts are to be waited out.
        It asks ``lease.refuse_if_lost`` now and then. A conflict ends it, whatever it made of what it read.
        Raises RepositoryLocked when the lock cannot be had within ``retry_seconds``.
        """
        try:
            with self._hurrying_after_failure():
                if begins_early and not retry_seconds:
                    holding = self._begin_early(lease, meanwhile, exclusive=exclusive)
                else:
                    name = self._acquire_with_retry(exclusive, retry_seconds, meanwhile)
                    lease.confirm()
                    holding = self._keep(name, lease, exclusive=exclusive)
                with holding:
                    yield
        finally:
            self._drop_all()

    def seen(self, *, but: str = "") -> list[SeenLock]:
        """Return every readable lock ``but`` one of ours; raises DamagedData for one that stays unreadable.

        Empty files are skipped.
        """
        locks = []
        for name, size in self._storage.list(FileKind.LOCKS):
            if size and name != but and (lock := self._read(name)):
                locks.append(SeenLock(name, lock))
        return locks

    def clear_orphans(self) -> list[str]:
        """Remove the locks that killed runs of this installation left, and return their names."""
        cleared = []
        for name in self._journal.orphans():
            with contextlib.suppress(FileMissing):
                self._storage.remove(StoredFile(FileKind.LOCKS, name))
                cleared.append(name)
            self._journal.forget(name)
        return cleared

    def unlock(self, *, everything: bool) -> int:
        """Remove stale locks, or all; return how many. Unreadable ones go only with all."""
        removed = 0
        hostname = socket.gethostname()
        for name, size in list(self._storage.list(FileKind.LOCKS)):
            if not everything:
                try:
                    lock = self._read(name) if size else None
                except DamagedData:
                    continue
                if lock is None or not SeenLock(name, lock).is_stale(time.time_ns(), hostname):
                    continue
            with contextlib.suppress(FileMissing):
                self._storage.remove(StoredFile(FileKind.LOCKS, name))
                removed += 1
        return removed

    def write_lock(self, *, exclusive: bool) -> str:
        """Store a new lock of ours and return its name."""
        lock = LockFile(
            format_time(time.time_ns()),
            exclusive,
            socket.gethostname(),
            _user_name(),
            os.getpid(),
            os.getuid(),
            os.getgid(),
        )
        stored = encode_unpacked(self._key, encode_json(lock), format_version=self._version)
        name = hashlib.sha256(stored).hexdigest()
        self._journal.remember(name)
        self._ours.add(name)
        try:
            self._storage.write(StoredFile(FileKind.LOCKS, name), [stored])
        except StorageError:
            self._ours.discard(name)  # if it is there after all, the journal knows it, and the next run removes it
            raise
        return name

    def exists(self, name: str) -> bool:
        """Say whether a lock of ours is still there."""
        try:
            return self._storage.size(StoredFile(FileKind.LOCKS, name)) > 0
        except FileMissing:
            return False

    def replace(self, name: str, *, exclusive: bool) -> str:
        """Store a fresh lock, then remove the one it replaces; return the new name."""
        fresh = self.write_lock(exclusive=exclusive)
        self.drop(name)
        return fresh

    def drop(self, name: str) -> None:
        """Remove a lock of ours; harmless when it is gone."""
        with contextlib.suppress(FileMissing):
            self._storage.remove(StoredFile(FileKind.LOCKS, name))
        self._journal.forget(name)
        self._ours.discard(name)

    def _drop_all(self) -> None:
        """Remove every lock of ours, wherever an interruption came: while one was stored, replaced or removed."""
        try:
            self._drop_each()
        except KeyboardInterrupt:
            self._drop_each()
            raise

    def _drop_each(self) -> None:
        for name in sorted(self._ours):
            try:
                self.drop(name)
            except StorageUnreachable as error:  # must not stand in the place of what ended the run
                self._ours.discard(name)
                facts: dict[str, object] = {"name": name[:8], "reason": error}
                hint = N_("The next run from here removes it; elsewhere 'gdp unlock' does so after half an hour.")
                self._emit(Problem(N_("lock {name} is left in the repository: {reason}"), facts, hint=hint))

    @contextmanager
    def _hurrying_after_failure(self) -> Iterator[None]:
        """Let a run that fails, perhaps since the line is down, not wait for the line once more to give back its lock."""
        try:
            yield
        except BaseException:
            self._storage.hurry()
            raise

    def _acquire_with_retry(self, exclusive: bool, retry_seconds: float, meanwhile: Callable[[], None] | None) -> str:  # noqa: FBT001
        waited, pause = 0.0, 5.0
        while True:
            try:
                return self._acquire(exclusive, meanwhile)
            except RepositoryLocked as error:
                if waited >= retry_seconds:
                    raise
                step = min(pause, retry_seconds - waited) * random.uniform(0.8, 1.0)
                facts: dict[str, object] = {"seconds": round(step), "reason": error}
                self._emit(Note(N_("{reason}; trying again in {seconds} s"), facts))
                self._sleep(step)
                waited, pause = waited + max(step, 0.01), min(pause * 2, 60.0)

    def _acquire(self, exclusive: bool, meanwhile: Callable[[], None] | None) -> str:  # noqa: FBT001
        name, began = self._begin(meanwhile, exclusive=exclusive)
        try:
            self._settle(name, began, exclusive=exclusive)
        except RepositoryLocked:  # it may be tried again; else ``hold`` gives it back
            self.drop(name)
            raise
        return name

    def _begin(self, meanwhile: Callable[[], None] | None, *, exclusive: bool) -> tuple[str, float]:
        """Look and write a lock; return its name and when it was there."""
        self.clear_orphans()
        self._refuse_conflicts(exclusive=exclusive, ours="")
        name = self.write_lock(exclusive=exclusive)
        began = time.monotonic()
        if meanwhile is not None:
            meanwhile()
        return name, began

    def _settle(self, name: str, began: float, *, exclusive: bool) -> None:
        """Let a fresh lock be seen, and look again."""
        self._sleep(max(0.0, SETTLE_SECONDS - (time.monotonic() - began)))
        self._refuse_conflicts(exclusive=exclusive, ours=name)

    @contextmanager
    def _keep(self, name: str, lease: Lease, *, exclusive: bool) -> Iterator[None]:
        """Keep a lock that is sure fresh while the block runs."""
        refresher = _Refresher(self, name, lease, exclusive=exclusive)
        refresher.start()
        try:
            yield
        finally:
            refresher.stop()

    @contextmanager
    def _begin_early(self, lease: Lease, meanwhile: Callable[[], None] | None, *, exclusive: bool) -> Iterator[None]:
        """Take a lock; let the block run while it settles, and keep it fresh."""
        lease.expect()
        name, began = self._begin(meanwhile, exclusive=exclusive)
        refresher = _Refresher(self, name, lease, exclusive=exclusive)

        def settle() -> None:
            self._settle(name, began, exclusive=exclusive)
            lease.confirm()
            refresher.start()

        settling = _Settling(settle, lease)
        try:
            try:
                yield
            except Exception:
                settling.raise_error(ERROR_SECONDS)  # which may be why the block failed
                raise
            settling.raise_error()
        finally:
            refresher.stop()

    def _refuse_conflicts(self, *, exclusive: bool, ours: str) -> None:
        for seen in self.seen(but=ours):
            if seen.conflicts_with(exclusive=exclusive):
                raise _conflict(seen)

    def _read(self, name: str) -> LockFile | None:
        file = StoredFile(FileKind.LOCKS, name)
        for pause in (*UNREADABLE_WAITS_SECONDS, None):
            try:
                return msgspec.json.decode(decode_unpacked(self._key, file, self._storage.read(file)), type=LockFile)
            except FileMissing:
                return None
            except (DamagedData, msgspec.MsgspecError) as error:
                if pause is None:
                    raise DamagedData(
                        N_("lock {name} cannot be read"),
                        N_("If nobody uses the repository: 'gdp unlock --remove-all'."),
                        name=name,
                    ) from error
                self._sleep(pause)
        return None


class _Settling:
    """Makes sure of a lock in the background; what goes wrong makes the lease end and is kept for ``raise_error``."""

    def __init__(self, settle: Callable[[], None], lease: Lease) -> None:
        self._settle, self._lease = settle, lease
        self._error: BaseException | None = None
        self._has_ended = threading.Event()
        threading.Thread(target=self._run, name="settle", daemon=True).start()

    def raise_error(self, timeout_seconds: float | None = None) -> None:
        """Wait for the end and raise what went wrong."""
        self._has_ended.wait(timeout_seconds)
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self._settle()
        except BaseException as error:  # noqa: BLE001
            self._error = error  # raised where the block ends
            self._lease.give_up()
        finally:
            self._has_ended.set()


class _Refresher(threading.Thread):
    """Keeps a lock fresh, and after a sleep of the computer confirms or gives up."""

    def __init__(self, keeper: LockKeeper, name: str, lease: Lease, *, exclusive: bool) -> None:
        super().__init__(name="lock", daemon=True)
        self._keeper, self._exclusive, self._lease = keeper, exclusive, lease
        self._stopped = threading.Event()
        self.lock_name = name

    def run(self) -> None:
        while not self._stopped.wait(TICK_SECONDS):
            age = self._lease.age_seconds
            if age < REFRESH_SECONDS:
                continue
            try:
                if age > REFRESHABLE_SECONDS and not self._confirm_after_sleep():
                    self._lease.give_up()
                    return
                if age <= REFRESHABLE_SECONDS:
                    self.lock_name = self._keeper.replace(self.lock_name, exclusive=self._exclusive)
                self._lease.confirm()
            except StorageError:
                continue  # the next tick tries again; until then the lease's age stops every write in time

    def stop(self) -> None:
        self._stopped.set()
        if self.is_alive():
            self.join()

    def _confirm_after_sleep(self) -> bool:
        if not self._keeper.exists(self.lock_name):
            return False
        fresh = self._keeper.write_lock(exclusive=self._exclusive)
        time.sleep(SETTLE_SECONDS)
        still_there = self._keeper.exists(self.lock_name)
        if still_there:
            self._keeper.drop(self.lock_name)
            self.lock_name = fresh
        else:
            self._keeper.drop(fresh)
        return still_there


def _conflict(seen: SeenLock) -> RepositoryLocked:
    minutes = max(0, int((time.time_ns() - parse_time(seen.lock.time)) / 60e9))
    return RepositoryLocked(
        N_("the repository is locked since {minutes} min by {user}@{host} (process {pid}, lock {name}, exclusive: {exclusive})"),
        N_("Wait for it, give --retry-lock a time, or, when that process is gone for certain, run 'gdp unlock'."),
        minutes=minutes,
        user=seen.lock.username,
        host=seen.lock.hostname,
        pid=seen.lock.pid,
        name=seen.name[:8],
        exclusive="yes" if seen.lock.exclusive else "no",
    )


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _user_name() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
