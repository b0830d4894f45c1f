"""Visits every directory below some roots once, several being fetched at a time. Judges nothing.

A directory that cannot be read is handed on with its error, so that the caller decides: check reports it, prune stops.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from gdp.core.errors import DamagedData
from gdp.core.ids import ID_BYTES, BlobId
from gdp.core.packformat import BlobKind
from gdp.engine.check.blob_marks import BlobMarks
from gdp.model.node import Node
from gdp.model.tree import decode_tree
from gdp.repo.repository import Repository

FETCH_THREADS = 4  # hides a line's round trips; more would only crowd a server
_BATCH_TREES = 16  # a task for a thread; one tree each would cost more in handing over than in reading
_MOST_UNDER_WAY = 8
_NULL_ID = bytes(ID_BYTES)


class VisitedTree(NamedTuple):
    """A directory as stored."""

    id: BlobId
    path: str
    """where it was met first, as quoted names; begins with ``/``"""
    blob: bytes
    nodes: list[Node]
    error: DamagedData | None
    """why ``blob`` or ``nodes`` are empty"""


def walk_trees(repo: Repository, roots: Iterable[bytes], seen: BlobMarks) -> Iterator[VisitedTree]:
    """Yield every directory below ``roots`` that is not in ``seen``, and add it there.

    Subdirectories with a missing or impossible id are passed over.
    """
    pending = deque((root, "/") for root in map(BlobId, roots) if seen.add(BlobKind.TREE, root))
    under_way: deque[Future[list[VisitedTree]]] = deque()
    with ThreadPoolExecutor(FETCH_THREADS, "trees") as threads:
        try:
            while pending or under_way:
                while pending and len(under_way) < _MOST_UNDER_WAY:
                    batch = [pending.pop() for _ in range(min(_BATCH_TREES, len(pending)))]
                    under_way.append(threads.submit(_fetch, repo, batch))
                for tree in under_way.popleft().result():
                    yield tree
                    pending.extend(_new_subtrees(tree, seen))
        finally:
            threads.shutdown(cancel_futures=True)


def subtree_id(node: Node) -> bytes | None:
    """Return the id of a directory's contents; None when it is missing or impossible."""
    return blob_id_of(node.subtree)


def blob_id_of(text: str | None) -> bytes | None:
    """Return the id that ``text`` writes; None for anything that names no blob, the id of zeros included.

    Plain bytes, since this is asked for every block of every file.
    """
    try:
        raw = bytes.fromhex(text or "")
    except ValueError:
        return None
    # ``fromhex`` takes blanks and capitals too, which restic does not.
    return raw if len(raw) == ID_BYTES and raw.hex() == text and raw != _NULL_ID else None


def _new_subtrees(tree: VisitedTree, seen: BlobMarks) -> Iterator[tuple[BlobId, str]]:
    for node in tree.nodes:
        if node.type == "dir" and (below := subtree_id(node)) and seen.add(BlobKind.TREE, below):
            yield BlobId(below), f"{tree.path.rstrip('/')}/{node.name}"


def _fetch(repo: Repository, batch: list[tuple[BlobId, str]]) -> list[VisitedTree]:
    return [_load(repo, tree_id, path) for tree_id, path in batch]


def _load(repo: Repository, tree_id: BlobId, path: str) -> VisitedTree:
    try:
        blob = repo.load_blob(BlobKind.TREE, tree_id)
        return VisitedTree(tree_id, path, blob, decode_tree(blob), None)
    except DamagedData as error:
        return VisitedTree(tree_id, path, b"", [], error)
