"""``gdp completion``."""

import click
from click.shell_completion import get_completion_class

from gdp.cli.common import common_options
from gdp.cli.translated import Command, argument
from gdp.core.language import N_

SHELLS = ("bash", "zsh", "fish")


@click.command(
    "completion",
    cls=Command,
    help=N_("Print the script that completes commands in your shell. For bash: source <(gdp completion bash)"),
)
@argument("shell", N_("SHELL"), type=click.Choice(SHELLS))
@common_options()
def command(*, shell: str) -> None:
    """Print the script."""
    from gdp.cli.program import COMPLETE_VARIABLE, program

    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(program, {}, "gdp", COMPLETE_VARIABLE).source())
