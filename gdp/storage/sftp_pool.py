"""Lend SFTP sessions to threads. Never lends one that is broken or still owes somebody an answer.

Each session has a connection of its own: measured against one connection with several channels this is no slower on
loopback, the server decrypts in as many processes, and a connection that breaks takes only one operation with it.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gdp.core.errors import GdpError
from gdp.storage.sftp_session import GARBLED, SftpSession
from gdp.storage.sftp_wire import Garbled, Refused


class SessionPool:
    """At most so many sessions, opened when they are needed and kept for the next one who needs them.

    Args:
        open_session: connects; called by the thread that needs the session.
        size: how many sessions there are at most; who comes then waits for one to be given back.
    """

    def __init__(self, open_session: Callable[[], SftpSession], size: int) -> None:
        self._open_session = open_session
        self._places = threading.BoundedSemaphore(size)
        self._lock = threading.Lock()
        self._idle: list[SftpSession] = []
        self._is_closed = False

    @contextmanager
    def borrow(self) -> Iterator[SftpSession]:
        """Lend a session. After an error that leaves its state unclear it is closed instead of kept."""
        with self._places:
            session = self._take()
            try:
                yield session
            except (GdpError, Refused):
                session.forget_all()
                self._give_back(session)
                raise
            except Garbled as error:
                session.break_off(GARBLED, reason=str(error))
            except BaseException:  # a signal may have come in the middle of a message
                session.close()
                raise
            self._give_back(session)

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for session in idle:
            session.close()

    def _take(self) -> SftpSession:
        while True:
            with self._lock:
                if not self._idle:
                    break
                session = self._idle.pop()
            if session.is_idle:
                return session
            session.close()
        return self._open_session()

    def _give_back(self, session: SftpSession) -> None:
        with self._lock:
            if session.is_idle and not self._is_closed:
                self._idle.append(session)
                return
        session.close()
