"""The options that say which snapshots are meant."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from gdp.cli.chosen_set import chosen_set, host_of
from gdp.cli.translated import flag, option
from gdp.cli.values import TagList
from gdp.core.language import N_
from gdp.model.snapshot import Snapshot, SnapshotId
from gdp.repo.snapshots import SnapshotFilter

Declare = Callable[[Callable[..., Any]], Callable[..., Any]]


def snapshot_filter() -> Declare:
    """Declare ``--host``, ``--tag`` and ``--path``; the command receives ``hosts``, ``tags``, ``paths``."""

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        for name, destination, settings in reversed(_OPTIONS):
            function = option(name, destination, multiple=True, **settings)(function)
        return function

    return declare


all_flag = flag("--all", "is_all", help=N_("With a backup set: also the snapshots of other sets and computers."))
"""Declares ``--all``; the command receives ``is_all``."""


def make_filter(
    hosts: Sequence[str], tags: Sequence[Sequence[str]], paths: Sequence[str], *, is_all: bool = False
) -> SnapshotFilter:
    """Return the filter that those options ask for. Relative paths are meant from here.

    Without any of them a backup set, when one was named, means its own snapshots, unless ``is_all``.
    """
    chosen = None if hosts or tags or paths or is_all else chosen_set()
    if chosen is not None:
        return SnapshotFilter((host_of(chosen),), ((chosen.tag,),))
    return SnapshotFilter(tuple(hosts), tuple(tags), tuple(str(Path(path).absolute()) for path in paths))


def newest_of_each(snapshots: Mapping[SnapshotId, Snapshot], count: int) -> dict[SnapshotId, Snapshot]:
    """Return the newest ``count`` of each host and set of paths, from snapshots given oldest first."""
    groups: dict[tuple[str, ...], list[SnapshotId]] = defaultdict(list)
    for name, snapshot in snapshots.items():
        groups[snapshot.hostname, *sorted(snapshot.paths)].append(name)
    kept = {name for names in groups.values() for name in names[-count:]}
    return {name: snapshot for name, snapshot in snapshots.items() if name in kept}


_OPTIONS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("--host", "hosts", {"metavar": N_("HOST"), "help": N_("Only snapshots of this computer. Repeatable.")}),
    (
        "--tag",
        "tags",
        {
            "metavar": N_("TAG,..."),
            "type": TagList(),
            "help": N_("Only snapshots with all these tags. Repeatable: any of the lists."),
        },
    ),
    ("--path", "paths", {"metavar": N_("PATH"), "help": N_("Only snapshots of this path. Repeatable: all of them.")}),
)
