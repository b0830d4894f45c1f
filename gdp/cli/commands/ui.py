"""``gdp ui``: the terminal UI. The front end that it is has a package of its own; here it gets what it works on."""

import socket
import sys
from datetime import UTC, datetime

import click

from gdp.bootstrap.service import environment_of_runs, program_words
from gdp.cli.common import common_options, current
from gdp.cli.session import home_folder
from gdp.cli.translated import Command
from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.settings.configuration import ConfigurationFile


@click.command("ui", cls=Command, help=N_("Open the terminal UI; so does 'gdp' alone, on a terminal."))
@common_options()
def command() -> int:
    """Open it."""
    return open_ui()


def open_ui() -> int:
    """Show the UI until the user leaves it, and return the exit code. Raises BadInput where there is no terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise BadInput(N_("the UI needs a terminal"), N_("'gdp --help' lists the commands for scripts."))
    home = home_folder(current())
    has_sets = (home / "sets").is_dir() and any((home / "sets").glob("*.toml"))
    if not has_sets:
        from gdp.cli.first_start import offer_installation  # start-up time

        offer_installation()
    from gdp.tui.app import BackupManager  # start-up time
    from gdp.tui.commands import ChildCommands
    from gdp.tui.daemon_link import DaemonLink
    from gdp.tui.ports import Ports
    from gdp.tui.theme import named_theme

    ours = (*program_words(), "--home", str(home))
    environment = environment_of_runs()
    ports = Ports(
        home=home,
        host=socket.gethostname(),
        daemon=DaemonLink(home, (*ours, "daemon"), environment),
        commands=ChildCommands((*ours, "--json"), environment),
        now=lambda: datetime.now(UTC),
    )
    theme = named_theme(ConfigurationFile(home).read().theme)
    return BackupManager(ports, theme=theme, first=None if has_sets else "wizard").run() or 0
