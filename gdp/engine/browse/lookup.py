"""Finds one path in a snapshot. Paths are bytes, relative to the snapshot's root, with or without a leading slash."""

import os

from gdp.core.errors import BadInput
from gdp.core.ids import BlobId
from gdp.core.language import N_
from gdp.model.node import Node
from gdp.model.snapshot import Snapshot
from gdp.repo.repository import Repository


def find_node(repo: Repository, snapshot: Snapshot, path: bytes) -> Node | None:
    """Return the node at ``path``; None for the root, which has none. Raises BadInput when there is nothing; DamagedData."""
    tree = BlobId.from_hex(snapshot.tree)
    found: Node | None = None
    for name in (part for part in path.split(b"/") if part):
        if found is not None:
            if found.subtree is None:
                raise _absent(path)
            tree = BlobId.from_hex(found.subtree)
        found = next((node for node in repo.load_tree(tree) if node.raw_name == name), None)
        if found is None:
            raise _absent(path)
    return found


def find_folder(repo: Repository, snapshot: Snapshot, path: bytes) -> BlobId:
    """Return the tree of the directory at ``path``. Raises BadInput when there is none; DamagedData."""
    node = find_node(repo, snapshot, path)
    if node is None:
        return BlobId.from_hex(snapshot.tree)
    if node.type != "dir" or node.subtree is None:
        raise BadInput(N_("{path} is no directory in the snapshot"), path=_shown(path))
    return BlobId.from_hex(node.subtree)


def _absent(path: bytes) -> BadInput:
    return BadInput(N_("the snapshot has no {path}"), N_("'gdp ls' shows what it has."), path=_shown(path))


def _shown(path: bytes) -> str:
    return "/" + os.fsdecode(b"/".join(part for part in path.split(b"/") if part))
