"""Lend SFTP sessions to threads. Never lends one that is broken or still owes somebody an answer.

Each session has a connection of its own: measured against one connection with several channels this is no slower on
loopback, the server decrypts in as many processes, and a connection that breaks takes only one operation with it.

Connecting costs ten round trips and processor time at both ends, as much as several small files. So another session is opened
only when threads have waited for one as long, together, as opening it takes. It is opened in the background: whoever waits takes
the session that is free first, and a server that allows no further one costs nobody an operation.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from gdp.core.errors import GdpError
from gdp.storage.sftp_session import GARBLED, SftpSession
from gdp.storage.sftp_wire import Garbled, Refused

LONGEST_WAIT_SECONDS = 2.0  # opening may have taken longer because a person was asked for a password


class SessionPool:
    """At most so many sessions, opened when they are needed and kept for the next one who needs them.

    Args:
        open_session: connects; called by the thread that needs the session.
        size: how many sessions there are at most; who comes then waits for one to be given back.
        clock: seconds, monotonic.
    """

    def __init__(
        self, open_session: Callable[[], SftpSession], size: int, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._open_session = open_session
        self._size = size
        self._clock = clock
        self._changed = threading.Condition()
        self._idle: list[SftpSession] = []
        self._count = 0
        """sessions that are idle, lent, or being opened"""
        self._opening_seconds: float | None = None
        """what opening one takes; None: not known yet"""
        self._waited_seconds = 0.0
        """by all threads, since it was last tried to open a session for those who wait"""
        self._is_opening_another = False
        """in the background, for those who wait; never two at a time"""
        self._is_closed = False

    @contextmanager
    def borrow(self) -> Iterator[SftpSession]:
        """Lend a session. After an error that leaves its state unclear it is closed instead of kept."""
        session = self._take()
        try:
            yield session
        except (GdpError, Refused):
            session.forget_all()
            raise
        except Garbled as error:
            session.break_off(GARBLED, reason=str(error))
        except BaseException:  # a signal may have come in the middle of a message
            session.close()
            raise
        finally:
            self._give_back(session)

    def prepare(self) -> None:
        """Open the first session in the background, unless there is one. An error is left to whoever needs the session."""
        with self._changed:
            if self._count or self._is_closed:
                return
            self._count += 1
        threading.Thread(target=self._open_ahead, name="connect", daemon=True).start()

    def close(self) -> None:
        """Hang up."""
        with self._changed:
            self._is_closed = True
            idle, self._idle = self._idle, []
            self._count -= len(idle)
        for session in idle:
            session.close()

    def _take(self) -> SftpSession:
        with self._changed:
            while True:
                if (session := self._pop_idle()) is not None:
                    return session
                if not self._count:
                    self._count = 1
                    break
                if self._should_open_another():
                    self._open_another()
                self._wait()
        return self._open()

    def _pop_idle(self) -> SftpSession | None:
        while self._idle:
            session = self._idle.pop()
            if session.is_idle:
                return session
            self._count -= 1
            session.close()
        return None

    def _can_open_another(self) -> bool:
        return self._count < self._size and self._opening_seconds is not None and not self._is_opening_another

    def _should_open_another(self) -> bool:
        return self._can_open_another() and self._waited_seconds >= (self._opening_seconds or 0.0)

    def _open_another(self) -> None:
        self._count += 1
        self._waited_seconds = 0.0
        self._is_opening_another = True
        threading.Thread(target=self._open_ahead, name="connect", daemon=True).start()

    def _wait(self) -> None:
        """Wait until a session is given back, or until it is worth while to open another."""
        price = self._opening_seconds
        began = self._clock()
        self._changed.wait(price - self._waited_seconds if price is not None and self._can_open_another() else None)
        if price is not None:
            self._waited_seconds += self._clock() - began

    def _open(self) -> SftpSession:
        began = self._clock()
        try:
            session = self._open_session()
        except BaseException:
            with self._changed:
                self._count -= 1
                self._changed.notify_all()
            raise
        with self._changed:
            self._opening_seconds = min(self._clock() - began, LONGEST_WAIT_SECONDS)
            self._waited_seconds = 0.0
            self._changed.notify_all()
        return session

    def _open_ahead(self) -> None:
        try:
            with suppress(GdpError):
                self._give_back(self._open())
        finally:
            with self._changed:
                self._is_opening_another = False
                self._changed.notify_all()

    def _give_back(self, session: SftpSession) -> None:
        with self._changed:
            is_kept = session.is_idle and not self._is_closed
            if is_kept:
                self._idle.append(session)
            else:
                self._count -= 1
            self._changed.notify_all()
        if not is_kept:
            session.close()
