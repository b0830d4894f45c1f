"""Builds changed directories out of stored ones, from the leaves up. Each stored directory is dealt with once a path.

What is not understood is never written again: a directory whose JSON we would not write to the byte is refused, unless the
caller repairs, where losing an unknown detail is better than losing the directory.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from gdp.core.errors import DamagedData
from gdp.core.ids import BlobId
from gdp.core.language import N_
from gdp.core.packformat import BlobKind
from gdp.engine.check.walk import subtree_id
from gdp.model.node import Node
from gdp.model.tree import decode_tree, encode_tree
from gdp.repo.repository import Repository


class NodeRule(Protocol):
    """What becomes of the entries of a directory."""

    is_exact: bool
    """refuse directories that we would write differently"""

    def keep(self, path: bytes, node: Node) -> Node | None:
        """Return the entry, changed or not, or None to leave it out. ``path``: absolute, in the snapshot."""

    def unreadable(self, path: bytes, problem: DamagedData) -> bytes | None:
        """Return the blob to put in a directory's place, None to leave it out; or raise."""


SaveTree = Callable[[BlobId, bytes], None]
"""stores a new directory; called before any directory that refers to it"""


class TreeRewriter:
    """Applies a rule to directories and everything below them."""

    def __init__(self, repo: Repository, rule: NodeRule, save: SaveTree) -> None:
        self._repo, self._rule, self._save = repo, rule, save
        self._done: dict[tuple[bytes, BlobId], BlobId | None] = {}
        self.files = 0
        """files in the directories built so far"""
        self.bytes = 0
        """their contents"""

    def rewrite(self, root: BlobId) -> BlobId | None:
        """Return the id of the changed root directory, the same id when nothing changes, or None when nothing is left."""
        self._done.clear()  # what a rule decides may depend on what it saw in this snapshot
        self.files = self.bytes = 0
        return self._directory(root, b"/")

    def _directory(self, tree_id: BlobId, path: bytes) -> BlobId | None:
        try:
            blob = self._repo.load_blob(BlobKind.TREE, tree_id)
            nodes = decode_tree(blob)
            names = [node.raw_name for node in nodes]
        except DamagedData as problem:
            replacement = self._rule.unreadable(path, problem)
            return None if replacement is None else self._store(replacement)
        if self._rule.is_exact:
            _require_exact(blob, nodes, names, path)
        kept = [new for node, name in zip(nodes, names, strict=True) if (new := self._entry(node, _join(path, name)))]
        if kept == nodes:
            return tree_id
        return self._store(encode_tree(kept))

    def _entry(self, node: Node, path: bytes) -> Node | None:
        kept = self._rule.keep(path, node)
        if kept is None or kept.type != "dir":
            if kept is not None and kept.type == "file":
                self.files += 1
                self.bytes += kept.size
            return kept
        below = subtree_id(kept)
        if below is None:
            problem = DamagedData(N_("the directory {path} has no contents"), path=path.decode("utf-8", "backslashreplace"))
            replacement = self._rule.unreadable(path, problem)
            new = None if replacement is None else self._store(replacement)
        else:
            new = self._directory(below, path)
        if new is None:
            return None
        return kept if new == below else msgspec.structs.replace(kept, subtree=new.hex())

    def _store(self, blob: bytes) -> BlobId:
        tree_id = BlobId(hashlib.sha256(blob).digest())
        self._save(tree_id, blob)
        return tree_id


def _join(folder: bytes, name: bytes) -> bytes:
    return folder.rstrip(b"/") + b"/" + name


def _require_exact(blob: bytes, nodes: Sequence[Node], names: Sequence[bytes], path: bytes) -> None:
    if sorted(set(names)) != list(names):
        raise DamagedData(
            N_("the directory {path} is not in order; it was not rewritten"),
            N_("Run 'gdp check', then 'gdp repair snapshots'."),
            path=path.decode("utf-8", "backslashreplace"),
        )
    if encode_tree(nodes) != blob:
        raise DamagedData(
            N_("the directory {path} holds details this program does not know; rewriting would lose them"),
            N_("Use the program that wrote the snapshot."),
            path=path.decode("utf-8", "backslashreplace"),
        )
