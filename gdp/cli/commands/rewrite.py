"""``gdp rewrite``."""

from typing import Any

import click

from gdp.cli.common import common_options
from gdp.cli.pattern_options import pattern_options, take_patterns
from gdp.cli.picking import load_index, pick_many
from gdp.cli.records import SHORT_ID
from gdp.cli.selection import make_filter, snapshot_filter
from gdp.cli.session import opened
from gdp.cli.snapshot_name import snapshot_argument
from gdp.cli.translated import Command, flag, option
from gdp.cli.values import parse_moment
from gdp.core.errors import BadInput
from gdp.core.gotext import format_time
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.engine.rewrite import RewriteOptions, Rewritten, rewrite_snapshots


@click.command("rewrite", cls=Command, help=N_("Make new snapshots of old ones, without some files or with another host."))
@snapshot_argument("names", N_("[SNAPSHOT]..."), nargs=-1)
@pattern_options(includes=False)
@option("--new-host", metavar=N_("HOST"), help=N_("Another host."))
@option("--new-time", metavar=N_("TIME"), help=N_("Another time, such as '2026-11-24 03:10:00'."))
@flag("--forget", help=N_("Remove the old snapshots."))
@flag("--dry-run", "-n", help=N_("Change nothing; only say what would be done."))
@snapshot_filter()
@common_options()
def command(**given: Any) -> None:
    """Rewrite snapshots."""
    patterns = take_patterns(given)
    time = given["new_time"]
    options = RewriteOptions(
        is_excluded=patterns.judge(),
        host=given["new_host"],
        time=format_time(parse_moment(time)) if time else None,
        forget=given["forget"],
        dry_run=given["dry_run"],
    )
    if options.is_excluded is None and not options.host and not options.time:
        raise BadInput(N_("there is nothing to change"), N_("Give --exclude, --new-host or --new-time."))
    with opened(exclusive=options.forget and not options.dry_run, writes=not options.dry_run) as session:
        patterns.warn(session.screen.emit)
        found = pick_many(session, given["names"], make_filter(given["hosts"], given["tags"], given["paths"]))
        load_index(session)
        changed = rewrite_snapshots(session.repository, found, options, session.screen.emit)
        for one in changed:
            session.screen.say(_sentence(one))
            session.screen.record("changed", {"old_snapshot_id": one.old, "new_snapshot_id": one.new})
        session.screen.say(fill(N_("changed {count:snapshot|snapshots}"), {"count": len(changed)}))
        session.screen.record("summary", {"changed_snapshots": len(changed), "dry_run": options.dry_run})


def _sentence(one: Rewritten) -> str:
    sentence = N_("snapshot {old} is rewritten as {new}") if one.new else N_("snapshot {old} would be rewritten")
    return translate(sentence).format(old=one.old[:SHORT_ID], new=(one.new or "")[:SHORT_ID])
