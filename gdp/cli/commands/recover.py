"""``gdp recover``."""

import contextlib
import shlex
import sys
from pathlib import Path

import click

from gdp.bootstrap.passwords import PasswordSource, find_password
from gdp.cli.commands.recovery import ask_for_sheet, read_sheet
from gdp.cli.common import common_options, current
from gdp.cli.reporting import reporting
from gdp.cli.screen import Screen
from gdp.cli.session import home_folder, make_access
from gdp.cli.translated import Command, option
from gdp.core.errors import BadInput, WrongPassword
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.model.recovery_sheet import RecoverySheet
from gdp.model.target import LocalTarget, Target, parse_target
from gdp.settings.files import only_writer, write_text

_SHORT_ID = 10
_NOWHERE = LocalTarget(Path())


@click.command(
    "recover",
    cls=Command,
    help=N_(
        "On a new computer: reach a repository with the password of a recovery sheet, or the text of its QR code, which also "
        "holds address and host key. Prepares 'gdp snapshots' and 'gdp restore', and says what to type."
    ),
)
@option(
    "--host-key",
    default="",
    metavar="SHA256:...",
    help=N_("The server's host key as the sheet shows it; another one is refused."),
)
@common_options()
def command(*, host_key: str) -> None:
    """Begin anew."""
    with reporting() as screen:
        sheet = _read_sheet(screen)
        target = _target(sheet)
        access = make_access(screen, str(target), host_key=_checked(host_key) or sheet.host_key)
        try:
            repository = access.open(sheet.password.encode())
        except WrongPassword as error:
            raise WrongPassword(
                N_("the password has no typing error, but does not open {target}"),
                N_("Is it the sheet of this repository? A newer sheet, or another address, may be the right one."),
                target=target,
            ) from error
        with contextlib.closing(repository.storage):
            folder = home_folder(current()) / "recovery" / repository.config.id[:_SHORT_ID]
        password_file = _write(folder, target, sheet.password)
        _say_next(screen, sheet, folder)
        screen.record(
            "summary",
            {"repository": str(target), "password_file": str(password_file), "environment": str(folder / "environment")},
        )


def _read_sheet(screen: Screen) -> RecoverySheet:
    """From the file that was named, else from the terminal."""
    common = current()
    source = PasswordSource(common.password_file, common.password_command)
    if source.is_given:
        return read_sheet(find_password(source, lambda *_: None, "").decode("utf-8", "replace"))
    return ask_for_sheet(screen)


def _target(sheet: RecoverySheet) -> Target:
    """What was named counts more than the code: the repository may have moved. Raises BadInput."""
    common = current()
    if common.repo:
        return _absolute(parse_target(common.repo))
    if sheet.repo != _NOWHERE:
        return sheet.repo
    if not sys.stdin.isatty():
        raise BadInput(N_("no repository was named"), N_("Give --repo with the address on the sheet."))
    return _absolute(parse_target(input(translate(N_("Address of the repository, as on the sheet: "))).strip()))


def _absolute(target: Target) -> Target:
    return LocalTarget(target.path.absolute()) if isinstance(target, LocalTarget) else target


def _checked(host_key: str) -> str:
    """Return the host key, with or without its kind before it. Raises BadInput."""
    words = host_key.split()
    if words and (len(words) > 2 or not words[-1].startswith("SHA256:")):
        raise BadInput(N_("{text!r} is no fingerprint of a host key"), N_("It looks like: ssh-ed25519 SHA256:..."), text=host_key)
    return " ".join(words)


def _write(folder: Path, target: Target, password: str) -> Path:
    """Write what the other commands need; what an earlier attempt left is replaced. Returns the password file."""
    password_file = folder / "password"
    with only_writer(folder):
        write_text(password_file, password + "\n")
        values = {
            "GDP_HOME": home_folder(current()),
            "GDP_REPO": target,
            "GDP_PASSWORD_FILE": password_file,
        }
        lines = [f"export {name}={shlex.quote(str(value))}\n" for name, value in values.items()]
        write_text(folder / "environment", "".join(lines))
    return password_file


def _say_next(screen: Screen, sheet: RecoverySheet, folder: Path) -> None:
    of_set = [*(["--host", sheet.host] if sheet.host else []), *(["--tag", f"set:{sheet.set_name}"] if sheet.set_name else [])]
    screen.result(translate(N_("The sheet opens the repository. Type next:")))
    screen.result(f"  . {shlex.quote(str(folder / 'environment'))}")
    screen.result("  gdp snapshots")
    screen.result("  " + shlex.join(["gdp", "restore", "latest", *of_set, "--target", "/srv/restored"]))
    sentence = N_("The password lies in {file}, which only you can read. Remove the folder when you need it no more.")
    screen.say(fill(sentence, {"file": folder / "password"}))
