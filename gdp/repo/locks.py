"""Locks in restic's sense, so that restic and we may use one repository at once.

Shared locks go together, an exclusive one stands alone. A lock is written, and after a short wait the list is read again: who
sees a conflict then withdraws. It is refreshed every five minutes by a new file that replaces the old one.
"""

import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gdp.core.crypto import MasterKey
from gdp.core.errors import RepositoryLocked, StorageDenied
from gdp.core.language import N_
from gdp.model.events import Emit, Note, ignore_events
from gdp.model.files import FileKind
from gdp.repo import lock_files
from gdp.repo.ahead import Listed, ReadAhead
from gdp.repo.lease import Lease
from gdp.repo.lock_files import LockFiles
from gdp.repo.lock_threads import Refresher, Settling
from gdp.repo.own_locks import OwnLocks
from gdp.storage.contract import Storage

ERROR_SECONDS = 5.0  # how long a failed block waits to learn whether somebody else's lock was the reason


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
    """Takes, keeps and gives back locks of one repository; ``files`` are what is stored of them."""

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
        self.files = LockFiles(storage, key, format_version, journal, sleep, emit)
        self._storage, self._sleep, self._emit, self._ahead = storage, sleep, emit, ahead
        self._stuck: set[str] = set()
        """those of dead runs of ours which we may not remove; they forbid nothing"""

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
            self.files.drop_all()

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
            self.files.drop(name)
            raise
        return name

    def _begin(self, taking: _Taking) -> tuple[str, float]:
        """Look and write a lock; return its name and when it was there."""
        try:
            self.files.clear_orphans()
        except StorageDenied:  # one that stays does no harm to anybody, unless it is exclusive
            if taking.exclusive:
                raise
            self._stuck = set(self.files.journal.orphans())
        listed = self._ahead.take(FileKind.LOCKS) if self._ahead else None
        self._refuse_conflicts(exclusive=taking.exclusive, ours="", listed=listed)
        name = self.files.write(exclusive=taking.exclusive)
        began = time.monotonic()
        taking.meanwhile()
        self._forget_ahead()
        return name, began

    def _settle(self, name: str, began: float, taking: _Taking) -> None:
        """Let a fresh lock be seen, and look again."""
        self._sleep(max(0.0, lock_files.SETTLE_SECONDS - (time.monotonic() - began)))
        self._refuse_conflicts(exclusive=taking.exclusive, ours=name)
        taking.when_sure()

    @contextmanager
    def _keep(self, name: str, lease: Lease, *, exclusive: bool) -> Iterator[None]:
        """Keep a lock that is sure fresh while the block runs."""
        refresher = Refresher(self.files, name, lease, exclusive=exclusive)
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
        refresher = Refresher(self.files, name, lease, exclusive=taking.exclusive)

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
        for seen in self.files.seen(but=ours, listed=listed):
            if seen.name not in self._stuck and seen.conflicts_with(exclusive=exclusive):
                self._forget_ahead()
                raise seen.as_error()

    def _forget_ahead(self) -> None:
        if self._ahead:
            self._ahead.clear()


def _do_nothing() -> None:
    """Where nobody wants to be called."""
