"""Worker processes: forked early, fed with messages, watched. Knows nothing about what they work on.

They are forked before the first thread, connection or key exists in this process, and open their own connections. A message is
whatever ``marshal`` takes: numbers, bytes, text, tuples, lists, dicts. Keep what is under way towards one worker well below
``PIPE_BYTES``: the parent never waits for a worker to read.
"""

import contextlib
import gc
import marshal
import multiprocessing
import os
import pickle
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from gdp.core.errors import GdpError
from gdp.core.language import N_

PIPE_BYTES = 4 << 20
GARBAGE_THRESHOLD = 100_000  # new objects between two looks for cycles, of which we make hardly any
_MESSAGE, _ERROR = b"m", b"e"


class Channel:
    """One end of the line between parent and worker. Sending is safe from several threads, receiving from one."""

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self.connection = connection
        self._sending = threading.Lock()

    def send(self, message: Any) -> None:
        """Send a message to the other end."""
        self.send_encoded(marshal.dumps(message))

    def send_encoded(self, message: bytes) -> None:
        """Send what ``marshal.dumps`` made of a message."""
        self._send(_MESSAGE, message)

    def send_error(self, error: BaseException) -> None:
        """Send an error, which ``receive`` raises at the other end."""
        self._send(_ERROR, pickle.dumps(error))

    def receive(self) -> Any:
        """Return the next message. Raises what the other end sent as an error, and EOFError when it is gone."""
        raw = self.connection.recv_bytes()
        if raw[:1] == _ERROR:
            raise pickle.loads(raw[1:])  # noqa: S301 - from our own child process
        return marshal.loads(raw[1:])

    def _send(self, kind: bytes, body: bytes) -> None:
        with self._sending:
            self.connection.send_bytes(kind + body)


class WorkerPool:
    """``count`` processes that each run ``serve(channel)`` until it returns or the parent is gone."""

    def __init__(self, count: int, serve: Callable[[Channel], None]) -> None:
        context = multiprocessing.get_context("fork")
        self.channels: list[Channel] = []
        self._processes: list[BaseProcess] = []
        for _ in range(count):
            ours, theirs = context.Pipe()
            _widen(ours)
            _widen(theirs)
            inherited = [*self.channels, Channel(ours)]
            process = context.Process(target=_run, args=(serve, Channel(theirs), inherited), daemon=True)
            process.start()
            theirs.close()
            self.channels.append(Channel(ours))
            self._processes.append(process)

    def __len__(self) -> int:
        return len(self.channels)

    def receive(self, timeout_seconds: float | None = None) -> Iterator[tuple[int, Any]]:
        """Wait, then yield (number of the worker, message) for every worker that has one.

        Raises what a worker sent as an error, and GdpError when a worker died.
        """
        numbers = {channel.connection: number for number, channel in enumerate(self.channels)}
        for connection in wait(list(numbers), timeout_seconds):
            number = numbers[connection]  # type: ignore[index]
            try:
                yield number, self.channels[number].receive()
            except (EOFError, ConnectionResetError) as error:
                self._processes[number].join(5)
                raise GdpError(
                    N_("a worker process ended unexpectedly (exit code {code})"),
                    N_("Look into the system's log: a killed process often means that the memory was used up."),
                    code=self._processes[number].exitcode,
                ) from error

    def broadcast(self, message: Any) -> None:
        """Send one message to every worker."""
        for channel in self.channels:
            channel.send(message)

    def close(self, *, at_once: bool = False) -> None:
        """End the workers: by closing their lines, so that they finish what they do; or at once."""
        for channel in self.channels:
            channel.connection.close()
        for process in self._processes:
            if at_once:
                process.kill()
            process.join()
        self.channels, self._processes = [], []


def worker_count() -> int:
    """Return how many workers suit this machine: a processor each, at least one, at most eight."""
    return max(1, min(8, len(os.sched_getaffinity(0))))


def _run(serve: Callable[[Channel], None], channel: Channel, inherited: list[Channel]) -> None:
    for other in inherited:
        other.connection.close()  # else a worker would keep its siblings' lines open after the parent died
    gc.freeze()  # what the parent made is not looked at, and so stays shared
    gc.set_threshold(GARBAGE_THRESHOLD)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # they may reach the whole group; the parent decides, and ends us
    try:
        serve(channel)
    except EOFError:
        return  # the parent is gone or has closed the line
    except BaseException as error:  # noqa: BLE001
        # The one place where a worker's errors go: to the parent, which raises them.
        with contextlib.suppress(OSError):
            channel.send_error(error)


def _widen(connection: "Connection[Any, Any]") -> None:
    with socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, PIPE_BYTES)
