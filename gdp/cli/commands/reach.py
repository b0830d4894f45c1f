"""``gdp reach``."""

import contextlib

import click

from gdp.bootstrap.look import Seen, look_at
from gdp.cli.chosen_set import chosen_set
from gdp.cli.common import common_options, current
from gdp.cli.reporting import reporting
from gdp.cli.screen import Screen
from gdp.cli.session import (
    ask_at_terminal,
    ask_password,
    chosen_login,
    chosen_target,
    home_folder,
    make_access,
    password_source,
)
from gdp.cli.translated import Command, flag, option
from gdp.core.errors import BadInput
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.engine.archive.parent import accept_foreign_chunking
from gdp.model.sizes import typed_size
from gdp.storage.found import Found

_FOUND = {
    Found.MISSING: N_("There is no folder at {target} yet."),
    Found.EMPTY: N_("The folder {target} is empty."),
    Found.USED: N_("There is no repository in {target}, but there are other things."),
    Found.REPOSITORY: N_("There is a repository in {target}."),
}
_ATTENDED = N_(
    "It lets {user} in, but only with a key of the SSH agent or with what you typed. A backup that runs by itself has neither: "
    "give --login-key-file or --login-password-file."
)


@click.command(
    "reach",
    cls=Command,
    help=N_(
        "Try to reach a target, and say what lies there. A server that is not known yet is entered only when its host key is "
        "given with --host-key. With a password file or a backup set the repository is opened."
    ),
)
@option("--host-key", metavar=N_("KEY"), help=N_("The host key of the server, 'ssh-ed25519 SHA256:...'; it is pinned."))
@flag("--make-folder", help=N_("Make the folder where it is missing."))
@flag("--accept-foreign-chunking", help=N_("Settle that backups may go to this repository, which restic made."))
@common_options()
def command(*, host_key: str | None, make_folder: bool, accept_foreign_chunking: bool) -> int:
    """Try."""
    with reporting() as screen:
        common = current()
        target = chosen_target(common)
        home, login = home_folder(common), chosen_login(common)
        seen = look_at(target, home, ask_at_terminal, login, host_key=host_key or "", makes_folder=make_folder)
        _tell(screen, str(target), seen)
        fields: dict[str, object] = {
            "target": str(target), "host": seen.host, "user": seen.user, "host_key": seen.host_key, "is_known": seen.is_known,
            "folder": seen.folder, "is_unattended": seen.is_unattended,
        }  # fmt: skip
        if seen.folder is Found.REPOSITORY and (password_source().is_given or chosen_set() is not None):
            fields |= _open(screen, accepts=accept_foreign_chunking)
        elif accept_foreign_chunking:
            raise BadInput(N_("a repository is opened only with a password file or a backup set"))
        screen.record("summary", fields)
        return 0 if seen.is_known else 1


def _tell(screen: Screen, target: str, seen: Seen) -> None:
    facts = {"host": seen.host, "key": seen.host_key, "user": seen.user, "target": target}
    if seen.host:
        screen.result(fill(N_("{host} shows the host key {key}."), facts))
    if not seen.is_known:
        screen.result(translate(N_("It is not known here. Compare it with whoever runs the server, then give --host-key.")))
    elif seen.host:
        screen.result(fill(N_("It lets {user} in.") if seen.is_unattended else _ATTENDED, facts))
    if seen.folder is not None:
        screen.result(fill(_FOUND[seen.folder], facts))


def _open(screen: Screen, *, accepts: bool) -> dict[str, object]:
    repository = make_access(screen).open(ask_password())
    with contextlib.closing(repository.storage):
        block_bytes = repository.chunker_parameters().average_bytes
        if accepts and not repository.is_cut_by_us:
            accept_foreign_chunking(repository)
        is_ours = repository.is_cut_by_us
        sentence = N_("The password opens it; blocks of {size} on average.")
        if not is_ours:
            sentence = N_("The password opens it; restic made it.")
        screen.result(fill(sentence, {"size": typed_size(block_bytes)}))
        return {"id": repository.config.id, "is_ours": is_ours, "block_size": block_bytes}
