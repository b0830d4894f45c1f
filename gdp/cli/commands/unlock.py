"""``gdp unlock``."""

import click

from gdp.cli.common import common_options
from gdp.cli.session import opened
from gdp.cli.translated import Command, flag
from gdp.core.language import N_
from gdp.core.sentences import fill


@click.command("unlock", cls=Command, help=N_("Remove locks that nobody holds any more."))
@flag("--remove-all", help=N_("Remove every lock. Only when no program uses the repository."))
@common_options()
def command(*, remove_all: bool) -> None:
    """Remove locks."""
    with opened(locks=False) as session:
        keeper = session.access.keeper(session.repository)
        removed = len(keeper.files.clear_orphans()) + keeper.files.unlock(everything=remove_all)
        session.screen.say(fill(N_("removed {count:lock|locks}"), {"count": removed}))
        session.screen.record("summary", {"removed_locks": removed})
