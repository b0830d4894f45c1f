"""``gdp find``."""

from collections.abc import Iterable
from itertools import groupby, islice
from typing import Any

import click

from gdp.cli.common import common_options
from gdp.cli.entries import long_line, node_fields, short_line
from gdp.cli.pattern_options import rules_option
from gdp.cli.picking import pick_many
from gdp.cli.records import SHORT_ID
from gdp.cli.screen import Screen
from gdp.cli.selection import all_flag, make_filter, snapshot_filter
from gdp.cli.session import Session, opened
from gdp.cli.translated import Command, argument, flag, option
from gdp.cli.values import Size, parse_moment
from gdp.core import figures
from gdp.core.errors import BadInput
from gdp.core.language import N_, translate
from gdp.engine.browse.find import FindQuery, Found, blobs_of_packs, find
from gdp.engine.patterns.selector import make_finds
from gdp.model.exclusion import Pattern, PatternRules

_TYPES = ("file", "dir", "symlink", "dev", "chardev", "fifo")


@click.command("find", cls=Command, help=N_("Find files in all snapshots, by pattern, time, size or the blocks they consist of."))
@argument("patterns", N_("PATTERN..."), nargs=-1)
@option("--snapshot", "-s", "names", multiple=True, metavar=N_("SNAPSHOT"), help=N_("Look into this snapshot only. Repeatable."))
@flag("--ignore-case", "-i", help=N_("Whatever the case of letters."))
@rules_option
@option("--oldest", "-O", metavar=N_("TIME"), help=N_("Only what was changed then or later."))
@option("--newest", "-N", metavar=N_("TIME"), help=N_("Only what was changed then or before."))
@option("--type", "types", multiple=True, type=click.Choice(_TYPES), help=N_("Only entries of this type. Repeatable."))
@option("--larger-than", type=Size(), metavar=N_("SIZE"), help=N_("Only files of this size or larger."))
@option("--smaller-than", type=Size(), metavar=N_("SIZE"), help=N_("Only files of this size or smaller."))
@flag("--blob", help=N_("PATTERN is the id of a block, or of a folder's tree."))
@flag("--tree", help=N_("The same."))
@flag("--pack", help=N_("PATTERN is the id of a pack."))
@flag("--newest-first", help=N_("Begin with the newest snapshot."))
@option("--most", type=click.IntRange(1), metavar=N_("NUMBER"), help=N_("Stop after so many."))
@flag("--long", "-l", help=N_("With mode, owner, size and time."))
@all_flag
@snapshot_filter()
@common_options()
def command(**given: Any) -> int:
    """Find files."""
    with opened(looks_into=True) as session:
        wanted = make_filter(given["hosts"], given["tags"], given["paths"], is_all=given["is_all"])
        snapshots = pick_many(session, given["names"], wanted)
        if given["newest_first"]:
            snapshots = dict(reversed(snapshots.items()))
        query = _query(session, given)
        found = islice(find(session.repository, snapshots, query, emit=session.screen.emit), given["most"])
        hits = _show(session.screen, found, is_long=given["long"])
        session.screen.record("summary", {"hits": hits, "snapshots": len(snapshots)})
        return 1 if session.screen.problems else 0


def _query(session: Session, given: dict[str, Any]) -> FindQuery:
    patterns = given["patterns"]
    by_id = given["blob"] or given["tree"]
    if (by_id or given["pack"]) and not patterns:
        raise BadInput(N_("the id is missing"))
    blobs = tuple(text.lower() for text in patterns) if by_id else ()
    if given["pack"]:
        blobs = blobs_of_packs(session.repository, [text.lower() for text in patterns]) or ("-",)
    names = () if blobs else [Pattern(text, given["ignore_case"]) for text in patterns]
    return FindQuery(
        selects=make_finds(names, PatternRules(given["pattern_rules"])),
        oldest_ns=parse_moment(given["oldest"]) if given["oldest"] else None,
        newest_ns=parse_moment(given["newest"]) if given["newest"] else None,
        types=frozenset(given["types"]),
        smallest_bytes=given["larger_than"],
        largest_bytes=given["smaller_than"],
        blobs=blobs,
    )


def _show(screen: Screen, found: Iterable[Found], *, is_long: bool) -> int:
    """Show what was found, and return how much it was."""
    hits = 0
    line = long_line if is_long else short_line
    for name, matches in groupby(found, key=lambda item: item.snapshot):
        screen.result(translate(N_("in snapshot {id}:")).format(id=name[:SHORT_ID]))
        for match in matches:
            hits += 1
            screen.result("  " + line(*match.entry))
            screen.record("match", {**node_fields(*match.entry), "snapshot": name} if screen.json else None)
    screen.say(translate(N_("{count} found")).format(count=figures.count(hits)))
    return hits
