"""``gdp recovery escrow|new-escrow-key|open-escrow``."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from gdp.cli.commands.recovery import made_sheet, named_set, settle_all
from gdp.cli.common import common_options
from gdp.cli.reporting import reporting
from gdp.cli.session import make_access, opened_with
from gdp.cli.translated import Command, argument, option
from gdp.core.errors import BadInput, GdpError
from gdp.core.language import N_, translate
from gdp.core.sealed_box import PublicKey, make_private_key, read_private_key, read_public_key
from gdp.core.sentences import fill
from gdp.engine.recovery.escrow import LARGEST_BYTES, open_sheet, seal_sheet
from gdp.model.backup_set import Recovery
from gdp.model.recovery_sheet import RecoverySheet
from gdp.settings.secrets import read_secret, write_new_secret

PUBLIC_SUFFIX = ".pub"
Key = TypeVar("Key")


@click.command(
    "escrow",
    cls=Command,
    help=N_(
        "Make a password of its own for the repository of a backup set, and seal it, with all that another computer needs, to "
        "the public key of somebody else, such as your dealer. Then the sets that go there may run."
    ),
)
@option(
    "--to-key",
    required=True,
    metavar=N_("FILE"),
    type=click.Path(path_type=Path),
    help=N_("The receiver's public key, which 'gdp recovery new-escrow-key' has made there."),
)
@option(
    "--output",
    "-o",
    required=True,
    metavar=N_("FILE"),
    type=click.Path(path_type=Path),
    help=N_("A new file for the sealed text. Send it to the receiver; without the private key nobody can read it."),
)
@option(
    "--fingerprint",
    metavar="SHA256:...",
    help=N_("Seal only if the key has this fingerprint, as the receiver has told it on another way."),
)
@common_options()
def escrow_command(*, to_key: Path, output: Path, fingerprint: str | None) -> None:
    """Seal."""
    with reporting() as screen:
        chosen = named_set()
        receiver = _public_key(to_key, fingerprint)
        _refuse_existing(output)
        access = make_access(screen)

        def write(sheet: RecoverySheet) -> None:
            write_new_secret(output, seal_sheet(sheet, receiver))

        with opened_with(access, screen, writes=True) as session:
            sheet = made_sheet(session.repository, access, chosen, screen, write)
        settled = settle_all(chosen, Recovery.ESCROW, sheet.key_name, receiver.fingerprint)
        sentence = N_("sealed to the key {fingerprint}, in {file}; recovery is settled for: {names}")
        screen.say(fill(sentence, {"fingerprint": receiver.fingerprint, "file": output, "names": ", ".join(settled)}))
        screen.say(translate(N_("Ask the receiver whether that is the fingerprint of his key, and send him the file.")))
        screen.say(fill(N_("To take it back: gdp key remove {id}"), {"id": sheet.key_name[:10]}))
        fields = {"sets": settled, "id": sheet.key_name, "file": str(output), "fingerprint": receiver.fingerprint}
        screen.record("summary", fields)


@click.command(
    "new-escrow-key",
    cls=Command,
    help=N_(
        "For the receiver: make a pair of keys. FILE is the private one, which opens what is sealed to it and stays here; "
        "FILE.pub is for whoever seals."
    ),
)
@argument("file", N_("FILE"), type=click.Path(path_type=Path))
@common_options()
def new_key_command(*, file: Path) -> None:
    """Make a pair."""
    with reporting() as screen:
        public_file = file.with_name(file.name + PUBLIC_SUFFIX)
        _refuse_existing(public_file)
        key = make_private_key()
        write_new_secret(file, key.pem)
        try:
            write_new_secret(public_file, key.public.pem)
            public_file.chmod(0o644)
        except BaseException:
            file.unlink()
            raise
        screen.say(fill(N_("the private key is in {file}: keep it, and a copy in a second place"), {"file": file}))
        screen.say(fill(N_("give away {file}, and tell its fingerprint on another way:"), {"file": public_file}))
        screen.result(f"  {key.public.fingerprint}")
        fields = {"private": str(file), "public": str(public_file), "fingerprint": key.public.fingerprint}
        screen.record("summary", fields)


@click.command(
    "open-escrow",
    cls=Command,
    help=N_("For the receiver: open a sealed file, and write what it holds into a new file for 'gdp recover --password-file'."),
)
@argument("sealed", N_("SEALED"), type=click.Path(path_type=Path))
@option("--key", required=True, metavar=N_("FILE"), type=click.Path(path_type=Path), help=N_("Your private key, with mode 0600."))
@option(
    "--output",
    "-o",
    required=True,
    metavar=N_("FILE"),
    type=click.Path(path_type=Path),
    help=N_("A new file, which only you can read. Remove it when you need it no more."),
)
@common_options()
def open_command(*, sealed: Path, key: Path, output: Path) -> None:
    """Open."""
    with reporting() as screen:
        _refuse_existing(output)
        private = _of_file(key, lambda: read_private_key(read_secret(str(key.absolute()))))
        text = _read(sealed).decode("utf-8", "replace")
        sheet = _of_file(sealed, lambda: open_sheet(text, private))
        write_new_secret(output, sheet.qr_text + "\n")
        for label, value in (
            (N_("Repository"), str(sheet.repo)),
            (N_("Host key of the server"), sheet.host_key),
            (N_("Computer"), sheet.host),
            (N_("Backup set"), sheet.set_name),
            (N_("Key"), sheet.key_name[:10]),
        ):
            if value:
                screen.result(f"{translate(label)}: {value}")
        screen.say(fill(N_("Next: gdp recover --password-file {file}"), {"file": output}))
        fields = {"repository": str(sheet.repo), "host_key": sheet.host_key, "host": sheet.host, "set": sheet.set_name}
        screen.record("summary", {**fields, "id": sheet.key_name, "file": str(output)})


def _public_key(file: Path, fingerprint: str | None) -> PublicKey:
    key = _of_file(file, lambda: read_public_key(_read(file)))
    if fingerprint is not None and fingerprint.strip() != key.fingerprint:
        raise BadInput(
            N_("the key in {file} has the fingerprint {found}, and not {wanted}"),
            N_("Somebody may have exchanged the key: ask the receiver for it once more."),
            file=file,
            found=key.fingerprint,
            wanted=fingerprint.strip(),
        )
    return key


def _of_file(file: Path, read: Callable[[], Key]) -> Key:
    """Return what is read from a file; an error names it."""
    try:
        return read()
    except GdpError as error:
        facts = {**error.facts, "file": file, "reason": error}
        raise BadInput(N_("{file}: {reason}"), error.hint_template, **facts) from error


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(LARGEST_BYTES)
    except OSError as error:
        raise BadInput(N_("{path} cannot be read: {reason}"), path=file, reason=error.strerror or str(error)) from error


def _refuse_existing(file: Path) -> None:
    """What is made must reach somebody, so this is looked at before."""
    if os.path.lexists(file):
        raise BadInput(N_("{path} is there already; it is not overwritten"), N_("Name another file."), path=file)
