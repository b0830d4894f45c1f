"""``gdp dump``."""

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import BinaryIO

import click

from gdp.cli.common import common_options
from gdp.cli.picking import pick
from gdp.cli.selection import make_filter, snapshot_filter
from gdp.cli.session import opened
from gdp.cli.snapshot_name import snapshot_argument
from gdp.cli.translated import Command, argument, option
from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.engine.browse.dump import Archive, dump


@click.command("dump", cls=Command, help=N_("Write a file of a snapshot to standard output; a folder as an archive."))
@snapshot_argument("name", N_("SNAPSHOT"))
@argument("path", N_("PATH"))
@option(
    "--archive",
    "-a",
    type=click.Choice([str(archive) for archive in Archive]),
    default=str(Archive.TAR),
    help=N_("The archive for a folder: tar (default) or zip."),
)
@option("--target", "-t", metavar=N_("FILE"), type=click.Path(dir_okay=False), help=N_("Write to this file instead."))
@snapshot_filter()
@common_options()
def command(
    *,
    name: str,
    path: str,
    archive: str,
    target: str | None,
    hosts: Sequence[str],
    tags: Sequence[Sequence[str]],
    paths: Sequence[str],
) -> int:
    """Write a file out."""
    if target is None and sys.stdout.isatty():
        raise BadInput(N_("what a file holds is not written to a terminal"), N_("Give --target, or redirect the output."))
    with opened(looks_into=True) as session:
        picked = pick(session.snapshots(), name, make_filter(hosts, tags, paths))
        inside = picked.folder + b"/" + os.fsencode(path)
        with _output(target) as stream:
            dump(session.repository, picked.snapshot, inside, stream, archive=Archive(archive), emit=session.screen.emit)
        return 1 if session.screen.problems else 0


def _output(target: str | None) -> contextlib.AbstractContextManager[BinaryIO]:
    if target is None:
        return contextlib.nullcontext(sys.stdout.buffer)
    return open(target, "wb")
