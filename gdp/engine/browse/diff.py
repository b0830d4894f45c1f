"""Compares two directories of snapshots: which paths differ and how, and what that means in blobs and bytes. As restic counts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import msgspec

from gdp.core.errors import DamagedData
from gdp.core.packformat import BlobKind
from gdp.engine.browse.walk import DEEPEST_FOLDER, problem_of, subtree_of
from gdp.model.events import Emit, ignore_events
from gdp.model.node import Node
from gdp.repo.repository import Repository

_Blob = tuple[BlobKind, bytes]


@dataclass(frozen=True, slots=True)
class Change:
    """One path that differs."""

    path: bytes
    """with a trailing slash for a directory of the newer side (or of the only side that has it)"""
    modifier: str
    """``+`` added, ``-`` removed, ``M`` other content, ``T`` another kind, ``U`` other metadata, ``M?`` other content although
    everything else is equal: the disk may be failing"""
    old_bytes: int | None = None
    """size of the older side, None where that has no file here"""
    new_bytes: int | None = None
    """the same of the newer side"""


@dataclass(slots=True)
class SideCount:
    """What only one of the two has."""

    files: int = 0
    dirs: int = 0
    others: int = 0
    data_blobs: int = 0
    tree_blobs: int = 0
    bytes: int = 0
    """before compression"""

    def add(self, node: Node) -> None:
        """Count a node."""
        if node.type == "file":
            self.files += 1
        elif node.type == "dir":
            self.dirs += 1
        else:
            self.others += 1


@dataclass(slots=True)
class DiffStatistics:
    """The sums of a comparison."""

    changed_files: int = 0
    added: SideCount = field(default_factory=SideCount)
    removed: SideCount = field(default_factory=SideCount)


@dataclass(slots=True)
class _Side:
    count: SideCount
    modifier: str
    blobs: set[_Blob] = field(default_factory=set)


def diff(
    repo: Repository,
    before: bytes,
    after: bytes,
    tell: Callable[[Change], None],
    *,
    with_metadata: bool = False,
    emit: Emit = ignore_events,
) -> DiffStatistics:
    """Compare two trees.

    Args:
        repo: with its index loaded.
        before: the older tree's id.
        after: the newer tree's id.
        tell: called for every path that differs.
        with_metadata: also tell of those where only times, owners and the like differ.
        emit: told as a Problem what cannot be read.
    """
    statistics = DiffStatistics()
    comparison = _Comparison(repo, tell, statistics, emit, with_metadata=with_metadata)
    comparison.compare(before, after)
    comparison.count_blobs()
    return statistics


class _Comparison:
    def __init__(
        self,
        repo: Repository,
        tell: Callable[[Change], None],
        statistics: DiffStatistics,
        emit: Emit,
        *,
        with_metadata: bool,
    ) -> None:
        self._repo, self._tell, self._statistics, self._emit = repo, tell, statistics, emit
        self._with_metadata = with_metadata
        self._old = _Side(statistics.removed, "-")
        self._new = _Side(statistics.added, "+")
        self._common: set[_Blob] = set()

    def compare(self, before: bytes, after: bytes) -> None:
        """Compare two directories and all below them."""
        waiting = [(b"/", before, after, 0)]
        while waiting:
            prefix, old, new, depth = waiting.pop()
            if old == new:
                self._collect(old, prefix, self._common)
                continue
            self._old.blobs.add((BlobKind.TREE, old))
            self._new.blobs.add((BlobKind.TREE, new))
            below = []
            for name, node, newer in _merge(self._load(old, prefix), self._load(new, prefix)):
                path = prefix + name
                if node is None or newer is None:
                    self._only(path, newer or node, self._new if newer else self._old)  # type: ignore[arg-type]
                    continue
                self._both(path, node, newer)
                if node.type == newer.type == "dir" and depth < DEEPEST_FOLDER:
                    below.append((path + b"/", subtree_of(node), subtree_of(newer), depth + 1))
            waiting += reversed(below)

    def count_blobs(self) -> None:
        """Count the blobs that only one side has."""
        shared = self._common | (self._old.blobs & self._new.blobs)
        for side in (self._old, self._new):
            for kind, blob in side.blobs - shared:
                if kind is BlobKind.DATA:
                    side.count.data_blobs += 1
                else:
                    side.count.tree_blobs += 1
                place = self._repo.index.find(kind, blob)
                side.count.bytes += place.data_bytes if place else 0

    def _both(self, path: bytes, old: Node, new: Node) -> None:
        modifier = "T" if old.type != new.type else ""
        if old.type == new.type == "file" and old.content != new.content:
            modifier += "M"
            self._statistics.changed_files += 1
            if msgspec.structs.replace(old, content=None) == msgspec.structs.replace(new, content=None):
                modifier += "?"
        elif self._with_metadata and old != new:
            modifier += "U"
        if modifier:
            self._tell(Change(path + b"/" if new.type == "dir" else path, modifier, _bytes_of(old), _bytes_of(new)))
        _add_content(self._old.blobs, old)
        _add_content(self._new.blobs, new)

    def _only(self, path: bytes, node: Node, side: _Side) -> None:
        """Tell of an entry and all below it that only one side has."""
        waiting = [(path, node, 0)]
        while waiting:
            path, node, depth = waiting.pop()
            is_folder = node.type == "dir"
            sizes = (_bytes_of(node), None) if side is self._old else (None, _bytes_of(node))
            self._tell(Change(path + b"/" if is_folder else path, side.modifier, *sizes))
            side.count.add(node)
            _add_content(side.blobs, node)
            if is_folder and depth < DEEPEST_FOLDER:
                tree = subtree_of(node)
                side.blobs.add((BlobKind.TREE, tree))
                waiting += reversed([(path + b"/" + name, child, depth + 1) for name, child in self._load(tree, path)])

    def _collect(self, tree: bytes, prefix: bytes, blobs: set[_Blob]) -> None:
        waiting = [tree]
        while waiting:
            tree = waiting.pop()
            if (BlobKind.TREE, tree) not in blobs:
                blobs.add((BlobKind.TREE, tree))
                for _, node in self._load(tree, prefix):
                    _add_content(blobs, node)
                    if node.type == "dir":
                        waiting.append(subtree_of(node))

    def _load(self, tree: bytes, path: bytes) -> list[tuple[bytes, Node]]:
        try:
            return [(node.raw_name, node) for node in self._repo.load_tree(tree)]
        except DamagedData as error:
            self._emit(problem_of(error, path))
            return []


def _merge(old: list[tuple[bytes, Node]], new: list[tuple[bytes, Node]]) -> Iterator[tuple[bytes, Node | None, Node | None]]:
    """Yield every name with its nodes on both sides, in order."""
    before, after = dict(old), dict(new)
    for name in sorted(before.keys() | after.keys()):
        yield name, before.get(name), after.get(name)


def _bytes_of(node: Node) -> int | None:
    return node.size if node.type == "file" else None


def _add_content(blobs: set[_Blob], node: Node) -> None:
    blobs.update((BlobKind.DATA, bytes.fromhex(blob)) for blob in node.content or ())
