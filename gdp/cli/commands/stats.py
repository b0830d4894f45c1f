"""``gdp stats``."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from gdp.cli.common import common_options
from gdp.cli.picking import pick_many
from gdp.cli.screen import Screen
from gdp.cli.selection import make_filter, snapshot_filter
from gdp.cli.session import opened
from gdp.cli.snapshot_name import snapshot_argument
from gdp.cli.translated import Command, option
from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.engine.stats import Stats, StatsMode, count_stats

Number = TypeVar("Number", int, float)


@click.command("stats", cls=Command, help=N_("Count what snapshots hold: those named, or all that the filters let through."))
@snapshot_argument("names", N_("[SNAPSHOT]..."), nargs=-1)
@option(
    "--mode",
    type=click.Choice([str(mode) for mode in StatsMode]),
    default=str(StatsMode.RESTORE_SIZE),
    help=N_("Count what a restore would write (default), each different content once, blocks by file, or what is stored."),
)
@snapshot_filter()
@common_options()
def command(*, names: Sequence[str], mode: str, hosts: Sequence[str], tags: Sequence[Sequence[str]], paths: Sequence[str]) -> int:
    """Count."""
    with opened(looks_into=True) as session:
        found = pick_many(session, names, make_filter(hosts, tags, paths))
        stats = count_stats(session.repository, found, StatsMode(mode), session.screen.emit)
        _show(session.screen, stats)
        fields = {name: value for name, value in dataclasses.asdict(stats).items() if value is not None}
        session.screen.record("summary", {"mode": mode, **fields})
        return 1 if session.screen.problems else 0


def _show(screen: Screen, stats: Stats) -> None:
    lines = (
        (N_("snapshots:    {value}"), figures.count(stats.snapshots_count)),
        (N_("files:        {value}"), _written(stats.total_file_count, figures.count)),
        (N_("blocks:       {value}"), _written(stats.total_blob_count, figures.count)),
        (N_("size:         {value}"), figures.size(stats.total_size)),
        (
            N_("uncompressed: {value}"),
            _written(stats.total_uncompressed_size, figures.size),
        ),
        (N_("saved:        {value} %"), _written(stats.compression_space_saving, figures.decimal)),
    )
    for template, value in lines:
        if value:
            screen.result(translate(template).format(value=value))
    if stats.compression_ratio is not None:
        facts = {
            "part": _written(stats.compression_progress, figures.decimal),
            "ratio": figures.decimal(stats.compression_ratio, 2),
        }
        screen.result(translate(N_("compressed:   {part} % of it, {ratio} to 1")).format(**facts))


def _written(number: Number | None, write: Callable[[Number], str]) -> str:
    return "" if number is None else write(number)
