"""What the last backup knew of each directory: the shape of it, and one source, the parent snapshot's trees.

The other source, our own notes, is in ``notes``.
"""

import stat
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, Protocol

from gdp.core.errors import DamagedData
from gdp.engine.archive.metadata import Ids, Row, unpack_rows
from gdp.model.node import Node

_FORMATS = {"file": stat.S_IFREG, "dir": stat.S_IFDIR, "symlink": stat.S_IFLNK}
"""of the entries that are compared; others are written anew each time"""


class KnownDirectory(NamedTuple):
    """A directory at the last backup."""

    tree: bytes
    rows: bytes
    """packed; empty when only the snapshot's trees are known"""
    values: list[Ids]
    """as Directory.values"""
    entries: Mapping[bytes, tuple[Row, Ids]] | None = None
    """by name: row, value; None: to be made of ``rows``"""

    def by_name(self) -> Mapping[bytes, tuple[Row, Ids]]:
        """Return the entries by name."""
        if self.entries is not None:
            return self.entries
        return {row.name: (row, value) for row, value in zip(unpack_rows(self.rows), self.values, strict=True)}


class Known(Protocol):
    """Something that knows the last backup."""

    def directory(self, path: bytes, tree: bytes | None) -> KnownDirectory | None:
        """Return a directory; ``tree`` is its id in the parent, where the caller knows it."""


class KnownNothing:
    """There was no backup, or it shall not be looked at."""

    def directory(self, path: bytes, tree: bytes | None) -> KnownDirectory | None:
        """See Known."""
        del path, tree
        return None


class KnownTrees:
    """Reads the parent snapshot's trees. What is missing in the repository is not known, and so is read again from the disk.

    Args:
        load_tree: returns a tree's nodes; raises DamagedData.
        root: the parent's tree.
        has_data: says whether a file's pieces are stored.
        on_unreadable: is told of a tree that is damaged or missing.
    """

    def __init__(
        self,
        load_tree: Callable[[bytes], list[Node]],
        root: bytes,
        has_data: Callable[[bytes], bool],
        on_unreadable: Callable[[bytes, DamagedData], None],
    ) -> None:
        self._load_tree, self._root = load_tree, root
        self._has_data, self._on_unreadable = has_data, on_unreadable

    def directory(self, path: bytes, tree: bytes | None) -> KnownDirectory | None:
        """See Known."""
        if path == b"/" and tree is None:
            tree = self._root
        if tree is None:
            return None
        try:
            nodes = self._load_tree(tree)
            entries = dict(self._entries(nodes))
        except DamagedData as error:
            self._on_unreadable(tree, error)
            return None
        return KnownDirectory(tree, b"", [], entries)

    def _entries(self, nodes: list[Node]) -> Iterator[tuple[bytes, tuple[Row, Ids]]]:
        for node in nodes:
            value = bytes.fromhex(node.subtree) if node.subtree else bytes.fromhex("".join(node.content or ()))
            if node.type == "file" and not self._has_data(value):
                continue
            mode = _FORMATS.get(node.type, 0) | node.permissions
            row = Row(
                node.raw_name, mode, node.mtime_ns, node.ctime_ns, node.uid, node.gid, node.inode, node.device_id, node.size, 0, 0
            )
            yield row.name, (row, value)
