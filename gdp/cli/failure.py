"""The one place where an exception becomes a sentence and an exit code."""

import os
import time
import traceback
from pathlib import Path

import click

from gdp.cli.screen import Screen
from gdp.core.errors import BadInput, GdpError, Interrupted
from gdp.core.language import N_

FATAL = 1


def as_gdp_error(problem: BaseException, home: Path | None) -> GdpError:
    """Return what to tell the user about any exception. An unknown one is written to a log file below ``home``."""
    match problem:
        case GdpError():
            return problem
        case KeyboardInterrupt() | click.Abort():
            return Interrupted(N_("interrupted"), N_("Nothing is lost; run it again to go on."))
        case click.UsageError():
            return _from_click(problem)
        case click.ClickException():
            return BadInput("{reason}", reason=problem.format_message())
        case OSError():
            return _from_system(problem)
        case _:
            return _internal(problem, home)


def report(screen: Screen, problem: BaseException, home: Path | None) -> int:
    """Tell the user, and return the exit code."""
    if os.environ.get("GDP_DEBUG") == "1":
        traceback.print_exception(problem)
    error = as_gdp_error(problem, home)
    screen.fail(error)
    return error.exit_code


def _from_click(problem: click.UsageError) -> BadInput:
    reason = problem.format_message()
    if problem.ctx is None:
        return BadInput("{reason}", reason=reason)
    return BadInput("{reason}", N_("'{command} --help' shows what is possible."), reason=reason, command=problem.ctx.command_path)


def _from_system(problem: OSError) -> GdpError:
    """Translate what the system refused outside the storages: a file named on the command line, a full disk, no terminal."""
    path = problem.filename
    if path is None:
        return GdpError("{reason}", reason=problem.strerror or str(problem))
    shown = os.fsdecode(path) if isinstance(path, str | bytes) else str(path)
    return GdpError("{path}: {reason}", path=shown, reason=problem.strerror or str(problem))


def _internal(problem: BaseException, home: Path | None) -> GdpError:
    log = _write_log(problem, home)
    if log is None:
        return GdpError(N_("an error in this program: {kind}: {reason}"), kind=type(problem).__name__, reason=str(problem))
    return GdpError(
        N_("an error in this program: {kind}: {reason}"),
        N_("The details are in {log}; please send it to your dealer."),
        kind=type(problem).__name__,
        reason=str(problem),
        log=log,
    )


def _write_log(problem: BaseException, home: Path | None) -> Path | None:
    if home is None:
        return None
    path = home / "log" / time.strftime(f"error-%Y%m%d-%H%M%S-{os.getpid()}.txt")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as log:
            log.writelines(traceback.format_exception(problem))
    except OSError:
        return None
    return path
