"""``gdp browse``."""

import sys

import click

from gdp.cli.commands import diff, find, ls, snapshots
from gdp.cli.common import common_options
from gdp.cli.questions import Lender, answer, typed_lines
from gdp.cli.session import LENDER, opened
from gdp.cli.translated import Command
from gdp.core.language import N_, translate

_COMMANDS = {"snapshots": snapshots.command, "ls": ls.command, "find": find.command, "diff": diff.command}


@click.command(
    "browse",
    cls=Command,
    help=N_(
        "Keep the repository open and answer questions, one a line of standard input, until that ends: 'snapshots', "
        "'ls latest /srv', 'find *.pdf', 'diff 1a2b 3c4d', with the options that these commands have."
        " The key is derived only once."
    ),
)
@common_options()
@click.pass_context
def command(context: click.Context) -> int:
    """Answer."""
    with opened() as session:
        lender = Lender(session)
        context.meta[LENDER] = lender.lend
        if sys.stdin.isatty():
            session.screen.say(translate(N_("Ask: snapshots, ls, find or diff. Ctrl-D ends.")))
        for line in typed_lines():
            answer(line, _COMMANDS, context, lender.forget)
    return 0
