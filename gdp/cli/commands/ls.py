"""``gdp ls``."""

import os
from collections.abc import Sequence

import click

from gdp.cli.common import common_options
from gdp.cli.entries import long_line, node_fields, short_line
from gdp.cli.picking import Picked, pick
from gdp.cli.records import snapshot_fields
from gdp.cli.selection import make_filter, snapshot_filter
from gdp.cli.session import Session, opened
from gdp.cli.snapshot_name import snapshot_argument
from gdp.cli.translated import Command, argument, flag
from gdp.core.language import N_
from gdp.engine.browse.listing import list_entries


@click.command("ls", cls=Command, help=N_("List a snapshot's files: all of them, or what lies in the folders that are named."))
@snapshot_argument("name", N_("SNAPSHOT"))
@argument("folders", N_("[PATH]..."), nargs=-1)
@flag("--long", "-l", help=N_("With mode, owner, size and time."))
@flag("--recursive", help=N_("Everything below the folders that are named."))
@snapshot_filter()
@common_options()
def command(
    *,
    name: str,
    folders: Sequence[str],
    long: bool,
    recursive: bool,
    hosts: Sequence[str],
    tags: Sequence[Sequence[str]],
    paths: Sequence[str],
) -> int:
    """List files."""
    with opened(looks_into=True) as session:
        picked = pick(session.snapshots(), name, make_filter(hosts, tags, paths))
        session.screen.record("snapshot", {"struct_type": "snapshot", **snapshot_fields(picked.id, picked.snapshot)})
        count = 0
        for folder in folders or ("",):
            count += _list(session, picked, folder, is_recursive=recursive or not folders, is_long=long)
        session.screen.record("summary", {"entries": count})
        return 1 if session.screen.problems else 0


def _list(session: Session, picked: Picked, folder: str, *, is_recursive: bool, is_long: bool) -> int:
    repository, screen = session.repository, session.screen
    path = picked.folder + b"/" + os.fsencode(folder)
    line = long_line if is_long else short_line
    count = 0
    for entry in list_entries(repository, picked.snapshot, path, recursive=is_recursive, emit=screen.emit):
        count += 1
        screen.result(line(*entry))
        screen.record("node", {"struct_type": "node", **node_fields(*entry)} if screen.json else None)
    return count
