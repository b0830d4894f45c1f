"""``gdp advise``."""

import os
from contextlib import closing
from typing import Any

import click

from gdp.cli.advice_report import show_advice
from gdp.cli.chosen_set import chosen_set, fill_from
from gdp.cli.common import common_options, current
from gdp.cli.pattern_options import take_patterns
from gdp.cli.reporting import reporting
from gdp.cli.screen import Screen
from gdp.cli.session import make_access
from gdp.cli.source_options import NO_LISTS, NOTHING_ELSE, source_options, take_markers
from gdp.cli.translated import Command, argument, option
from gdp.cli.values import Size
from gdp.core.compress import Compression
from gdp.core.errors import HostKeyMismatch, StorageError
from gdp.core.language import N_
from gdp.engine.advise.census import count_sources
from gdp.engine.advise.estimate import estimate
from gdp.engine.advise.line import measure_line
from gdp.engine.advise.measured import Line, Measured
from gdp.engine.advise.recommend import recommend
from gdp.engine.advise.sample import read_sample
from gdp.engine.archive.options import BackupOptions
from gdp.engine.archive.sources import existing_sources
from gdp.engine.workers import worker_count
from gdp.model.events import Note, Problem


@click.command(
    "advise",
    cls=Command,
    help=N_("Say what each block size would cost, and which is best: measure the line and try a sample of the sources."),
)
@argument("paths", N_("[PATH]..."), nargs=-1, type=click.Path())
@option(
    "--upload-rate",
    type=Size(1024, needs_unit=True),
    metavar=N_("RATE"),
    help=N_("How much the line sends a second, such as 500K or 2M (K is 1024), instead of measuring it."),
)
@source_options(lists=False)
@option(
    "--compression",
    type=click.Choice(["off", "auto", "max"]),
    default="auto",
    help=N_("How hard to compress: off, auto (default) or max, which is slow."),
)
@common_options()
def command(**given: Any) -> None:
    """Advise."""
    with reporting() as screen:
        rate = given.pop("upload_rate")
        options = _options(given, screen)
        line = Line(rate, 0.0) if rate else _measure_line(screen)
        census, pieces = count_sources(options, screen.emit)
        sample = read_sample(pieces, options.compression, screen.emit)
        memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        measured = Measured(census, sample, line, memory_bytes, worker_count())
        estimated = estimate(measured)
        show_advice(screen, measured, estimated, recommend(measured, estimated))


def _options(given: dict[str, Any], screen: Screen) -> BackupOptions:
    chosen = chosen_set()
    if chosen is not None:
        given |= NOTHING_ELSE | NO_LISTS
        fill_from(chosen, given)
    patterns = take_patterns(given)
    if chosen is None:
        patterns.warn(screen.emit)
    return BackupOptions(
        sources=existing_sources([os.fsencode(path) for path in given["paths"]], screen.emit),
        excludes=patterns.judge(),
        marker_files=take_markers(given),
        exclude_larger_than=given["exclude_larger_than"],
        one_file_system=given["one_file_system"],
        kernel_file_systems=given["kernel_file_systems"],
        compression=Compression(given["compression"]),
    )


def _measure_line(screen: Screen) -> Line | None:
    """Return how fast the target is; None, and a word about it, where that cannot be seen."""
    hint = N_("Make the folder if it is not there yet, or say how fast the line is with --upload-rate, such as 2M.")
    if not current().repo and chosen_set() is None:
        screen.emit(Note(N_("no target was named, so no line was measured; --repo or --upload-rate would give times")))
        return None
    try:
        with closing(make_access(screen).make_storage()) as storage:
            return measure_line(storage, screen.emit)
    except HostKeyMismatch:
        raise  # somebody else may be answering: nothing to go on after
    except StorageError as error:
        screen.emit(Problem(N_("the line could not be measured: {reason}"), {"reason": error}, hint=hint))
        return None
