"""The lock files of one repository: read, written, replaced and removed. Judges no conflict; ``locks.py`` does.

Ours are known twice: those of this run, and in a journal on this computer those that a killed run may have left.
"""

import contextlib
import hashlib
import os
import pwd
import socket
import time
from collections.abc import Callable

import msgspec

from gdp.core.crypto import MasterKey
from gdp.core.errors import DamagedData, FileMissing, StorageDenied, StorageError, StorageUnreachable
from gdp.core.gotext import encode_json, format_time
from gdp.core.language import N_
from gdp.model.events import Emit, Problem, ignore_events
from gdp.model.files import FileKind, StoredFile
from gdp.model.records import LockFile
from gdp.repo.ahead import Listed
from gdp.repo.own_locks import OwnLocks
from gdp.repo.seen_lock import SeenLock
from gdp.repo.unpacked import decode_unpacked, encode_unpacked
from gdp.storage.contract import Storage

SETTLE_SECONDS = 0.2  # restic's wait between writing a lock and looking again
UNREADABLE_WAITS_SECONDS = (5.0, 10.0, 20.0)  # a lock being written may look damaged for a moment


class LockFiles:
    """All of them.

    Args:
        journal: of the locks that this installation has written.
        emit: is told of locks that stay behind.
    """

    def __init__(
        self,
        storage: Storage,
        key: MasterKey,
        format_version: int,
        journal: OwnLocks,
        sleep: Callable[[float], None] = time.sleep,
        emit: Emit = ignore_events,
    ) -> None:
        self._storage, self._key, self._version, self.journal = storage, key, format_version, journal
        self._sleep, self._emit = sleep, emit
        self._ours: set[str] = set()
        """locks that are stored or about to be, and not given back yet"""

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
        for name in self.journal.orphans():
            with contextlib.suppress(FileMissing):
                self._storage.remove(StoredFile(FileKind.LOCKS, name))
                cleared.append(name)
            self.journal.forget(name)
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

    def write(self, *, exclusive: bool) -> str:
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
        self.journal.remember(name)
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
        fresh = self.write(exclusive=exclusive)
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
        self.journal.forget(name)
        self._ours.discard(name)

    def drop_all(self) -> None:
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


def _user_name() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
