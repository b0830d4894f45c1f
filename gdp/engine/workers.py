"""Worker processes: forked early, fed with messages, watched. Knows nothing about what they work on.

They are forked before the first thread, connection or key exists in this process, and open their own connections. A message is
whatever ``marshal`` takes: numbers, bytes, text, tuples, lists, dicts. Keep what is under way towards one worker well below
``PIPE_BYTES``: the parent never waits for a worker to read.
"""

import contextlib
import gc
import marshal
import os
import select
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from gdp.core.errors import GdpError
from gdp.core.language import N_
from gdp.engine.memory import keep_freed_memory

PIPE_BYTES = 4 << 20
GARBAGE_THRESHOLD = 100_000  # new objects between two looks for cycles, of which we make hardly any
DEATH_SECONDS = 5.0  # within which a process that closed its line is gone
_HEADER = struct.Struct("!cI")  # kind, bytes that follow
_COPIED_BYTES = 1 << 16  # below it one call to the system is cheaper than two
_MESSAGE, _ERROR = b"m", b"e"
_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # they may reach the whole group; the parent decides, and ends us


class Channel:
    """One end of the line between parent and worker. Sending is safe from several threads, receiving from one."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._sending = threading.Lock()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, PIPE_BYTES)

    def fileno(self) -> int:
        """Return the line's descriptor, for ``poll``."""
        return self._line.fileno()

    def send(self, message: Any) -> None:
        """Send a message to the other end."""
        self.send_encoded(marshal.dumps(message))

    def send_encoded(self, message: bytes) -> None:
        """Send what ``marshal.dumps`` made of a message."""
        self._send(_MESSAGE, message)

    def send_error(self, error: BaseException) -> None:
        """Send an error, which ``receive`` raises at the other end."""
        import pickle  # start-up time

        self._send(_ERROR, pickle.dumps(error))

    def receive(self) -> Any:
        """Return the next message. Raises what the other end sent as an error, and EOFError when it is gone."""
        kind, size = _HEADER.unpack(self._read(_HEADER.size))
        body = self._read(size)
        if kind == _ERROR:
            import pickle  # start-up time

            raise pickle.loads(body)  # noqa: S301 - from our own child process
        return marshal.loads(body)

    def has_message(self) -> bool:
        """Say whether ``receive`` would return, or raise, without waiting long."""
        return bool(_readable([self], 0.0))

    def close(self) -> None:
        """Close this end."""
        self._line.close()

    def _send(self, kind: bytes, body: bytes) -> None:
        with self._sending:
            head = _HEADER.pack(kind, len(body))
            if len(body) < _COPIED_BYTES:
                self._line.sendall(head + body)
            else:
                self._line.sendall(head)
                self._line.sendall(body)

    def _read(self, size: int) -> bytes:
        data = self._line.recv(size, socket.MSG_WAITALL) if size else b""
        while len(data) < size:  # a signal came between
            more = self._line.recv(size - len(data), socket.MSG_WAITALL)
            if not more:
                raise EOFError
            data += more
        return data


class WorkerPool:
    """``count`` processes that each run ``serve(channel)`` until it returns or the parent is gone."""

    def __init__(self, count: int, serve: Callable[[Channel], None]) -> None:
        self.channels: list[Channel] = []
        self._processes: dict[int, int] = {}
        """by number of the worker; those that have not been seen to end"""
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # else a worker would write it once more
        # An interrupt between fork and _run would make the worker tidy up in its parent's place.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _IGNORED)
        try:
            for number in range(count):
                ours, theirs = (Channel(line) for line in socket.socketpair())
                process = os.fork()
                if not process:
                    _run(serve, theirs, [*self.channels, ours])
                theirs.close()
                self.channels.append(ours)
                self._processes[number] = process
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def __len__(self) -> int:
        return len(self.channels)

    def receive(self, timeout_seconds: float | None = None) -> Iterator[tuple[int, Any]]:
        """Wait, then yield (number of the worker, message) for every worker that has one.

        Raises what a worker sent as an error, and GdpError when a worker died.
        """
        for number in _readable(self.channels, timeout_seconds):
            try:
                yield number, self.channels[number].receive()
            except (EOFError, ConnectionResetError) as error:
                raise GdpError(
                    N_("a worker process ended unexpectedly (exit code {code})"),
                    N_("Look into the system's log: a killed process often means that the memory was used up."),
                    code=self._exit_code(number),
                ) from error

    def broadcast(self, message: Any) -> None:
        """Send one message to every worker."""
        for channel in self.channels:
            channel.send(message)

    def close(self, *, at_once: bool = False) -> None:
        """End the workers: by closing their lines, so that they finish what they do; or at once."""
        for channel in self.channels:
            channel.close()
        for number, process in list(self._processes.items()):
            with contextlib.suppress(ProcessLookupError, ChildProcessError):  # an interrupted call of this has seen it end
                if at_once:
                    os.kill(process, signal.SIGKILL)
                os.waitpid(process, 0)
            del self._processes[number]
        self.channels = []

    def _exit_code(self, number: int) -> int | None:
        """Return what a worker whose line is closed ended with, negative for a signal; None: it has not ended."""
        until = time.monotonic() + DEATH_SECONDS
        while time.monotonic() < until:
            process, status = os.waitpid(self._processes[number], os.WNOHANG)
            if process:
                self._processes.pop(number)
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.01)
        return None


def worker_count() -> int:
    """Return how many workers suit this machine: a processor each, at least one, at most eight."""
    return max(1, min(8, len(os.sched_getaffinity(0))))


def _readable(channels: "list[Channel]", timeout_seconds: float | None) -> list[int]:
    """Return the places of those from which something can be received, or which have ended."""
    poll = select.poll()
    places = {channel.fileno(): place for place, channel in enumerate(channels)}
    for descriptor in places:
        poll.register(descriptor, select.POLLIN)
    ready = poll.poll(None if timeout_seconds is None else timeout_seconds * 1000)
    return [places[descriptor] for descriptor, _ in ready]


def _run(serve: Callable[[Channel], None], channel: Channel, inherited: list[Channel]) -> NoReturn:
    """Be a worker to the end of the process, which takes nothing apart and returns to nobody."""
    code = 1
    try:
        for other in inherited:
            other.close()  # else a worker would keep its siblings' lines open after the parent died
        _read_nothing()
        keep_freed_memory()
        gc.freeze()  # what the parent made is not looked at, and so stays shared
        gc.set_threshold(GARBAGE_THRESHOLD)
        for number in _IGNORED:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _IGNORED)
        _serve(serve, channel)
        threading._shutdown()  # type: ignore[attr-defined]  # as at the end of any process
        code = 0
    except BaseException:  # noqa: BLE001 there is no line to send it on
        import traceback  # start-up time

        traceback.print_exc()
    finally:
        os._exit(code)


def _read_nothing() -> None:
    """Give this process an empty standard input: what there is to read is the parent's."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    if nothing:
        os.dup2(nothing, 0)
        os.close(nothing)


def _serve(serve: Callable[[Channel], None], channel: Channel) -> None:
    try:
        serve(channel)
    except EOFError:
        return  # the parent is gone or has closed the line
    except BaseException as error:  # noqa: BLE001
        # The one place where a worker's errors go: to the parent, which raises them.
        with contextlib.suppress(OSError):
            channel.send_error(error)
