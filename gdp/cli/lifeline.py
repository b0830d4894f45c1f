"""Lets a run that the daemon started end with the daemon, however that ends.

Its standard input is a pipe that only the daemon holds. When the daemon dies, the system closes the pipe and sends us SIGIO,
which counts as Ctrl-C: the run ends cleanly, gives its lock back, and the next one goes on. No thread waits for it, since workers
are forked later. Linux.
"""

import fcntl
import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

VARIABLE = "GDP_LIFELINE"
_held: list[int] = []


def belongs_to_daemon() -> bool:
    """Say whether the daemon started this process, inside ``ending_with_daemon``."""
    return bool(_held)


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
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        os.kill(main, signal.SIGINT)

    signal.signal(signal.SIGIO, answer)
    fcntl.fcntl(line, fcntl.F_SETOWN, main)
    fcntl.fcntl(line, fcntl.F_SETFL, fcntl.fcntl(line, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([line], [], [], 0)[0]:  # it ended before we listened
        answer(0, None)
    try:
        yield
    finally:
        signal.signal(signal.SIGIO, signal.SIG_IGN)
        _held.clear()
