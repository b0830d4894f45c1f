"""The one place where an exception becomes a sentence and an exit code."""

import click

from server.domain.errors import ServerError
from server.language import N_, hint_of, say, sentence_of

FAILED = 1
MISUSED = 2
INTERRUPTED = 130


def report(problem: BaseException) -> int:
    """Tell what went wrong on standard error, and return the exit code. What nobody foresaw is raised again."""
    match problem:
        case click.exceptions.Exit():
            return problem.exit_code
        case click.UsageError():
            problem.show()
            return MISUSED
        case click.ClickException():
            problem.show()
            return problem.exit_code
        case KeyboardInterrupt() | click.Abort():
            click.echo(say(N_("Interrupted.")), err=True)
            return INTERRUPTED
        case ServerError():
            click.echo(f"gdp-server: {sentence_of(problem)}", err=True)
            if hint := hint_of(problem):
                click.echo(f"  {hint}", err=True)
            return FAILED
    raise problem
