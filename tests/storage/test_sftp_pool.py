"""Connections are dear: each is ten round trips and a process on the server. But nobody waits for ever to save one."""

import threading
from collections.abc import Callable

import pytest

from gdp.core.errors import StorageUnreachable
from gdp.core.language import N_
from gdp.storage import sftp_pool
from gdp.storage.sftp_pool import SessionPool
from gdp.storage.sftp_session import SftpSession
from tests.storage.sftp_server import SftpServer

PATIENCE_SECONDS = 60.0


class Connecting:
    """Opens sessions, each of which takes so many seconds by a clock of its own."""

    def __init__(self, seconds: float) -> None:
        self._server = SftpServer()
        self._seconds = seconds
        self._now = 0.0
        self.count = 0
        self.is_allowed = threading.Event()
        self.is_allowed.set()
        self.has_begun = threading.Event()

    def open(self) -> SftpSession:
        self.has_begun.set()
        self.is_allowed.wait(PATIENCE_SECONDS)
        self._now += self._seconds
        self.count += 1
        return self._server.open_session()

    def clock(self) -> float:
        return self._now


def in_thread(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def borrow_once(pool: SessionPool) -> None:
    with pool.borrow():
        pass


def test_a_session_that_is_soon_free_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two small packs at the end of a short run need one connection."""
    monkeypatch.setattr(sftp_pool, "LONGEST_WAIT_SECONDS", 10 * PATIENCE_SECONDS)
    connecting = Connecting(10 * PATIENCE_SECONDS)
    pool = SessionPool(connecting.open, 4, clock=connecting.clock)
    with pool.borrow():
        other = in_thread(lambda: borrow_once(pool))
    other.join(PATIENCE_SECONDS)

    assert not other.is_alive()
    assert connecting.count == 1


def test_who_has_waited_as_long_as_connecting_takes_gets_a_session_of_his_own() -> None:
    """Long operations run side by side."""
    connecting = Connecting(0.0)
    pool = SessionPool(connecting.open, 2, clock=connecting.clock)
    with pool.borrow():
        other = in_thread(lambda: borrow_once(pool))
        other.join(PATIENCE_SECONDS)

        assert not other.is_alive()
    assert connecting.count == 2


def test_who_waits_takes_the_session_that_is_free_first() -> None:
    """The last read of a run is not to wait for a new connection when the old one has nothing to do."""
    connecting = Connecting(0.0)
    pool = SessionPool(connecting.open, 2, clock=connecting.clock)
    with pool.borrow():
        connecting.is_allowed.clear()
        connecting.has_begun.clear()
        other = in_thread(lambda: borrow_once(pool))
        assert connecting.has_begun.wait(PATIENCE_SECONDS)
    other.join(PATIENCE_SECONDS)

    assert not other.is_alive()
    assert connecting.count == 1
    connecting.is_allowed.set()


def test_a_further_session_that_the_server_refuses_costs_nobody_an_operation() -> None:
    """Many servers allow few connections from one address."""
    connecting = Connecting(0.0)
    refused = threading.Event()

    def open_one() -> SftpSession:
        if connecting.count:
            refused.set()
            raise StorageUnreachable(N_("too many connections"))
        return connecting.open()

    pool = SessionPool(open_one, 4, clock=connecting.clock)
    failures: list[BaseException] = []

    def borrow_and_note() -> None:
        try:
            borrow_once(pool)
        except StorageUnreachable as error:
            failures.append(error)

    with pool.borrow():
        other = in_thread(borrow_and_note)
        assert refused.wait(PATIENCE_SECONDS)
    other.join(PATIENCE_SECONDS)

    assert not other.is_alive()
    assert failures == []


def test_there_are_never_more_sessions_than_allowed() -> None:
    """A server under load is not to be crowded."""
    connecting = Connecting(0.0)
    pool = SessionPool(connecting.open, 1, clock=connecting.clock)
    with pool.borrow():
        others = [in_thread(lambda: borrow_once(pool)) for _ in range(4)]
    for other in others:
        other.join(PATIENCE_SECONDS)

    assert not any(other.is_alive() for other in others)
    assert connecting.count == 1


def test_the_first_session_can_be_opened_ahead() -> None:
    """It is there by the time the first pack is full; who comes earlier waits for it, and opens no second one."""
    connecting = Connecting(0.0)
    connecting.is_allowed.clear()
    pool = SessionPool(connecting.open, 4, clock=connecting.clock)
    pool.prepare()
    pool.prepare()
    other = in_thread(lambda: borrow_once(pool))
    connecting.is_allowed.set()
    other.join(PATIENCE_SECONDS)
    borrow_once(pool)

    assert connecting.count == 1


def test_what_goes_wrong_ahead_is_said_by_the_first_operation() -> None:
    """A background thread has nobody to tell."""
    attempts: list[threading.Thread] = []

    def fail() -> SftpSession:
        attempts.append(threading.current_thread())
        raise StorageUnreachable(N_("the line is down"))

    pool = SessionPool(fail, 4)
    pool.prepare()
    with pytest.raises(StorageUnreachable, match="the line is down"):
        borrow_once(pool)

    assert threading.current_thread() in attempts


def test_a_session_opened_ahead_after_the_end_is_closed() -> None:
    """A run that was shorter than connecting leaves no connection behind."""
    connecting = Connecting(0.0)
    connecting.is_allowed.clear()
    opened: list[SftpSession] = []

    def open_and_note() -> SftpSession:
        opened.append(connecting.open())
        return opened[0]

    pool = SessionPool(open_and_note, 4)
    pool.prepare()
    pool.close()
    connecting.is_allowed.set()
    for thread in threading.enumerate():
        if thread.name == "connect":
            thread.join(PATIENCE_SECONDS)

    assert opened[0].is_broken
