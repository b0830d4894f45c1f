"""``gdp install`` and ``gdp uninstall``."""

import contextlib
from pathlib import Path

import click

from gdp import __version__
from gdp.bootstrap.installing import (
    Choices,
    Prepared,
    choose_places,
    chosen_home,
    has_daemon,
    other_installations,
    prepare_install,
    service_home,
    systemd_for,
)
from gdp.cli.chosen_set import set_files
from gdp.cli.common import common_options, current
from gdp.cli.installing_words import say_home, say_old_daemon, say_path, say_service, show_step, state_of_service
from gdp.cli.reporting import reporting
from gdp.cli.screen import Screen
from gdp.cli.translated import Command, flag, option
from gdp.core.errors import BadInput, GdpError
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.installation.doing import carry_out, carry_out_removal, only_installer
from gdp.installation.look import look
from gdp.installation.neighbours import refuse_shared_home, refuse_to_purge_shared
from gdp.installation.packed import running_program
from gdp.installation.places import Places
from gdp.installation.removal import Removal, plan_uninstall, refuse_to_lose_passwords
from gdp.model.backup_set import BackupSet
from gdp.model.events import Note

_for_user = flag("--user", "for_user", help=N_("For the present user alone, also as root."))
_root = option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    metavar=N_("FOLDER"),
    help=N_("The system whose root this folder is, such as an image; nothing is started."),
)
_dry_run = flag("--dry-run", "-n", "dry_run", help=N_("Show what would be done, and do nothing."))


@click.command(
    "install",
    cls=Command,
    help=N_("Install this program and its service: as root for the computer, else for the user. Also replaces an older one."),
)
@_for_user
@flag("--no-service", "no_service", help=N_("Install the program only; nothing runs by itself."))
@flag("--no-start", "no_start", help=N_("Let the service begin with the next start of the computer."))
@flag("--now", "interrupts", help=N_("Restart the service also while a backup runs; it goes on right after."))
@_root
@_dry_run
@common_options()
def install_command(
    *, for_user: bool, no_service: bool, no_start: bool, interrupts: bool, root: Path | None, dry_run: bool
) -> None:
    """Install."""
    choices = Choices(
        for_user=for_user, root=root, home=_typed_home(), has_service=not no_service, starts=not no_start, interrupts=interrupts
    )
    with reporting() as screen:
        places = choose_places(for_user=for_user, root=root)
        if choices.has_service:
            refuse_shared_home(chosen_home(places, choices.home), other_installations(places))
        if dry_run:
            prepared = prepare_install(choices, lambda _step: None)
            for step in prepared.plan.steps:
                show_step(screen, places, step)
        else:
            running_program()  # before anything is made
            with only_installer(places):
                prepared = prepare_install(choices, lambda step: show_step(screen, places, step))
                carry_out(prepared.plan, prepared.work)
        _say_installed(screen, prepared, choices, dry_run=dry_run)


@click.command(
    "uninstall",
    cls=Command,
    help=N_("Remove what 'install' made: service, link and program. What was backed up stays, and without --purge all settings."),
)
@_for_user
@flag("--purge", "purges", help=N_("Remove settings, state and cache as well."))
@flag("--lose-passwords", "loses", help=N_("With --purge: also passwords that nobody has a copy of."))
@flag("--yes", "-y", help=N_("Do not ask."))
@_root
@_dry_run
@common_options()
def uninstall_command(*, for_user: bool, purges: bool, loses: bool, yes: bool, root: Path | None, dry_run: bool) -> None:
    """Uninstall."""
    with reporting() as screen:
        places = choose_places(for_user=for_user, root=root)
        if purges and root is not None:
            raise BadInput(N_("--purge removes from this computer, and --root means another system"))
        found = look(places, "", None, ())
        systemd = systemd_for(places, is_wanted=bool(found.record and found.record.unit))
        found = look(places, "", systemd, ())
        given = _typed_home() or (Path(found.record.home) if found.record else None)
        removal = plan_uninstall(places, found, service_home(places, given), purges=purges)
        if purges:
            refuse_to_purge_shared(removal.home, other_installations(places))
            _refuse_purge(removal, has_service=bool(found.service and found.service.is_active), loses=loses)
        if dry_run:
            for step in removal.steps:
                show_step(screen, places, step)
        elif removal.steps:
            _agree(screen, places, removal, purges=purges, yes=yes)
            with only_installer(places, makes=False) if found.record else contextlib.nullcontext():
                carry_out_removal(removal.steps, systemd, lambda step: show_step(screen, places, step))
        _say_uninstalled(screen, places, removal, purges=purges, dry_run=dry_run)


def _typed_home() -> Path | None:
    """Return what --home says. A variable counts for a first installation only: an upgrade keeps what it had."""
    return current().home if "home" in current().typed else None


def _say_installed(screen: Screen, prepared: Prepared, choices: Choices, *, dry_run: bool) -> None:
    facts: dict[str, object] = {"version": __version__, "program": prepared.places.program, "command": prepared.places.command}
    if prepared.plan.is_empty:
        screen.result(fill(N_("Nothing had to change: gdp {version} is installed in {program}."), facts))
    elif not dry_run:
        screen.result(fill(N_("gdp {version} is installed in {program}; its command is {command}."), facts))
    if not dry_run:
        say_service(screen, prepared, choices)
        say_old_daemon(screen, prepared)
        say_home(screen, prepared)
        say_path(screen, prepared)
    record = prepared.plan.record
    fields = {
        "changed": not prepared.plan.is_empty,
        "version": record.version,
        "program": str(prepared.places.program),
        "command": record.command,
        "unit": record.unit or None,
        "home": record.home,
        "service": state_of_service(prepared, choices),
        "waits_for": list(prepared.plan.waits_for),
        "dry_run": dry_run,
    }
    screen.record("summary", fields)


def _refuse_purge(removal: Removal, *, has_service: bool, loses: bool) -> None:
    if not has_service and has_daemon(removal.home):
        raise BadInput(N_("a daemon for {home} is running"), N_("End it first."), home=removal.home)
    if not loses:
        refuse_to_lose_passwords(removal.home, _readable_sets(removal.home))


def _readable_sets(home: Path) -> list[BackupSet]:
    """Return the sets of a home folder. Raises GdpError, since one that cannot be read may name a password."""
    common = current()
    common.home = home
    files = set_files(common)
    try:
        return [files.read(name) for name in files.names()]
    except GdpError as error:
        hint = N_("Nobody can tell what passwords it needs. Repair or remove it, or give --lose-passwords.")
        raise BadInput(error.template, hint, **error.facts) from error


def _agree(screen: Screen, places: Places, removal: Removal, *, purges: bool, yes: bool) -> None:
    if yes or not purges:
        return
    sentence = N_(
        "Settings, state and cache in {home} will be removed. Without the address of the repository and its password nobody can "
        "restore anything."
    )
    agreed = screen.agree(fill(sentence, {"home": removal.home}), translate(N_("Remove them? [y/N] ")))
    if not agreed:
        hint = N_("Give --yes where nobody can be asked.") if agreed is None else ""
        raise BadInput(N_("nothing was removed, since you did not agree"), hint)


def _say_uninstalled(screen: Screen, places: Places, removal: Removal, *, purges: bool, dry_run: bool) -> None:
    facts: dict[str, object] = {"program": places.program, "home": removal.home}
    if not removal.steps:
        screen.result(fill(N_("Nothing is installed in {program}."), facts))
    elif not dry_run:
        screen.result(fill(N_("What was installed in {program} is removed."), facts))
    if not purges and places.root == Path("/") and removal.home.exists():
        screen.say(fill(N_("Settings and state are still in {home}."), facts))
    for path in removal.stays:
        screen.emit(Note(N_("{path} is none of ours and stays"), {"path": path}))
    fields = {"removed": [str(step.path) for step in removal.steps if step.path], "stays": list(map(str, removal.stays))}
    screen.record("summary", {**fields, "home": str(removal.home), "dry_run": dry_run})
