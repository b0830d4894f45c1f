"""Asks whoever starts a downloaded program at a terminal whether it is to be installed, and goes on as the installed one.

Else a first backup set would be made, and nothing would run it after the next start of the computer.
"""

import os
import subprocess
import sys

import click

from gdp.bootstrap.installing import choose_places
from gdp.bootstrap.service import environment_of_runs
from gdp.cli.common import current
from gdp.cli.screen import Screen
from gdp.core.errors import GdpError
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.installation.places import Places, system_places, user_places
from gdp.installation.record import read_record


def offer_installation() -> None:
    """Return when the program goes on as it is: it is installed, or nobody wants that. Raises click's Exit when it failed."""
    places = choose_places(for_user=False, root=None)
    if not getattr(sys, "frozen", False) or _is_installed(places):
        return
    screen = Screen()
    sentence = N_(
        "gdp is not installed here yet. Once it is, a service makes the backups by themselves, also after a restart of the "
        "computer. The program comes to {program}, its command to {command}; 'gdp uninstall' removes them again."
    )
    about = fill(sentence, {"program": places.program, "command": places.command})
    if not screen.agree(about, translate(N_("Install it now? [y/N] "))):
        return
    home = ("--home", str(current().home)) if "home" in current().typed else ()
    code = subprocess.run([sys.executable, "install", *home], env=environment_of_runs(), check=False).returncode
    if code:
        raise click.exceptions.Exit(code)
    screen.say(translate(N_("Enter opens the terminal UI.")))
    sys.stdin.readline()
    environment = {**environment_of_runs(), "PYINSTALLER_RESET_ENVIRONMENT": "1"}
    os.execve(places.command, [str(places.command), "ui", *home], environment)


def _is_installed(places: Places) -> bool:
    try:
        return any(read_record(one.record) is not None for one in (places, system_places(), user_places(os.environ)))
    except GdpError:  # there is something, which 'gdp install' says more of
        return True
