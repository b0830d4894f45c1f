"""Finds entries by path, time, kind and size, or by the blobs they consist of, in many snapshots at once.

A directory in which nothing was found is not looked into again at the same path: snapshots differ little.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from gdp.core.errors import DamagedData
from gdp.core.packformat import BlobKind
from gdp.engine.browse.walk import DEEPEST_FOLDER, Entry, problem_of, subtree_of
from gdp.engine.patterns.selector import Selects
from gdp.model.events import Emit, ignore_events
from gdp.model.node import Node
from gdp.model.snapshot import Snapshot, SnapshotId
from gdp.repo.repository import Repository


@dataclass(frozen=True, slots=True)
class FindQuery:
    """What is looked for. All that is given must hold."""

    selects: Selects | None = None
    """the patterns; None: every path"""
    oldest_ns: int | None = None
    """changed at this time or later"""
    newest_ns: int | None = None
    """changed at this time or earlier"""
    types: frozenset[str] = frozenset()
    """node types; empty: all"""
    smallest_bytes: int | None = None
    largest_bytes: int | None = None
    blobs: tuple[str, ...] = ()
    """beginnings of blob ids: files with such a block, directories whose tree it is"""

    def fits(self, node: Node) -> bool:
        """Say whether everything but the path holds."""
        if self.types and node.type not in self.types:
            return False
        if self.oldest_ns is not None and node.mtime_ns < self.oldest_ns:
            return False
        if self.newest_ns is not None and node.mtime_ns > self.newest_ns:
            return False
        if self.smallest_bytes is not None and node.size < self.smallest_bytes:
            return False
        if self.largest_bytes is not None and node.size > self.largest_bytes:
            return False
        return not self.blobs or any(blob.startswith(self.blobs) for blob in (*(node.content or ()), node.subtree or ""))


class Found(NamedTuple):
    """An entry of a snapshot."""

    snapshot: SnapshotId
    entry: Entry


def find(
    repo: Repository, snapshots: Mapping[SnapshotId, Snapshot], query: FindQuery, *, emit: Emit = ignore_events
) -> Iterator[Found]:
    """Yield what fits, snapshot by snapshot in the given order. What cannot be read is told as a Problem."""
    barren: set[tuple[bytes, bytes]] = set()
    for name, snapshot in snapshots.items():
        for entry in _find_in(repo, bytes.fromhex(snapshot.tree), query, barren, emit):
            yield Found(name, entry)


def blobs_of_packs(repo: Repository, beginnings: Iterable[str]) -> tuple[str, ...]:
    """Return the ids of all blobs in the packs whose ids begin so, for ``FindQuery.blobs``."""
    wanted = tuple(beginnings)
    return tuple(blob.id.hex() for pack, blob in repo.index if pack.hex().startswith(wanted))


def kind_of(blob: bytes, repo: Repository) -> BlobKind | None:
    """Return what a blob holds, or None when it is in no index."""
    return next((kind for kind in BlobKind if (kind, blob) in repo.index), None)


@dataclass(slots=True)
class _Level:
    prefix: bytes
    tree: bytes
    nodes: Iterator[Node]
    is_barren: bool = True


def _find_in(repo: Repository, tree: bytes, query: FindQuery, barren: set[tuple[bytes, bytes]], emit: Emit) -> Iterator[Entry]:
    levels: list[_Level] = []
    _enter(repo, b"", tree, levels, barren, emit)
    while levels:
        level = levels[-1]
        node = next(level.nodes, None)
        if node is None:
            _leave(levels, barren)
            continue
        try:
            path = level.prefix + b"/" + node.raw_name
            is_folder = node.type == "dir"
            wanted, inside = query.selects(path, is_folder) if query.selects else (True, is_folder)
            if wanted and query.fits(node):
                level.is_barren = False
                yield Entry(path, node)
            if is_folder and inside:
                _enter(repo, path, subtree_of(node), levels, barren, emit)
        except DamagedData as error:
            level.is_barren = False
            emit(problem_of(error, level.prefix))


def _enter(
    repo: Repository, path: bytes, tree: bytes, levels: list[_Level], barren: set[tuple[bytes, bytes]], emit: Emit
) -> None:
    if (tree, path) in barren or len(levels) > DEEPEST_FOLDER:
        return
    try:
        levels.append(_Level(path, tree, iter(repo.load_tree(tree))))
    except DamagedData as error:
        if levels:
            levels[-1].is_barren = False
        emit(problem_of(error, path))


def _leave(levels: list[_Level], barren: set[tuple[bytes, bytes]]) -> None:
    level = levels.pop()
    if level.is_barren:
        barren.add((level.tree, level.prefix))
    elif levels:
        levels[-1].is_barren = False
