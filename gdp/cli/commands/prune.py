"""``gdp prune``."""

from typing import Any

import click

from gdp.cli.common import common_options
from gdp.cli.prune_options import prune_fields, prune_options, run_prune, take_prune_options
from gdp.cli.session import opened
from gdp.cli.translated import Command, flag
from gdp.core.language import N_


@click.command("prune", cls=Command, help=N_("Remove from the repository what no snapshot needs."))
@flag("--dry-run", "-n", help=N_("Remove nothing; only say what would be done."))
@prune_options
@common_options()
def command(*, dry_run: bool, **given: Any) -> None:
    """Remove data."""
    options = take_prune_options(given)
    with opened(exclusive=True, writes=True) as session:
        plan = run_prune(session, options, is_dry_run=dry_run)
        session.screen.record("summary", {**prune_fields(plan), "dry_run": dry_run})
