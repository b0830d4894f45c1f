"""Below SSH: a line that takes nothing any more must fail, since paramiko itself would try for ever."""

import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from gdp.core.errors import StorageUnreachable
from gdp.storage.ssh_config import Route
from gdp.storage.ssh_socket import WORTH_WAITING_BYTES, WatchedSocket, open_line


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def far_end() -> Iterator[socket.socket]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        _near.append(ours)
        yield theirs
        _near.clear()


_near: list[socket.socket] = []


def watched(clock: Clock) -> WatchedSocket:
    line = WatchedSocket(_near[0], 60.0, clock=clock)
    line.settimeout(0.001)
    return line


def fill(line: WatchedSocket) -> None:
    """Send until the system takes no more."""
    with suppress(TimeoutError):
        while True:
            line.send(bytes(1 << 20))


def test_a_line_that_takes_nothing_for_too_long_fails(far_end: socket.socket) -> None:
    """Paramiko repeats on a time-out, and gives up on any other error."""
    clock = Clock()
    with watched(clock) as line:
        fill(line)
        clock.now = 59.0
        with pytest.raises(TimeoutError):
            line.send(b"x")
        clock.now = 60.0
        with pytest.raises(ConnectionAbortedError):
            line.send(b"x")


def test_every_byte_taken_starts_the_patience_anew(far_end: socket.socket) -> None:
    """A slow line is not a dead one."""
    clock = Clock()
    with watched(clock) as line:
        fill(line)
        clock.now = 59.0
        far_end.recv(1 << 20)
        assert line.send(b"x") == 1
        fill(line)
        clock.now = 118.0
        with pytest.raises(TimeoutError):
            line.send(b"x")


def test_received_bytes_come_in_order_whatever_sizes_are_asked_for(far_end: socket.socket) -> None:
    """They pass through a buffer."""
    with watched(Clock()) as line:
        far_end.sendall(b"0123456789")

        assert [line.recv(3), line.recv(1), line.recv(100)] == [b"012", b"3", b"456789"]
        far_end.shutdown(socket.SHUT_WR)
        assert line.recv(5) == b""


def test_bytes_are_received_into_memory_behind_those_that_were_held_back(far_end: socket.socket) -> None:
    """The library begins, and asks for less than came."""
    room = memoryview(bytearray(100))
    with watched(Clock()) as line:
        far_end.sendall(b"0123456789")
        line.recv(4)
        assert (line.receive_into(room), bytes(room[:6])) == (6, b"456789")
        assert line.receive_into(room) is None
        assert line.receive_into(room, waits=False) is None
        far_end.sendall(b"abc")
        assert (line.receive_into(room, WORTH_WAITING_BYTES), bytes(room[:3])) == (3, b"abc")
        far_end.shutdown(socket.SHUT_WR)

        assert line.receive_into(room) == 0


def test_all_is_sent_however_little_the_system_takes_at_once(far_end: socket.socket) -> None:
    """Its buffer is smaller than what is on its way."""
    parts = [bytes((number,)) * 300_000 for number in range(8)]
    received = bytearray()

    def read() -> None:
        while len(received) < 2_400_000:
            received.extend(far_end.recv(50_000))

    reader = threading.Thread(target=read)
    with watched(Clock()) as line:
        reader.start()
        line.send_all(parts)
        reader.join()

    assert received == b"".join(parts)


def test_sending_all_is_given_up_on_a_line_that_takes_nothing(far_end: socket.socket) -> None:
    """Rather than tried for ever."""
    ticks = itertools.count(0.0, 30.0)
    with WatchedSocket(_near[0], 60.0, clock=lambda: next(ticks)) as line:
        line.settimeout(0.001)
        with pytest.raises(ConnectionAbortedError):
            line.send_all([bytes(1 << 20)] * 8)


def test_a_name_that_does_not_exist_is_unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The resolver comes back with the network; a laptop that wakes up asks too early."""

    def resolve(*_arguments: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(StorageUnreachable, match="Temporary failure"):
        open_line(Route("host.invalid", 22, "me", "host.invalid"), connect_seconds=5, stall_seconds=5)


def test_a_name_that_cannot_exist_is_no_crash() -> None:
    """A label of 70 letters makes the resolver's encoding fail, not the resolver."""
    with pytest.raises(StorageUnreachable):
        open_line(Route("a" * 70, 22, "me", "a"), connect_seconds=5, stall_seconds=5)


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="only Linux has it")
@pytest.mark.parametrize("is_greeting", [True, False])
def test_while_both_ends_greet_every_byte_is_acknowledged_at_once(is_greeting: bool) -> None:
    """Else sshd holds its next word back for 40 ms, at each connection; later we always have something to send."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as near:
        near.connect(listener.getsockname())
        with listener.accept()[0] as far, WatchedSocket(near, 60.0) as line:
            line.is_greeting = is_greeting
            for _ in range(3):  # in turn, so that the system takes it for a conversation
                far.sendall(b"x")
                line.recv(1)
                line.send(b"y")
                far.recv(1)
            far.sendall(b"x")
            line.recv(1)

            assert bool(line.getsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK)) is is_greeting
