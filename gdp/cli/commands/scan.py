"""``gdp scan``."""

import os
from dataclasses import asdict
from typing import Any

import click

from gdp.cli.chosen_set import chosen_set, fill_from, means_set, use_set
from gdp.cli.common import common_options
from gdp.cli.pattern_options import take_patterns
from gdp.cli.reporting import reporting
from gdp.cli.screen import Screen
from gdp.cli.source_options import NOTHING_ELSE, source_options, take_markers, take_sources
from gdp.cli.table import layout
from gdp.cli.translated import Command, argument
from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.engine.archive.options import BackupOptions
from gdp.engine.archive.sources import existing_sources
from gdp.engine.scan.count import Count, Scanned, scan_sources
from gdp.engine.scan.hits import Hit
from gdp.report.rows import skipped_in_words

UNREADABLE_SOURCES = 3
_SOURCES = (N_("Source"), N_("Folders"), N_("Files"), N_("Size"))
_PATTERNS = (N_("Left out by"), N_("Folders"), N_("Files"), N_("Size"))
_FIGURES = (1, 2, 3)


@click.command(
    "scan",
    cls=Command,
    help=N_("Count what a backup would read, and what each exclude pattern leaves out. Stores nothing, needs no repository."),
)
@argument("paths", N_("[PATH]..."), nargs=-1, type=click.Path())
@source_options()
@common_options()
def command(**given: Any) -> int:
    """Scan."""
    with reporting() as screen:
        if means_set(given["paths"], screen.emit):
            use_set(given["paths"][0])
            given["paths"] = ()
        given |= NOTHING_ELSE
        if (chosen := chosen_set()) is not None:
            fill_from(chosen, given)
        patterns = take_patterns(given)
        if chosen is None:
            patterns.warn(screen.emit)
        options = BackupOptions(
            marker_files=take_markers(given),
            exclude_larger_than=given["exclude_larger_than"],
            one_file_system=given["one_file_system"],
            kernel_file_systems=given["kernel_file_systems"],
            sources=existing_sources(take_sources(given), screen.emit),
        )
        _show(screen, scan_sources(options, patterns.excludes, patterns.rules, screen.emit))
        return UNREADABLE_SOURCES if screen.problems else 0


def _show(screen: Screen, scanned: Scanned) -> None:
    rows = [[os.fsdecode(one.path), *_figures(one)] for one in scanned.sources]
    _table(screen, _SOURCES, rows)
    if scanned.hits:
        screen.result()
        _table(screen, _PATTERNS, [[hit.pattern.text, *_figures(hit)] for hit in scanned.hits])
    total = {name: sum(getattr(one, name) for one in scanned.sources) for name in ("files", "folders", "bytes")}
    screen.result()
    facts = {"files": total["files"], "folders": total["folders"], "size": figures.size(total["bytes"])}
    screen.result(fill(N_("A backup would read {files:file|files} in {folders:folder|folders}, {size}."), facts))
    skipped = asdict(scanned.skipped)
    if left_out := skipped_in_words(skipped):
        screen.result(fill(N_("Left out: {what}"), {"what": left_out}))
    for one in scanned.sources:
        screen.record("source", {"path": os.fsdecode(one.path), **_fields(one)})
    for hit in scanned.hits:
        ignores = {"ignores_case": True} if hit.pattern.ignores_case else {}
        screen.record("pattern", {"pattern": hit.pattern.text, **_fields(hit), **ignores})
    screen.record("summary", {**total, "skipped": skipped, "problems": screen.problems})


def _table(screen: Screen, headings: tuple[str, ...], rows: list[list[str]]) -> None:
    for line in layout([translate(text) for text in headings], rows, _FIGURES):
        screen.result(line)


def _figures(one: Count | Hit) -> list[str]:
    return [figures.count(one.folders), figures.count(one.files), figures.size(one.bytes)]


def _fields(one: Count | Hit) -> dict[str, object]:
    return {"files": one.files, "folders": one.folders, "bytes": one.bytes}
