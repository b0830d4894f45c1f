"""``gdp mount``."""

from collections.abc import Sequence
from pathlib import Path

import click

from gdp.cli.common import common_options
from gdp.cli.selection import make_filter, snapshot_filter
from gdp.cli.session import opened
from gdp.cli.signals import left_to_the_system
from gdp.cli.translated import Command, argument, flag
from gdp.core.language import N_, translate
from gdp.engine.mount import mount


@click.command("mount", cls=Command, help=N_("Show the snapshots as folders until Ctrl-C is pressed or somebody unmounts them."))
@argument("folder", N_("FOLDER"), type=click.Path(path_type=Path, file_okay=False))
@flag("--allow-other", help=N_("Let other users of this computer in."))
@snapshot_filter()
@common_options()
def command(
    *, folder: Path, allow_other: bool, hosts: Sequence[str], tags: Sequence[Sequence[str]], paths: Sequence[str]
) -> None:
    """Mount snapshots."""
    with opened(looks_into=True) as session:

        def tell() -> None:
            session.screen.close()
            session.screen.say(translate(N_("mounted on {folder}; end with Ctrl-C or 'umount'")).format(folder=folder))
            session.screen.record("mounted", {"path": str(folder)})

        wanted = make_filter(hosts, tags, paths)
        with left_to_the_system():
            mount(session.repository, folder, wanted=wanted, allow_other=allow_other, on_ready=tell)
        session.screen.record("summary", {"path": str(folder)})
