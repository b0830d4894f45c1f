"""Somebody who sits at a terminal: reads what is shown, and types."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

FIRST_QUESTION = b"Where to?"
"""of the wizard, in English"""
_SECONDS = 60.0


def at_a_terminal(words: Sequence[str | Path], environment: Mapping[str, str], *answers: tuple[bytes, bytes]) -> bytes:
    """Start a program, and type each answer once its question is shown. Ends it and returns all that was shown by then."""
    ours, theirs = pty.openpty()
    terminal = {**environment, "TERM": "xterm-256color"}
    process = subprocess.Popen(words, env=terminal, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    until = time.monotonic() + _SECONDS
    try:
        for question, answer in answers:
            while question not in shown and select.select([ours], [], [], max(0.0, until - time.monotonic()))[0]:
                shown += os.read(ours, 1 << 16)
            os.write(ours, answer)
    except OSError:  # the other end has gone
        process.wait(_SECONDS)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return shown
