"""``gdp version``."""

import platform

import click

from gdp import __version__
from gdp.cli.about import version_line
from gdp.cli.common import common_options
from gdp.cli.reporting import reporting
from gdp.cli.translated import Command
from gdp.core.language import N_


@click.command("version", cls=Command, help=N_("Show the version."))
@common_options()
def command() -> None:
    """Show the version."""
    with reporting() as screen:
        screen.result(version_line())
        fields = {"version": __version__, "python_version": platform.python_version(), "os": platform.system().lower()}
        screen.record("version", fields)
