"""Counts what a backup of some sources would read, by the backup's own walk."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gdp.core.language import N_
from gdp.engine.archive.metadata import unpack_rows
from gdp.engine.archive.options import BackupOptions
from gdp.engine.archive.sources import root_of
from gdp.engine.archive.walk import Directory, Skipped, Walker
from gdp.engine.scan.hits import CountedExcludes, Hit
from gdp.model.events import Emit, Progress, StageBegan
from gdp.model.exclusion import Pattern, PatternRules


@dataclass(slots=True)
class Count:
    """What lies in a source."""

    path: bytes
    """the source as it was given"""
    files: int = 0
    folders: int = 0
    """the source itself is one of them, when it is a folder"""
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Scanned:
    """What was found. A source in another one counts with that one."""

    sources: list[Count]
    hits: list[Hit]
    """in the order of the patterns"""
    problems: int
    """how much could not be read"""
    skipped: Skipped


def scan_sources(options: BackupOptions, patterns: Sequence[Pattern], rules: PatternRules, emit: Emit) -> Scanned:
    """Count. The sources exist; what cannot be read is a Problem event. Raises BadInput for a pattern without sense.

    Args:
        options: sources and what is left out; ``excludes`` in it does not count, ``patterns`` do.
    """
    emit(StageBegan(N_("looking through the sources")))
    counts = [Count(source) for source in dict.fromkeys(options.sources)]
    holders = [(_beginning(count.path), count) for count in counts]

    def tell(folder: bytes) -> None:
        emit(Progress(files_done=walker.files_found, bytes_done=walker.bytes_found, current=os.fsdecode(folder)))

    excludes = CountedExcludes(patterns, rules, tell)
    walker = Walker(replace(options, excludes=excludes), emit)
    for directory in walker.walk(root_of(options.sources)):
        if directory.places:
            _count_single(directory, holders)
        elif (count := _holder(directory.path, holders)) is not None:
            count.folders += 1
            count.files += directory.file_count
            count.bytes += directory.file_bytes
        tell(directory.path)
    return Scanned(counts, excludes.hits, walker.problems, walker.skipped)


def _count_single(directory: Directory, holders: Sequence[tuple[bytes, Count]]) -> None:
    """Count files that are sources themselves, in a folder that leads to them."""
    for position, row in enumerate(unpack_rows(directory.packed_rows)):
        if row.is_file and (count := _holder(directory.path_of(position, row.name), holders)) is not None:
            count.files += 1
            count.bytes += row.size


def _holder(path: bytes, holders: Sequence[tuple[bytes, Count]]) -> Count | None:
    """Return the widest source that holds a path."""
    path = path.rstrip(b"/") + b"/"
    found = [(len(beginning), count) for beginning, count in holders if path.startswith(beginning)]
    return min(found, key=lambda each: each[0])[1] if found else None


def _beginning(source: bytes) -> bytes:
    """Return what the paths in a source begin with, as the walk names them."""
    clean = os.path.normpath(source).replace(b"//", b"/")
    return b"" if clean == b"." else clean.rstrip(b"/") + b"/"
