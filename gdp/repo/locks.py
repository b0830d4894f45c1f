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
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from gdp.core.crypto import MasterKey
from gdp.core.errors import DamagedData, FileMissing, RepositoryLocked, StorageDenied, StorageError, StorageUnreachable
from gdp.core.gotext import encode_json, format_time
from gdp.core.language import N_
from gdp.model.events import Emit, Note, Problem, ignore_events
from gdp.model.files import FileKind, StoredFile
from gdp.model.records import LockFile
from gdp.repo.ahead import Listed, ReadAhead
from gdp.repo.lease import Lease
from gdp.repo.lock_threads import Refresher, Settling
from gdp.repo.own_locks import OwnLocks
from gdp.repo.seen_lock import SeenLock
from gdp.repo.unpacked import decode_unpacked, encode_unpacked
from gdp.storage.contract import Storage

SETTLE_SECONDS = 0.2  # restic's wait between writing a lock and looking again
ERROR_SECONDS = 5.0  # how long a failed block waits to learn whether somebody else's lock was the reason
UNREADABLE_WAITS_SECONDS = (5.0, 10.0, 20.0)  # a lock being written may look damaged for a moment


@contextmanager
def ignoring_hangup() -> Iterator[None]:
    """Ignore SIGHUP while the block runs: restic on this computer asks by it whether a lock's process lives. Main thread only."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@dataclass(frozen=True, slots=True)
class _Taking:
    """What is to be taken, and what is done on the way; see ``LockKeeper.hold``."""

    exclusive: bool
    meanwhile: Callable[[], None]
    when_sure: Callable[[], None]


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
        *,
        ahead: ReadAhead | None = None,
    ) -> None:
        """``emit`` is told of conflicts that are waited out, and of locks that stay behind since the line is down.

        ``ahead``: may have the list of locks for the very first look, which only saves the trouble of writing a lock in vain. Its
        lists are forgotten at the first conflict, and when the lock is there.
        """
        self._storage, self._key, self._version, self._journal = storage, key, format_version, journal
        self._sleep = sleep
        self._emit = emit
        self._ahead = ahead
        self._ours: set[str] = set()
        self._stuck: set[str] = set()
        """those of dead runs of ours which we may not remove; they forbid nothing"""
        """locks that are stored or about to be, and not given back yet"""

    @contextmanager
    def hold(
        self,
        *,
        exclusive: bool,
        lease: Lease,
        retry_seconds: float = 0.0,
        meanwhile: Callable[[], None] | None = None,
        when_sure: Callable[[], None] | None = None,
        begins_early: bool = False,
    ) -> Iterator[None]:
        """Hold a lock while the block runs; wrap the job in ``ignoring_hangup``.

        ``meanwhile`` may read, and is called in the time that a fresh lock takes to be sure; again after each conflict.
        ``when_sure`` is called then: it raises RepositoryLocked where what was read meanwhile does not hold any more.
        ``begins_early``: the block only reads, and need not wait until the lock is sure, unless conflicts are to be waited out.
        It asks ``lease.go_on`` now and then. A conflict ends it, whatever it made of what it read.
        Raises RepositoryLocked when the lock cannot be had within ``retry_seconds``.
        """
        taking = _Taking(exclusive, meanwhile or _do_nothing, when_sure or _do_nothing)
        try:
            with self._hurrying_after_failure():
                if begins_early and not retry_seconds:
                    holding = self._begin_early(taking, lease)
                else:
                    name = self._acquire_with_retry(taking, retry_seconds)
                    lease.confirm()
                    holding = self._keep(name, lease, exclusive=exclusive)
                with holding:
                    yield
        finally:
            self._drop_all()

    def seen(self, *, but: str = "", listed: Listed | None = None) -> list[SeenLock]:
        """Return every readable lock ``but`` one of ours, of those that are ``listed``, by default all that are stored.

        Empty files are skipped. Raises DamagedData for a lock that stays unreadable.
        """
        locks = []
        for name, size in self._storage.list(FileKind.LOCKS) if listed is None else listed:
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
        with contextlib.suppress(StorageDenied):  # it stays, which is told at the end
            self.drop(name)
        return fresh

    def let_be_seen(self) -> None:
        """Wait until whoever took a lock at the same moment must have seen a fresh one of ours."""
        time.sleep(SETTLE_SECONDS)

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
            except StorageDenied:  # the run itself is done, or has failed for a reason of its own
                self._ours.discard(name)
                hint = N_("Let the server allow it in the folder 'locks'; all else may stay forbidden.")
                sentence = N_("lock {name} stays in the repository, which lets nobody delete")
                self._emit(Problem(sentence, {"name": name[:8]}, hint=hint))
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

    def _acquire_with_retry(self, taking: _Taking, retry_seconds: float) -> str:
        waited, pause = 0.0, 5.0
        while True:
            try:
                return self._acquire(taking)
            except RepositoryLocked as error:
                if waited >= retry_seconds:
                    raise
                step = min(pause, retry_seconds - waited) * random.uniform(0.8, 1.0)
                facts: dict[str, object] = {"seconds": round(step), "reason": error}
                self._emit(Note(N_("{reason}; trying again in {seconds} s"), facts))
                self._sleep(step)
                waited, pause = waited + max(step, 0.01), min(pause * 2, 60.0)

    def _acquire(self, taking: _Taking) -> str:
        name, began = self._begin(taking)
        try:
            self._settle(name, began, taking)
        except RepositoryLocked:  # it may be tried again; else ``hold`` gives it back
            self.drop(name)
            raise
        return name

    def _begin(self, taking: _Taking) -> tuple[str, float]:
        """Look and write a lock; return its name and when it was there."""
        try:
            self.clear_orphans()
        except StorageDenied:  # one that stays does no harm to anybody, unless it is exclusive
            if taking.exclusive:
                raise
            self._stuck = set(self._journal.orphans())
        listed = self._ahead.take(FileKind.LOCKS) if self._ahead else None
        self._refuse_conflicts(exclusive=taking.exclusive, ours="", listed=listed)
        name = self.write_lock(exclusive=taking.exclusive)
        began = time.monotonic()
        taking.meanwhile()
        self._forget_ahead()
        return name, began

    def _settle(self, name: str, began: float, taking: _Taking) -> None:
        """Let a fresh lock be seen, and look again."""
        self._sleep(max(0.0, SETTLE_SECONDS - (time.monotonic() - began)))
        self._refuse_conflicts(exclusive=taking.exclusive, ours=name)
        taking.when_sure()

    @contextmanager
    def _keep(self, name: str, lease: Lease, *, exclusive: bool) -> Iterator[None]:
        """Keep a lock that is sure fresh while the block runs."""
        refresher = Refresher(self, name, lease, exclusive=exclusive)
        refresher.start()
        try:
            yield
        finally:
            refresher.stop()

    @contextmanager
    def _begin_early(self, taking: _Taking, lease: Lease) -> Iterator[None]:
        """Take a lock; let the block run while it settles, and keep it fresh."""
        lease.expect()
        name, began = self._begin(taking)
        refresher = Refresher(self, name, lease, exclusive=taking.exclusive)

        def settle() -> None:
            self._settle(name, began, taking)
            lease.confirm()
            refresher.start()

        settling = Settling(settle, lease)
        try:
            try:
                yield
            except Exception:
                settling.raise_error(ERROR_SECONDS)  # which may be why the block failed
                raise
            settling.raise_error()
        finally:
            refresher.stop()

    def _refuse_conflicts(self, *, exclusive: bool, ours: str, listed: Listed | None = None) -> None:
        for seen in self.seen(but=ours, listed=listed):
            if seen.name not in self._stuck and seen.conflicts_with(exclusive=exclusive):
                self._forget_ahead()
                raise seen.as_error()

    def _forget_ahead(self) -> None:
        if self._ahead:
            self._ahead.clear()

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


def _do_nothing() -> None:
    """Where nobody wants to be called."""


def _user_name() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
