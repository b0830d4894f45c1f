"""``gdp copy``."""

import contextlib
from collections.abc import Sequence
from typing import Any

import click

from gdp.bootstrap.passwords import PasswordSource, find_password
from gdp.bootstrap.storages import Login
from gdp.cli.common import common_options
from gdp.cli.picking import load_index, pick_many
from gdp.cli.prune_options import chosen_pack_bytes, transfer_block_option
from gdp.cli.records import SHORT_ID
from gdp.cli.screen import Screen
from gdp.cli.selection import make_filter, snapshot_filter
from gdp.cli.session import Session, ask_at_terminal, make_access, opened
from gdp.cli.snapshot_name import snapshot_argument
from gdp.cli.translated import Command, option
from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.engine.copy import Copied, copy_snapshots


@click.command("copy", cls=Command, help=N_("Copy snapshots from another repository into this one."))
@snapshot_argument("names", N_("[SNAPSHOT]..."), nargs=-1)
@option(
    "--from-repo",
    envvar="GDP_FROM_REPO",
    required=True,
    metavar=N_("TARGET"),
    help=N_("The other repository. Else GDP_FROM_REPO."),
)
@option(
    "--from-password-file",
    envvar="GDP_FROM_PASSWORD_FILE",
    metavar=N_("FILE"),
    help=N_("A file that holds its password. Else GDP_FROM_PASSWORD_FILE."),
)
@option("--from-password-command", metavar=N_("PROGRAM"), help=N_("A program that prints its password."))
@transfer_block_option
@snapshot_filter()
@common_options()
def command(
    *,
    names: Sequence[str],
    from_repo: str,
    from_password_file: str | None,
    from_password_command: str | None,
    transfer_block_size: int,
    **given: Any,
) -> None:
    """Copy snapshots."""
    pack_bytes = chosen_pack_bytes(transfer_block_size)
    with opened(writes=True) as session:
        source_of = PasswordSource(from_password_file, from_password_command)
        access = make_access(session.screen, from_repo, login=Login())
        source = access.open(find_password(source_of, ask_at_terminal, N_("Password of the other repository: ")))
        with contextlib.closing(source.storage), access.locked(source, exclusive=False, writes=False):
            theirs = Session(source, session.screen, access)
            found = pick_many(theirs, names, make_filter(given["hosts"], given["tags"], given["paths"]))
            load_index(theirs)
            load_index(session)
            copied = copy_snapshots(source, session.repository, found, session.screen.emit, pack_bytes=pack_bytes)
        _show(session.screen, copied)


def _show(screen: Screen, copied: Sequence[Copied]) -> None:
    for one in copied:
        sentence = N_("snapshot {source} is copied as {target}") if one.target else N_("snapshot {source} is there already")
        screen.say(translate(sentence).format(source=one.source[:SHORT_ID], target=(one.target or "")[:SHORT_ID]))
        screen.record("copied", {"source_snapshot_id": one.source, "target_snapshot_id": one.target})
    count = sum(one.target is not None for one in copied)
    screen.say(translate(N_("{count} of {total} copied")).format(count=figures.count(count), total=figures.count(len(copied))))
    screen.record("summary", {"copied_snapshots": count, "skipped_snapshots": len(copied) - count})
