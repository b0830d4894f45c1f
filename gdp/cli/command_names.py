"""Every command there is, with its sub-commands. For documents and tests; loads all of them."""

from collections.abc import Iterator

import click

from gdp.cli.program import program


def every_command() -> Iterator[tuple[str, ...]]:
    """Yield the words of each command: ``("init",)``, ``("key", "add")``."""
    context = click.Context(program)
    for name in program.list_commands(context):
        command = program.get_command(context, name)
        yield (name,)
        if isinstance(command, click.Group):
            yield from ((name, below) for below in command.list_commands(context))
