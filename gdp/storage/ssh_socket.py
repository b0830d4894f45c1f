"""The TCP line below SSH: without delay, and never hanging. Knows nothing of SSH.

paramiko repeats a send that times out for as long as it takes. So the socket itself notices when nothing has moved for
too long and breaks off, which paramiko understands. Receiving goes through a buffer: paramiko asks for 16 bytes, then
for the rest of each packet, and every system call hands the interpreter to another thread. The system itself keeps the
time, where it can: Python would make two calls of each.
"""

import socket
import struct
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from gdp.core.errors import StorageUnreachable
from gdp.core.language import N_
from gdp.storage.contract import Buffer
from gdp.storage.ssh_config import Route

RECEIVE_BYTES = 256 << 10
WORTH_WAITING_BYTES = 32 << 10  # below that it is better to take whatever else is there
_GOODBYE_SECONDS = 5.0  # for a proxy command to end by itself


class WatchedSocket(socket.socket):
    """A connected socket that fails rather than hang.

    Args:
        connected: the socket to take over.
        stall_seconds: after this long without a byte accepted by the system, a send fails.
        process: the proxy command at the other end, to be ended with the line.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        connected: socket.socket,
        stall_seconds: float,
        *,
        process: "subprocess.Popen[bytes] | None" = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(connected.family, connected.type, connected.proto, fileno=connected.detach())
        self._stall_seconds = stall_seconds
        self._process = process
        self._clock = clock
        self._stalled_since: float | None = None
        self._held = b""
        self._at = 0
        self.is_greeting = True
        """the two ends still exchange small messages in turn; every byte is acknowledged at once"""

    def settimeout(self, value: float | None, /) -> None:
        """Set after how many seconds ``send`` and ``recv`` raise TimeoutError."""
        if value and value > 0:
            with suppress(OSError):  # not every system
                time_value = struct.pack("@ll", int(value), int(value % 1 * 1_000_000))
                self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, time_value)
                self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, time_value)
                value = None
        super().settimeout(value)

    def send(self, data: Buffer, flags: int = 0, /) -> int:  # type: ignore[override]
        return self._send_watched([data], flags)

    def send_all(self, parts: list[bytes]) -> None:
        """Send all the bytes, in as few calls as the system makes of it. Raises OSError: the line broke or has stalled."""
        sent = 0
        while parts:
            with suppress(TimeoutError):
                sent += self._send_watched(parts)
            if sent == sum(map(len, parts)):
                return
            if sent:
                parts, sent = [b"".join(parts)[sent:]], 0

    def _send_watched(self, parts: Sequence[Buffer], flags: int = 0) -> int:
        try:
            sent = self.sendmsg(parts, (), flags)
        except (TimeoutError, BlockingIOError) as error:
            now = self._clock()
            if self._stalled_since is None:
                self._stalled_since = now
            elif now - self._stalled_since >= self._stall_seconds:
                raise ConnectionAbortedError("the line has stalled") from error
            raise TimeoutError from error
        self._stalled_since = None
        return sent

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        if self._at >= len(self._held):
            try:
                self._held, self._at = super().recv(max(bufsize, RECEIVE_BYTES), flags), 0
            except BlockingIOError as error:
                raise TimeoutError from error
            if self.is_greeting:
                self._acknowledge_at_once()
        piece = self._held[self._at : self._at + bufsize]
        self._at += len(piece)
        return piece

    def receive_into(self, room: memoryview, at_least: int = 1, *, waits: bool = True) -> int | None:
        """Receive straight into memory, for who brings a buffer along.

        Args:
            room: where to put what comes.
            at_least: so many bytes are sure to come, so it is no use to wake up earlier. A time-out comes first, though.
            waits: whether to wait until the time-out when nothing is there.

        Returns:
            How many bytes came, 0 at the end; None when nothing came in time.
        """
        if self._at < len(self._held):
            piece = self.recv(len(room))
            room[: len(piece)] = piece
            return len(piece)
        flags = 0
        if not waits:
            size, flags = len(room), int(socket.MSG_DONTWAIT)
        elif at_least >= WORTH_WAITING_BYTES:
            size, flags = min(at_least, len(room)), int(socket.MSG_WAITALL)
        else:
            size = len(room)
        try:
            received = self.recv_into(room, size, flags)
        except (TimeoutError, BlockingIOError):
            return None
        if self.is_greeting:
            self._acknowledge_at_once()
        return received

    def _acknowledge_at_once(self) -> None:
        """Spare the login 40 ms: sshd holds back a small message until the one before is acknowledged (Nagle's algorithm), and
        we would wait for something to send along with that.
        """
        with suppress(OSError, AttributeError):  # Linux, and no proxy's socket
            self.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def close(self) -> None:
        with suppress(OSError):  # wakes paramiko's thread, which may be waiting in recv
            self.shutdown(socket.SHUT_RDWR)
        super().close()
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(_GOODBYE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def open_line(route: Route, *, connect_seconds: float, stall_seconds: float) -> WatchedSocket:
    """Connect to the server. Raises StorageUnreachable."""
    try:
        if route.command is not None:
            return _start_command(route.command, stall_seconds)
        connected = socket.create_connection((route.host, route.port), connect_seconds)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(OSError, AttributeError):  # Linux; elsewhere the keepalive's own answer has to do
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(stall_seconds * 1000))
        return WatchedSocket(connected, stall_seconds)
    except (OSError, UnicodeError) as error:
        raise StorageUnreachable(
            N_("{host}, port {port}, cannot be reached: {reason}"),
            N_("Check the address, the network and whether the server is running."),
            host=route.host, port=route.port, reason=getattr(error, "strerror", None) or error,
        ) from error  # fmt: skip


def _start_command(command: str, stall_seconds: float) -> WatchedSocket:
    """Run a proxy command as ssh does: its input and output are one socket, so that its end is noticed at once."""
    ours, theirs = socket.socketpair()
    with theirs:
        line = theirs.fileno()
        shell = ["/bin/sh", "-c", f"exec {command}"]
        process = subprocess.Popen(shell, stdin=line, stdout=line, stderr=subprocess.DEVNULL)
    return WatchedSocket(ours, stall_seconds, process=process)
