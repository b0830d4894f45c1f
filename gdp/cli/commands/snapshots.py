"""``gdp snapshots``."""

from collections.abc import Mapping, Sequence

import click

from gdp.cli.common import common_options
from gdp.cli.picking import pick_many
from gdp.cli.records import SHORT_ID, snapshot_fields
from gdp.cli.screen import Screen
from gdp.cli.selection import all_flag, make_filter, newest_of_each, snapshot_filter
from gdp.cli.session import opened
from gdp.cli.snapshot_name import snapshot_argument
from gdp.cli.table import layout
from gdp.cli.translated import Command, flag, option
from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.model.snapshot import Snapshot, SnapshotId

_HEADINGS = (N_("Snapshot"), N_("Time"), N_("Host"), N_("Tags"), N_("Size"), N_("Paths"))


@click.command("snapshots", cls=Command, help=N_("List the snapshots, oldest first."))
@snapshot_argument("names", N_("[SNAPSHOT]..."), nargs=-1)
@option(
    "--latest", type=click.IntRange(1), metavar=N_("NUMBER"), help=N_("Only the newest so many of each host and set of paths.")
)
@flag("--compact", "-c", help=N_("One line a snapshot."))
@all_flag
@snapshot_filter()
@common_options()
def command(
    *,
    names: Sequence[str],
    latest: int | None,
    compact: bool,
    is_all: bool,
    hosts: Sequence[str],
    tags: Sequence[Sequence[str]],
    paths: Sequence[str],
) -> int:
    """List the snapshots."""
    with opened() as session:
        found = pick_many(session, names, make_filter(hosts, tags, paths, is_all=is_all))
        _show(session.screen, newest_of_each(found, latest) if latest else found, compact=compact)
        return 1 if session.screen.problems else 0


def _show(screen: Screen, found: Mapping[SnapshotId, Snapshot], *, compact: bool) -> None:
    for name, snapshot in found.items():
        screen.record("snapshot", snapshot_fields(name, snapshot))
    screen.record("summary", {"snapshots": len(found)})
    rows = [row for name, snapshot in found.items() for row in _rows(name, snapshot, compact=compact)]
    if rows:
        for line in layout([translate(heading) for heading in _HEADINGS], rows, right=[4]):
            screen.result(line)
    screen.result(fill(N_("{count:snapshot|snapshots}"), {"count": len(found)}))


def _rows(name: SnapshotId, snapshot: Snapshot, *, compact: bool) -> list[list[str]]:
    """Return the lines of one snapshot: further paths have lines of their own, unless it must be one."""
    paths = [", ".join(snapshot.paths)] if compact else list(snapshot.paths) or [""]
    size = figures.size(snapshot.summary.total_bytes_processed) if snapshot.summary else ""
    tags = ", ".join(snapshot.tags or ())
    first = [name[:SHORT_ID], figures.moment(snapshot.time_ns), snapshot.hostname, tags, size, paths[0]]
    return [first, *(["", "", "", "", "", path] for path in paths[1:])]
