"""Ctrl-C and SIGTERM end a run cleanly: locks are given back, nothing half done is left behind.

Both become KeyboardInterrupt, since that is the one exception which no handler for a single file's errors swallows.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from gdp.core.language import N_, translate

_IMPATIENT = 3  # the second signal is answered with a sentence, the third ends the process


@contextmanager
def left_to_the_system() -> Iterator[None]:
    """While the block runs, let both do what they do to any program: a library in the block has its own way to end."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def interruptible() -> Iterator[None]:
    """While the block runs, let SIGINT and SIGTERM raise KeyboardInterrupt once. Main thread only."""
    seen = 0

    def answer(_number: int, _frame: FrameType | None) -> None:
        nonlocal seen
        seen += 1
        if seen == 1:
            raise KeyboardInterrupt
        if seen >= _IMPATIENT:
            os._exit(130)
        os.write(sys.stderr.fileno(), (translate(N_("Ending cleanly; press again to end at once.")) + "\n").encode())

    before = {number: signal.signal(number, answer) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
