"""The end of the process: quick, and yet like Python's own in everything that somebody could notice."""

import os
import subprocess
import sys
from typing import IO

import pytest

# What a front end may leave behind. It returns the exit code 3.
_RUN = """
import atexit, sys, threading, time
import gdp.cli.program

class Noisy:
    def __del__(self):
        print("taken apart", file=sys.stderr)

def run(arguments):
    {body}
    return 3

gdp.cli.program.run = run
from gdp.__main__ import main
main()
"""


def ended(body: str, stdout: int | IO[bytes] = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """Run ``main`` in a process of its own, around this body of a front end."""
    code = _RUN.replace("{body}", body)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False, env=environment)


def test_the_end_takes_nothing_apart() -> None:
    """A large run leaves a million objects, which the system frees at once and Python one by one."""
    run = ended("global kept; kept = Noisy()")

    assert (run.returncode, run.stderr) == (3, "")


def test_the_end_writes_out_what_was_said() -> None:
    """Into a pipe or a file, Python writes in blocks."""
    assert ended("sys.stdout.write('the last word')").stdout == "the last word"


def test_the_end_calls_who_asked_for_it() -> None:
    """Coverage keeps its data then; temporary folders are removed."""
    assert ended("atexit.register(print, 'called')").stdout == "called\n"


@pytest.mark.parametrize(("is_daemon", "said"), [(False, "done\n"), (True, "")])
def test_the_end_waits_for_threads_that_are_no_daemons(is_daemon: bool, said: str) -> None:
    """What they do is part of the run; what a daemon does is not."""
    body = f"threading.Thread(target=lambda: (time.sleep({30 if is_daemon else 0.1}), print('done')), daemon={is_daemon}).start()"

    assert ended(body).stdout == said


def test_the_end_waits_for_pools_of_threads() -> None:
    """They end by a call of their own, before those of atexit."""
    body = "from concurrent.futures import ThreadPoolExecutor as P; global pool; pool = P(1); pool.submit(print, 'done')"

    assert ended(body).stdout == "done\n"


def test_output_that_cannot_be_written_is_told_by_python_as_ever() -> None:
    """A full disk behind a redirection must not look like success."""
    with open("/dev/full", "wb") as full:
        run = ended("sys.stdout.write('lost')", stdout=full)

    assert run.returncode == 120
    assert "No space left on device" in run.stderr


def test_closed_output_and_failing_calls_change_nothing() -> None:
    """Python shrugs at both."""
    run = ended("sys.stdout.close(); atexit.register(lambda: 1 / 0)")

    assert run.returncode == 3
    assert "ZeroDivisionError" in run.stderr


def test_a_profile_is_written_at_the_end() -> None:
    """Whoever looks into the process is not cut off."""
    run = ended("import cProfile; profile = cProfile.Profile(); profile.enable(); global kept; kept = Noisy()")

    assert (run.returncode, run.stderr) == (3, "taken apart\n")


def test_an_interrupt_that_nobody_took_ends_with_130() -> None:
    """So early, or so late, that there was nothing to tidy up."""
    assert ended("raise KeyboardInterrupt").returncode == 130
