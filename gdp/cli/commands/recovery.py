"""``gdp recovery sheet|confirm|decline``; what seals to a key is in ``escrow.py``."""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from gdp.bootstrap.access import Access
from gdp.bootstrap.whereabouts import find_whereabouts
from gdp.cli.chosen_set import chosen_set, host_of, set_files
from gdp.cli.common import common_options
from gdp.cli.reporting import reporting
from gdp.cli.screen import Screen
from gdp.cli.session import ask_at_terminal, make_access, opened, opened_with
from gdp.cli.translated import Command, Group, Lazy, flag, option
from gdp.core.errors import BadInput, GdpError
from gdp.core.language import N_, choose_language, translate
from gdp.core.sentences import fill
from gdp.core.typed_password import read_password
from gdp.engine.recovery.page import sheet_page
from gdp.engine.recovery.paper import sheet_pdf
from gdp.engine.recovery.sheet_key import make_sheet_key, prove_sheet, take_back
from gdp.model.backup_set import BackupSet, Recovery
from gdp.model.events import Note
from gdp.model.recovery_sheet import QR_BEGINNING, RecoverySheet, read_qr_text
from gdp.repo.repository import Repository
from gdp.settings.secrets import write_new_secret

NO_KEY = {"encryption.recovery-key": None, "encryption.sealed-to": None}
ATTEMPTS = 3  # at the terminal, where a typing error is no reason to begin again
_LAZY = {
    "sheet": Lazy("recovery", N_("Make a recovery sheet."), "sheet_command"),
    "confirm": Lazy("recovery", N_("Type the password of the sheet in again; then the set may run."), "confirm_command"),
    "decline": Lazy("recovery", N_("Settle that nobody else can open the repository."), "decline_command"),
    "escrow": Lazy("escrow", N_("Seal a password to the public key of somebody else; then the set may run."), "escrow_command"),
    "new-escrow-key": Lazy("escrow", N_("Make a pair of keys, to which others can seal."), "new_key_command"),
    "open-escrow": Lazy("escrow", N_("Open what was sealed to your key."), "open_command"),
}


@click.group(
    "recovery",
    cls=Group,
    lazy=_LAZY,
    help=N_("Who can open the repository when this computer and its password file are lost."),
    no_args_is_help=False,
)
@common_options()
def command() -> None:
    """See ``help``."""


@click.command(
    "sheet",
    cls=Command,
    help=N_(
        "Make a password of its own for the repository of a backup set, and write it on a sheet to be printed, with all that "
        "another computer needs. 'gdp recovery confirm' comes next."
    ),
)
@option(
    "--output",
    "-o",
    metavar=N_("FILE"),
    type=click.Path(path_type=Path),
    help=N_("A new PDF file, which only you can read. Print it, and then remove it."),
)
@option(
    "--text",
    metavar=N_("FILE"),
    type=click.Path(path_type=Path),
    help=N_("A new file with what --show shows, which only you can read. Remove it at once."),
)
@flag("--show", help=N_("Show the sheet at the terminal."))
@common_options()
def sheet_command(*, output: Path | None, text: Path | None, show: bool) -> None:
    """Make a sheet."""
    with reporting() as screen:
        chosen = named_set()
        _check_outlets(screen, (output, text), shows=show)
        access = make_access(screen)
        with opened_with(access, screen, writes=True) as session:
            sheet = made_sheet(session.repository, access, chosen, screen, lambda made: _write_sheet(made, output, text))
        for line in sheet_page(sheet) if show else ():
            screen.result(line)
        if output is not None:
            sentence = N_("the recovery sheet is in {file}: print it, put it in a safe place, and remove the file")
            screen.say(fill(sentence, {"file": output}))
        screen.say(fill(N_("Next: gdp recovery confirm --backup-set {name}"), {"name": chosen.name}))
        screen.record("summary", {"set": chosen.name, "id": sheet.key_name, "file": str(output) if output else None})


@click.command(
    "confirm",
    cls=Command,
    help=N_(
        "Type the password of a recovery sheet in again. When it opens the repository, the backup sets that go there may run. "
        "Spaces, dashes and capitals do not matter."
    ),
)
@flag("--stdin", help=N_("Read the password from standard input, once."))
@common_options()
def confirm_command(*, stdin: bool) -> None:
    """Prove a sheet."""
    with reporting() as screen:
        chosen = named_set()
        typed = read_sheet(sys.stdin.readline()) if stdin else ask_for_sheet(screen)
        with opened(locks=False) as session:
            key_name = prove_sheet(session.repository, typed.password)
        settled = settle_all(chosen, Recovery.SHEET, key_name)
        sentence = N_("the sheet opens the repository; recovery is settled for: {names}")
        screen.say(fill(sentence, {"names": ", ".join(settled)}))
        screen.record("summary", {"sets": settled, "id": key_name})


@click.command(
    "decline",
    cls=Command,
    help=N_("Settle on purpose that nobody else can open the repository of a backup set. Then the set may run."),
)
@flag("--yes", "-y", help=N_("Do not ask."))
@common_options()
def decline_command(*, yes: bool) -> None:
    """Do without."""
    with reporting() as screen:
        chosen = named_set()
        warning = fill(
            N_(
                "When the password file {file} is lost, with this computer for example, all backups in {repo} are lost too. "
                "Nobody can open them then: not you, not the data centre, not we."
            ),
            {"file": chosen.encryption.password_file, "repo": chosen.target.repo},
        )
        agreed = True if yes else screen.agree(warning, translate(N_("Do without a recovery sheet? [y/N] ")))
        if not agreed:
            hint = N_("Give --yes where nobody can be asked.") if agreed is None else ""
            raise BadInput(N_("nothing was changed, since you did not agree"), hint)
        if yes:
            screen.say(warning)
        changes = {"encryption.recovery": str(Recovery.NOBODY), "encryption.recovery-confirmed": True, **NO_KEY}
        set_files().change(chosen.name, changes)
        screen.say(fill(N_("it is settled for {name!r} that nobody else can open the repository"), {"name": chosen.name}))
        screen.record("summary", {"set": chosen.name})


def named_set() -> BackupSet:
    """Return the set that was named. Raises BadInput when none was."""
    chosen = chosen_set()
    if chosen is None:
        raise BadInput(N_("no backup set was named"), N_("Give --backup-set NAME; 'gdp set list' shows the sets."))
    return chosen


def ask_for_sheet(screen: Screen) -> RecoverySheet:
    """Return what was typed: the password, or the text of the QR code. At a terminal a typing error may be mended at once."""
    attempts = ATTEMPTS
    while True:
        attempts -= 1
        typed = ask_at_terminal(N_("Password of the sheet, or the text of its QR code: "), {})
        if not typed:
            raise BadInput(N_("no password was typed, or there is no terminal to ask for one"))
        try:
            return read_sheet(typed)
        except BadInput as error:
            if not attempts:
                raise
            screen.emit(Note(error.template, error.facts))


def read_sheet(typed: str) -> RecoverySheet:
    """Return what a password or a scanned code means; of a password alone nothing but that is known. Raises BadInput."""
    from gdp.model.target import LocalTarget

    if typed.strip().startswith(QR_BEGINNING):
        scanned = read_qr_text(typed)
        read_password(scanned.password)
        return scanned
    return RecoverySheet(password=read_password(typed), repo=LocalTarget(Path()))


def _check_outlets(screen: Screen, files: Sequence[Path | None], *, shows: bool) -> None:
    """A key that is made must reach somebody, so what can be known before is looked at before."""
    named = [file for file in files if file is not None]
    if not named and not shows:
        raise BadInput(N_("the sheet needs a place to go"), N_("Give --output FILE.pdf, --show, or both."))
    if screen.json and not named:
        raise BadInput(N_("records never hold a password"), N_("Give --output FILE.pdf, or leave --json out."))
    for file in named:
        if os.path.lexists(file):
            raise BadInput(N_("{path} is there already; it is not overwritten"), N_("Name another file."), path=file)


def made_sheet(
    repository: Repository, access: Access, chosen: BackupSet, screen: Screen, write: Callable[[RecoverySheet], None]
) -> RecoverySheet:
    """Return a new sheet, written by ``write``; where that fails, its key is gone again."""
    place = find_whereabouts(access, ask_at_terminal, screen.emit)
    password, key_name = make_sheet_key(repository)
    try:
        sheet = RecoverySheet(
            password=password,
            repo=place.repo,
            host_key=place.host_key,
            set_name=chosen.name,
            host=host_of(chosen),
            tag=chosen.tag,
            key_name=key_name,
            made_ns=time.time_ns(),
        )
        write(sheet)
    except BaseException:
        with contextlib.suppress(GdpError):
            take_back(repository, key_name)
        raise
    return sheet


def _write_sheet(sheet: RecoverySheet, output: Path | None, text: Path | None) -> None:
    """Write what is wanted, all of it or nothing."""
    if output is not None:
        write_new_secret(output, sheet_pdf(sheet, choose_language(os.environ)))
    try:
        if text is not None:
            write_new_secret(text, "\n".join(sheet_page(sheet)) + "\n")
    except BaseException:
        if output is not None:
            output.unlink(missing_ok=True)
        raise


def settle_all(chosen: BackupSet, recovery: Recovery, key_name: str, sealed_to: str | None = None) -> list[str]:
    """Note in every set of the repository who can open it, and return their names, the one that was named first.

    Args:
        key_name: of the repository's key that the sheet opens.
        sealed_to: the fingerprint of the key to which it was sealed; None: it was not.
    """
    files = set_files()
    changes = {
        "encryption.recovery": str(recovery),
        "encryption.recovery-confirmed": True,
        "encryption.recovery-key": key_name,
        "encryption.sealed-to": sealed_to,
    }
    files.change(chosen.name, changes)
    settled = [chosen.name]
    for name in files.names():
        try:
            other = files.read(name)
        except GdpError:
            continue  # 'gdp set list' tells what is wrong with it
        if name != chosen.name and other.target.repo == chosen.target.repo:
            files.change(name, changes)
            settled.append(name)
    return settled
