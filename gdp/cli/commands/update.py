"""``gdp update``."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from gdp import __version__
from gdp.bootstrap.home import choose_home
from gdp.bootstrap.installing import installed_program, prepare_update, this_platform
from gdp.bootstrap.service import environment_of_runs
from gdp.cli.common import common_options, current
from gdp.cli.installing_words import say_old_daemon, say_wait, show_step
from gdp.cli.reporting import reporting
from gdp.cli.screen import Screen
from gdp.cli.translated import Command, argument, flag, option
from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.core.sentences import fill
from gdp.installation.doing import cannot_write, carry_out, only_installer
from gdp.installation.places import PROGRAM, Places
from gdp.installation.record import Record
from gdp.installation.release import is_newer
from gdp.installation.update import LEFTOVERS, Offer, ask, ask_files, obtain, release_keys
from gdp.model.events import Problem, Progress, StageBegan
from gdp.settings.configuration import ConfigurationFile

_SETTLE_SECONDS = 600.0


@click.command(
    "update",
    cls=Command,
    help=N_("Replace the installed program by a newer signed release: from update.url, another address, or files."),
)
@argument("files", N_("[FILE]..."), nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@flag("--check", "only_checks", help=N_("Only say whether there is a newer one."))
@option("--from", "address", metavar=N_("URL"), help=N_("The folder of the release, https://host/folder. Else update.url."))
@flag("--now", "interrupts", help=N_("Restart the service also while a backup runs; it goes on right after."))
@common_options()
def command(*, files: Sequence[Path], only_checks: bool, address: str | None, interrupts: bool) -> None:
    """Update."""
    with reporting() as screen:
        keys = release_keys()
        installed = None if only_checks else installed_program()
        offer = ask_files(files, keys) if files else ask(_address(address), this_platform(), keys)
        is_new = is_newer(offer.release, __version__, this_platform())
        facts: dict[str, object] = {"version": __version__, "other": offer.release.version, "made": offer.release.made[:10]}
        fields = {"version": __version__, "available": offer.release.version, "made": offer.release.made}
        waits: tuple[str, ...] = ()
        if not is_new:
            screen.result(fill(N_("gdp {version} is current."), facts))
        elif installed is None:
            screen.result(fill(N_("gdp {other} of {made} is available; this is {version}. 'gdp update' installs it."), facts))
        else:
            waits = _replace(screen, offer, *installed, interrupts=interrupts)
            screen.result(fill(N_("gdp {other} is installed; before it was {version}."), facts))
            if waits:
                say_wait(screen, waits)
        screen.record("summary", {**fields, "changed": is_new and not only_checks, "waits_for": list(waits)})


def _address(given: str | None) -> str:
    found = given or ConfigurationFile(choose_home(current().home)).read().update.url
    if found is None:
        raise BadInput(
            N_("no address is known to fetch releases from"),
            N_("Give --from URL, or once: gdp config set update.url https://host/folder"),
        )
    return found


def _replace(screen: Screen, offer: Offer, record: Record, places: Places, *, interrupts: bool) -> tuple[str, ...]:
    """Put the release into the place of the program; return the sets whose backups the service's restart waits for."""
    size = offer.release.size
    with only_installer(places):
        _remove_leftovers(places)
        try:
            folder = Path(tempfile.mkdtemp(prefix=LEFTOVERS.rstrip("*"), dir=places.program))
        except OSError as error:
            raise cannot_write(places.program, error) from error
        try:
            screen.emit(StageBegan(N_("fetching the release")))
            program = obtain(offer, folder, lambda done: screen.emit(Progress(bytes_done=done, bytes_total=size)))
            version = offer.release.version
            prepared = prepare_update(
                program, version, record, places, interrupts=interrupts, before=lambda step: show_step(screen, places, step)
            )
            carry_out(prepared.plan, prepared.work)
        except OSError as error:
            raise cannot_write(folder, error) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    say_old_daemon(screen, prepared)
    _settle(screen, record, places, interrupts=interrupts)
    return prepared.plan.waits_for


def _settle(screen: Screen, record: Record, places: Places, *, interrupts: bool) -> None:
    """Let the new program bring the unit up to date, which it alone knows. The program is replaced, whatever comes of that."""
    words = ["--json", "install", "--no-start"]
    words += ["--user"] if record.is_user else ["--root", record.root] if record.root != "/" else []
    words += [] if record.unit else ["--no-service"]
    words += ["--now"] if interrupts else []
    environment = {**environment_of_runs(), "PYINSTALLER_RESET_ENVIRONMENT": "1"}
    environment.pop("GDP_HOME", None)
    try:
        ended = subprocess.run(
            [places.current / PROGRAM, *words], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=_SETTLE_SECONDS, check=False,
        )  # fmt: skip
        reason = "" if ended.returncode == 0 else _reason(ended.stderr)
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = str(error)
    if reason:
        hint = N_("Call 'gdp install' to see more.")
        screen.emit(
            Problem(N_("the new program could not bring its service up to date: {reason}"), {"reason": reason}, hint=hint)
        )


def _reason(said: str) -> str:
    last = said.strip().rpartition("\n")[2]
    try:
        return str(json.loads(last)["message"])
    except (ValueError, KeyError, TypeError):
        return last or "?"


def _remove_leftovers(places: Places) -> None:
    for leftover in places.program.glob(LEFTOVERS):
        shutil.rmtree(leftover, ignore_errors=True)
