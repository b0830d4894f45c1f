"""Ctrl-C and SIGTERM end a run cleanly: locks are given back, nothing half done is left behind.

Both become KeyboardInterrupt, since that is the one exception which no handler for a single file's errors swallows. Python itself
swallows it where it falls into the end of an object's life (``__del__``, a weak reference's callback); there it is sent again.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from gdp.core.language import N_, translate

SEND_AGAIN_SECONDS = 0.02  # long enough for the object that swallowed it to be gone
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
    sent_again: list[threading.Timer] = []

    def answer(_number: int, _frame: FrameType | None) -> None:
        nonlocal seen
        seen += 1
        if seen == 1:
            while sent_again:
                sent_again.pop().cancel()
            raise KeyboardInterrupt
        if seen >= _IMPATIENT:
            os._exit(130)
        os.write(sys.stderr.fileno(), (translate(N_("Ending cleanly; press again to end at once.")) + "\n").encode())

    def send_again(lost: "sys.UnraisableHookArgs") -> None:
        nonlocal seen
        if not issubclass(lost.exc_type, KeyboardInterrupt):
            hook_before(lost)
            return
        seen = 0
        # From a thread and a moment later: raised in here it would be lost once more.
        again = threading.Timer(SEND_AGAIN_SECONDS, os.kill, (os.getpid(), signal.SIGINT))
        again.daemon = True
        sent_again.append(again)
        again.start()

    before = {number: signal.signal(number, answer) for number in (signal.SIGINT, signal.SIGTERM)}
    hook_before, sys.unraisablehook = sys.unraisablehook, send_again
    try:
        yield
        if sent_again:  # the block was quicker to end
            raise KeyboardInterrupt
    finally:
        for again in sent_again:
            again.cancel()
        sys.unraisablehook = hook_before
        for number, handler in before.items():
            signal.signal(number, handler)
