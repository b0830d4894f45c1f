"""The options that say what is backed up, for every command that reads sources: backup, scan, advise."""

import os
from collections.abc import Callable
from typing import Any

from gdp.cli.pattern_options import pattern_options, read_list
from gdp.cli.translated import flag, option
from gdp.cli.values import Size
from gdp.core.language import N_
from gdp.engine.patterns.lists import parse_files_from, parse_raw, parse_verbatim
from gdp.model.exclusion import CACHE_DIRECTORY_TAG, MarkerFile, parse_marker

Declare = Callable[[Callable[..., Any]], Callable[..., Any]]
NOTHING_ELSE: dict[str, Any] = {"stdin": False, "tags": (), "host": None}
"""what a set also says about a backup, for commands that only look at its sources"""
NO_LISTS: dict[str, Any] = {"files_from": (), "files_from_verbatim": (), "files_from_raw": ()}
_LISTS = (
    option("--files-from", multiple=True, metavar=N_("FILE"), help=N_("Back up what the shell patterns in this file name.")),
    option("--files-from-verbatim", multiple=True, metavar=N_("FILE"), help=N_("Back up the paths in this file as they stand.")),
    option("--files-from-raw", multiple=True, metavar=N_("FILE"), help=N_("The same, each path ended by a zero byte.")),
)
_REST = (
    option(
        "--exclude-if-present",
        multiple=True,
        metavar=N_("NAME[:HEADER]"),
        help=N_("Leave out what is in a folder with a file of this name, which begins with this header. Repeatable."),
    ),
    flag("--exclude-caches", help=N_("Leave out what is in folders marked as a cache by a CACHEDIR.TAG.")),
    option("--exclude-larger-than", type=Size(1), metavar=N_("SIZE"), help=N_("Leave out larger files, such as 500M.")),
    flag("--one-file-system", "-x", help=N_("Stay on the file systems of the sources.")),
    flag(
        "--include-kernel-file-systems",
        "kernel_file_systems",
        help=N_("Read file systems of the kernel below a source too, such as /proc, which are else kept as empty folders."),
    ),
)


def source_options(*, lists: bool = True) -> Declare:
    """Declare what is left out and, with ``lists``, the files that list sources."""

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        for add in reversed((*_REST, *(_LISTS if lists else ()))):
            function = add(function)
        return pattern_options(includes=False)(function)

    return declare


def take_markers(given: dict[str, Any]) -> list[MarkerFile]:
    """Take the files that mark a folder out of what a command received. Raises BadInput."""
    markers = [parse_marker(text) for text in given.pop("exclude_if_present")]
    return [*markers, CACHE_DIRECTORY_TAG] if given.pop("exclude_caches") else markers


def take_sources(given: dict[str, Any]) -> list[bytes]:
    """Take the sources out of what a command received, and read the lists of them. Raises BadInput."""
    sources = [os.fsencode(path) for path in given.pop("paths")]
    for name in given.pop("files_from"):
        sources += parse_files_from(read_list(name), _matching)
    for name in given.pop("files_from_verbatim"):
        sources += parse_verbatim(read_list(name))
    for name in given.pop("files_from_raw"):
        sources += parse_raw(read_list(name))
    return sources


def _matching(pattern: str) -> list[str]:
    import glob  # start-up time

    return sorted(glob.glob(pattern, include_hidden=True))
