"""The command ``gdp``: picks the front end, and ends the process without tidying up what the system frees at once."""

import atexit
import gc
import io
import os
import sys
import threading
from typing import NoReturn

GARBAGE_THRESHOLD = 1_000_000  # new objects between two looks for cycles: a look costs a fifth of a second and finds some hundred


def main() -> NoReturn:
    """Run the command line and end the process with its code."""
    gc.set_threshold(GARBAGE_THRESHOLD)
    _prepare_streams()
    try:
        from gdp.cli.program import run

        _end(run(sys.argv[1:]))
    except KeyboardInterrupt:  # so early, or so late, that nothing had to be tidied up
        sys.exit(130)


def _end(code: int) -> NoReturn:
    """Do what Python does at its end, but for taking every object apart, which takes a tenth of a second after a large run.

    Like Python: wait for the threads that are no daemons, call who asked to be called at exit, write out the streams. Whatever
    goes wrong there is left to Python's own end, as is a process that somebody looks into.
    """
    if sys.getprofile() is not None or sys.flags.interactive:
        sys.exit(code)
    try:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    except Exception:  # noqa: BLE001 comes again in Python's own end, which says it
        sys.exit(code)
    os._exit(code)


def _prepare_streams() -> None:
    """Let no character that a terminal lacks end a backup, nor an output that was closed before we began."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 open to the end
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace" if name == "stderr" else "replace")


if __name__ == "__main__":
    main()
