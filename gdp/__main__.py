"""The command ``gdp``: picks the front end."""

import io
import os
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    _prepare_streams()
    try:
        from gdp.cli.program import run

        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:  # so early, or so late, that nothing had to be tidied up
        sys.exit(130)


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
