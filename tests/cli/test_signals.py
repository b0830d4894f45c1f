"""What Ctrl-C and SIGTERM do to a command line that is at work."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from gdp.cli.lifeline import belongs_to_daemon, ending_with_daemon
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


LIVING_ON_A_LINE = """
import os, sys, threading
from gdp.cli.lifeline import belongs_to_daemon, ending_with_daemon
from gdp.cli.lifeline import belongs_to_daemon, ending_with_daemon
from gdp.cli.signals import interruptible
try:
    with interruptible(), ending_with_daemon():
        print(belongs_to_daemon(), "GDP_LIFELINE" in os.environ, flush=True)
        threading.Event().wait(60)
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize("ends_before", [True, False])
def test_a_run_of_the_daemon_ends_with_it(ends_before: bool) -> None:
    """However the daemon ended, and even if it did so before the run could listen. What the run starts has no part in that."""
    reading, writing = os.pipe()
    if ends_before:
        os.close(writing)
    words = [sys.executable, "-c", LIVING_ON_A_LINE]
    environment = {**os.environ, "GDP_LIFELINE": "0"}
    with subprocess.Popen(words, stdin=reading, stdout=subprocess.PIPE, env=environment, text=True) as run:
        os.close(reading)
        assert run.stdout is not None
        said = run.stdout.readline()
        if not ends_before:
            os.close(writing)
        code = run.wait(60)

    assert code == 130
    assert ends_before or said == "True False\n"


def test_a_run_by_hand_has_no_line() -> None:
    with ending_with_daemon():
        assert not belongs_to_daemon()
