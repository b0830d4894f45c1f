"""``gdp diff``."""

import os

import click
import msgspec

from gdp.cli.common import common_options
from gdp.cli.picking import Picked, pick
from gdp.cli.screen import Screen
from gdp.cli.session import Session, opened
from gdp.cli.snapshot_name import snapshot_argument
from gdp.cli.table import layout
from gdp.cli.translated import Command, flag
from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.engine.browse.diff import Change, DiffStatistics, diff
from gdp.engine.browse.lookup import find_folder


@click.command(
    "diff",
    cls=Command,
    help=N_("Show what differs: + added, - removed, M other contents, U other metadata, T another type, ? perhaps damaged."),
)
@snapshot_argument("before", N_("SNAPSHOT"))
@snapshot_argument("after", N_("SNAPSHOT"))
@flag("--metadata", help=N_("Show as well where only times, owners and the like differ."))
@common_options()
def command(*, before: str, after: str, metadata: bool) -> int:
    """Compare two snapshots."""
    with opened(looks_into=True) as session:
        listed = session.snapshots()
        old, new = pick(listed, before), pick(listed, after)
        screen = session.screen

        def tell(change: Change) -> None:
            screen.result(f"{change.modifier:<4} {os.fsdecode(change.path)}")
            screen.record("change", _fields(change) if screen.json else None)

        trees = _tree(session, old), _tree(session, new)
        statistics = diff(session.repository, *trees, tell, with_metadata=metadata, emit=screen.emit)
        _show(screen, statistics)
        names = {"source_snapshot": old.id, "target_snapshot": new.id}
        screen.record("statistics", {**names, **msgspec.to_builtins(statistics)})
        return 1 if screen.problems else 0


def _tree(session: Session, picked: Picked) -> bytes:
    return find_folder(session.repository, picked.snapshot, picked.folder)


def _fields(change: Change) -> dict[str, object]:
    sizes = {"old_size": change.old_bytes, "size": change.new_bytes}
    known = {name: size for name, size in sizes.items() if size is not None}
    return {"path": os.fsdecode(change.path), "modifier": change.modifier, **known}


def _show(screen: Screen, statistics: DiffStatistics) -> None:
    rows = [
        [
            translate(title),
            *(figures.count(getattr(count, name)) for name in ("files", "dirs", "others")),
            figures.size(count.bytes),
        ]
        for title, count in ((N_("added"), statistics.added), (N_("removed"), statistics.removed))
    ]
    headings = ["", *(translate(text) for text in (N_("Files"), N_("Folders"), N_("Others"), N_("Size")))]
    screen.say()
    for line in layout(headings, rows, right=[1, 2, 3, 4]):
        screen.say(line)
    screen.say(fill(N_("{count:file|files} with other contents"), {"count": statistics.changed_files}))
