"""Ties a run that the daemon started to the daemon: it ends with the daemon, however that ends, and is paused by it.

Its standard input is a pipe that only the daemon holds. When the daemon dies, the system closes the pipe and sends us SIGIO,
which counts as Ctrl-C: the run ends cleanly, gives its lock back, and the next one goes on. What the daemon writes into the pipe
are single letters (``gdp/model/lifeline.py``). No thread waits for it, since workers are forked later. Linux.
"""

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Protocol

from gdp.model.lifeline import PAUSE

VARIABLE = "GDP_LIFELINE"
_held: list[int] = []


class Pausable(Protocol):
    """A run, or what it waits for."""

    def pause(self) -> None:
        """Let it stop where it is."""

    def resume(self) -> None:
        """Let it go on."""


class _Runs:
    """Those of this process, to be paused together."""

    def __init__(self) -> None:
        self._known: list[Pausable] = []
        self._is_paused = False

    def add(self, run: Pausable) -> None:
        self._known.append(run)
        self.set_paused(is_paused=self._is_paused)

    def set_paused(self, *, is_paused: bool) -> None:
        self._is_paused = is_paused
        for run in self._known:
            if is_paused:
                run.pause()
            else:
                run.resume()


_runs = _Runs()


def belongs_to_daemon() -> bool:
    """Say whether the daemon started this process, inside ``ending_with_daemon``."""
    return bool(_held)


def heed(run: Pausable) -> None:
    """Let what the daemon says count for a run from now on."""
    _runs.add(run)


@contextmanager
def ending_with_daemon() -> Iterator[None]:
    """While the block runs, let the daemon's end be an interrupt, if it was the daemon that started us. Main thread only."""
    descriptor = os.environ.pop(VARIABLE, "")  # not for what we start ourselves
    if not descriptor.isdigit():
        yield
        return
    line, main = int(descriptor), os.getpid()
    _held.append(line)

    def answer(_number: int, _frame: FrameType | None) -> None:
        try:
            words = os.read(line, 4096)
        except BlockingIOError:
            return
        if not words:
            signal.signal(signal.SIGIO, signal.SIG_IGN)
            os.kill(main, signal.SIGINT)
        _runs.set_paused(is_paused=words[-1:] == PAUSE)

    signal.signal(signal.SIGIO, answer)
    fcntl.fcntl(line, fcntl.F_SETOWN, main)
    fcntl.fcntl(line, fcntl.F_SETFL, fcntl.fcntl(line, fcntl.F_GETFL) | os.O_ASYNC | os.O_NONBLOCK)
    answer(0, None)  # what was said, or ended, before we listened
    try:
        yield
    finally:
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        _held.clear()
