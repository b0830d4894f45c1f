"""What Ctrl-C and SIGTERM do to a command line that is at work."""

import os
import signal
import threading

import pytest

from gdp.cli.signals import interruptible


class Dying:
    """An object that is interrupted while it is taken apart, where Python drops every exception."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass  # the handler runs in here


def test_an_interrupt_that_falls_into_the_end_of_an_object_is_not_lost() -> None:
    """Seen with a pack's temporary file: somebody pressed Ctrl-C, and a prune went on removing to its end."""
    with interruptible(), pytest.raises(KeyboardInterrupt):
        _let_one_die_and_work_on()


def _let_one_die_and_work_on() -> None:
    Dying()
    threading.Event().wait(10)  # ended by the interrupt, when it comes


def test_a_lost_interrupt_counts_even_when_the_work_ends_first() -> None:
    """Whoever pressed Ctrl-C must not read of a success, and a script must not take it for one."""
    with pytest.raises(KeyboardInterrupt), interruptible():
        Dying()
