"""Worker processes: messages there and back, errors, deaths, ends."""

import os
import signal
import sys
import time

import pytest

from gdp.core.errors import BadInput, GdpError
from gdp.engine.workers import Channel, WorkerPool
from tests.engine.crafted import ClosingPool


def answers(pool: WorkerPool, count: int) -> list[tuple[int, object]]:
    """Return the next messages."""
    found: list[tuple[int, object]] = []
    while len(found) < count:
        found += pool.receive(10.0)
    return found


def echo(channel: Channel) -> None:
    """Send back what comes."""
    while True:
        channel.send(channel.receive())


def test_messages_come_back_as_they_went() -> None:
    """Also what is larger than the line holds at once, and what is empty."""
    with ClosingPool(WorkerPool(2, echo)) as pool:
        for message in ((), b"", ("text", 1, None, [b"x" * (9 << 20)])):
            pool.broadcast(message)

            assert sorted(number for number, said in answers(pool, 2) if said == message) == [0, 1]


def test_an_error_in_a_worker_is_raised_in_the_parent() -> None:
    """With its facts, so that it can be said in the user's language."""

    def fail(channel: Channel) -> None:
        channel.receive()
        raise BadInput("no {what}", what="way")

    with ClosingPool(WorkerPool(1, fail)) as pool:
        pool.broadcast(1)
        with pytest.raises(BadInput, match="no way"):
            answers(pool, 1)


def test_a_worker_that_was_killed_is_named_with_its_signal() -> None:
    """The system kills whoever uses up the memory."""

    def die(channel: Channel) -> None:
        channel.receive()
        os.kill(os.getpid(), signal.SIGKILL)

    with ClosingPool(WorkerPool(2, die)) as pool:
        pool.channels[1].send(1)
        with pytest.raises(GdpError, match=r"exit code -9"):
            answers(pool, 1)


def test_closing_lets_workers_finish_what_they_do() -> None:
    """A pack that is being written is worth keeping."""
    readable, writable = os.pipe()

    def finish(channel: Channel) -> None:
        try:
            channel.receive()
        finally:
            time.sleep(0.05)
            os.write(writable, b"done")

    WorkerPool(1, finish).close()

    assert os.read(readable, 9) == b"done"
    os.close(readable)
    os.close(writable)


def test_closing_at_once_waits_for_nobody() -> None:
    """Whoever lost the lock may not write any more."""
    pool = WorkerPool(2, lambda _channel: time.sleep(3600))
    pool.close(at_once=True)
    pool.close(at_once=True)

    assert len(pool) == 0


def test_workers_ignore_what_ends_their_parent_and_read_nothing() -> None:
    """Ctrl-C reaches the whole group; standard input belongs to the parent."""

    def serve(channel: Channel) -> None:
        channel.receive()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(os.getpid(), number)
        channel.send(os.read(0, 10))

    with ClosingPool(WorkerPool(1, serve)) as pool:
        pool.broadcast(1)

        assert answers(pool, 1) == [(0, b"")]
        assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()


def test_what_was_said_before_the_fork_is_said_once(capfd: pytest.CaptureFixture[str]) -> None:
    """A worker inherits what its parent has not written yet."""
    stream, sys.stdout = sys.stdout, os.fdopen(os.dup(1), "w")
    try:
        sys.stdout.write("once")
        with ClosingPool(WorkerPool(2, lambda _channel: sys.stdout.flush())):
            pass
    finally:
        sys.stdout.close()
        sys.stdout = stream

    assert capfd.readouterr().out == "once"


def test_a_worker_says_when_more_has_come() -> None:
    """It begins the next job beside the current one only when there is one."""

    def serve(channel: Channel) -> None:
        first = channel.receive()
        before = channel.has_message()
        channel.send(first)
        channel.receive()
        channel.send(before)

    with ClosingPool(WorkerPool(1, serve)) as pool:
        pool.broadcast(1)
        assert answers(pool, 1) == [(0, 1)]
        assert not pool.channels[0].has_message()
        pool.broadcast(2)

        assert answers(pool, 1) == [(0, False)]
