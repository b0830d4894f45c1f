"""What goes on in the background while a lock is held: it is made sure of, and kept fresh. Judges no conflict itself."""

import threading
from collections.abc import Callable

from gdp.core.errors import StorageError
from gdp.repo.lease import REFRESHABLE_SECONDS, Lease
from gdp.repo.lock_files import LockFiles

REFRESH_SECONDS = 300.0
TICK_SECONDS = 5.0  # how soon a resumed computer notices that it slept


class Settling:
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


class Refresher(threading.Thread):
    """Keeps a lock fresh, and after a sleep of the computer confirms or gives up."""

    def __init__(self, files: LockFiles, name: str, lease: Lease, *, exclusive: bool) -> None:
        super().__init__(name="lock", daemon=True)
        self._files, self._exclusive, self._lease = files, exclusive, lease
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
                    self.lock_name = self._files.replace(self.lock_name, exclusive=self._exclusive)
                self._lease.confirm()
            except StorageError:
                continue  # the next tick tries again; until then the lease's age stops every write in time

    def stop(self) -> None:
        self._stopped.set()
        if self.is_alive():
            self.join()

    def _confirm_after_sleep(self) -> bool:
        if not self._files.exists(self.lock_name):
            return False
        fresh = self._files.write(exclusive=self._exclusive)
        self._files.let_be_seen()
        still_there = self._files.exists(self.lock_name)
        if still_there:
            self._files.drop(self.lock_name)
            self.lock_name = fresh
        else:
            self._files.drop(fresh)
        return still_there
