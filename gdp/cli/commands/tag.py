"""``gdp tag``."""

from collections.abc import Sequence

import click

from gdp.cli.common import common_options
from gdp.cli.picking import pick_many
from gdp.cli.selection import make_filter, snapshot_filter
from gdp.cli.session import opened
from gdp.cli.snapshot_name import snapshot_argument
from gdp.cli.translated import Command, option
from gdp.cli.values import TagList
from gdp.core.language import N_
from gdp.core.sentences import fill
from gdp.engine.tag import TagChange, tag_snapshots

Tags = Sequence[Sequence[str]]


@click.command("tag", cls=Command, help=N_("Change the tags of the snapshots named, or of all that the filters let through."))
@snapshot_argument("names", N_("[SNAPSHOT]..."), nargs=-1)
@option("--set", "replace", multiple=True, type=TagList(), metavar=N_("TAG,..."), help=N_("These tags and no others."))
@option("--add", multiple=True, type=TagList(), metavar=N_("TAG,..."), help=N_("Add these tags."))
@option("--remove", multiple=True, type=TagList(), metavar=N_("TAG,..."), help=N_("Remove these tags."))
@snapshot_filter()
@common_options()
def command(
    *, names: Sequence[str], replace: Tags, add: Tags, remove: Tags, hosts: Sequence[str], tags: Tags, paths: Sequence[str]
) -> None:
    """Change tags."""
    change = TagChange(_flat(replace) if replace else None, _flat(add), _flat(remove))
    with opened(exclusive=True, writes=True) as session:
        found = pick_many(session, names, make_filter(hosts, tags, paths))
        changed = tag_snapshots(session.repository, found, change)
        for old, new in changed:
            session.screen.record("changed", {"old_snapshot_id": old, "new_snapshot_id": new})
        session.screen.say(fill(N_("changed {count:snapshot|snapshots}"), {"count": len(changed)}))
        session.screen.record("summary", {"changed_snapshots": len(changed)})


def _flat(lists: Tags) -> list[str]:
    return [tag for tags in lists for tag in tags]
