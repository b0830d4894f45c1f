"""``gdp version``."""

import platform

import click

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
        fields = {"version": version(), "python_version": platform.python_version(), "os": platform.system().lower()}
        screen.record("version", fields)


def version() -> str:
    """Return the number of the installed version."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("globaldataprotect")
    except PackageNotFoundError:
        return "0"


def version_line() -> str:
    """Return what ``--version`` prints."""
    return f"gdp {version()} (Python {platform.python_version()}, {platform.system()} {platform.machine()})"
