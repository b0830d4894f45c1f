"""A TCP relay for tests: the line can be cut after so many bytes, or fall silent without being cut."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Relay:
    """Passes bytes on to a port of 127.0.0.1.

    Args:
        target_port: where to.
    """

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._cut_after: int | None = None
        self.damages_next = False
        """Change a bit of the next bytes that go down."""
        self.connections = 0
        """How many were accepted."""
        self.carried: list[tuple[float, int, int]] = []
        """When (seconds, monotonic) how many bytes went up, and how many down."""
        self.is_open = threading.Event()
        """While it is not set, nothing moves."""
        self.is_open.set()
        self.port = int(self._listener.getsockname()[1])
        self._start(self._accept)

    def cut_after(self, count: int) -> None:
        """Cut every line once, when so many more bytes have moved in both directions together."""
        with self._lock:
            self._cut_after = count

    def close(self) -> None:
        """End everything."""
        self.is_open.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join()
        for each in self._sockets:
            each.close()

    def _start(self, work, *arguments) -> None:  # type: ignore[no-untyped-def]  # whatever the thread does
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                ours, _ = self._listener.accept()
                self.connections += 1
                theirs = socket.create_connection(("127.0.0.1", self._target_port))
                self._sockets += [ours, theirs]
                self._start(self._pump, ours, theirs, True)
                self._start(self._pump, theirs, ours, False)

    def _pump(self, source: socket.socket, sink: socket.socket, is_up: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                self.is_open.wait()
                self.carried.append((time.monotonic(), len(data) if is_up else 0, 0 if is_up else len(data)))
                self._count(len(data))
                if self.damages_next and not is_up:
                    self.damages_next = False
                    data = data[:-1] + bytes((data[-1] ^ 1,))
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _count(self, size: int) -> None:
        with self._lock:
            if self._cut_after is None:
                return
            self._cut_after -= size
            if self._cut_after > 0:
                return
            self._cut_after = None
        self.cut()

    def cut(self) -> None:
        """Cut every line now."""
        for each in list(self._sockets):  # not those of who comes back while we are cutting
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@contextmanager
def run_relay(target_port: int) -> Iterator[Relay]:
    """Run a relay for the time of a test."""
    relay = Relay(target_port)
    try:
        yield relay
    finally:
        relay.close()
