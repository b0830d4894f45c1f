"""Builds changed directories out of stored ones, from the leaves up.

What is not understood is never written again: a directory whose JSON we would not write to the byte is refused, unless the
caller repairs, where losing an unknown detail is better than losing the directory.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

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


class Built(NamedTuple):
    """A directory with the rule applied to it and everything below."""

    tree: bytes | None
    """None: it is left out"""
    files: int = 0
    bytes: int = 0
    """what the files hold"""


class TreeRewriter:
    """Applies a rule to directories and everything below them. What was done once under a path is not done again."""

    def __init__(self, repo: Repository, rule: NodeRule, save: SaveTree) -> None:
        self._repo, self._rule, self._save = repo, rule, save
        self._done: dict[tuple[bytes, bytes], Built] = {}

    def rewrite(self, root: bytes) -> Built:
        """Return the changed root directory; its id is the same when nothing changes."""
        return self._directory(root, b"/")

    def _directory(self, tree_id: bytes, path: bytes) -> Built:
        built = self._done.get((path, tree_id))
        if built is None:
            built = self._done[path, tree_id] = self._build(tree_id, path)
        return built

    def _build(self, tree_id: bytes, path: bytes) -> Built:
        try:
            blob = self._repo.load_blob(BlobKind.TREE, tree_id)
            nodes = decode_tree(blob)
            names = [node.raw_name for node in nodes]
        except DamagedData as problem:
            return Built(self._replacement(path, problem))
        if self._rule.is_exact:
            _require_exact(blob, nodes, names, path)
        kept: list[Node] = []
        files = size = 0
        for node, name in zip(nodes, names, strict=True):
            entry, files_below, bytes_below = self._entry(node, _join(path, name))
            if entry:
                kept.append(entry)
                files, size = files + files_below, size + bytes_below
        return Built(tree_id if kept == nodes else self._store(encode_tree(kept)), files, size)

    def _entry(self, node: Node, path: bytes) -> tuple[Node | None, int, int]:
        kept = self._rule.keep(path, node)
        if kept is None or kept.type != "dir":
            return (kept, 1, kept.size) if kept and kept.type == "file" else (kept, 0, 0)
        below = subtree_id(kept)
        if below is None:
            problem = DamagedData(N_("the directory {path} has no contents"), path=path.decode("utf-8", "backslashreplace"))
            built = Built(self._replacement(path, problem))
        else:
            built = self._directory(below, path)
        if built.tree is None:
            return None, 0, 0
        same = built.tree == below
        return kept if same else msgspec.structs.replace(kept, subtree=built.tree.hex()), built.files, built.bytes

    def _replacement(self, path: bytes, problem: DamagedData) -> BlobId | None:
        blob = self._rule.unreadable(path, problem)
        return None if blob is None else self._store(blob)

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
