"""What is wrong with a directory as stored. Pure: looks at nodes, and asks the index whether blocks exist.

Errors are what keeps files from being restored; hints are what restic tolerates although its own writer never does it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise, repeat
from typing import NamedTuple

from gdp.core.errors import DamagedData
from gdp.core.ids import ID_BYTES
from gdp.core.language import N_
from gdp.core.packformat import BlobKind
from gdp.engine.check.options import Finding, error, hint
from gdp.engine.check.walk import VisitedTree, blob_id_of, subtree_id
from gdp.model.node import Node

_NEEDS_A_LOOK = frozenset(("file", "dir", "irregular"))
_FORBIDDEN_TEXTS = frozenset(("", ".", ".."))
_FORBIDDEN_NAMES = frozenset((b".", b".."))
_UNUSUAL = re.compile(r'["\\/]').search
_NULL_ID = bytes(ID_BYTES)
_ARRAY_BEGIN = b'{"nodes":['

Locate = Callable[[int, bytes], object | None]
"""(kind, id) -> None when no index has the blob"""


class NamedBlobs(NamedTuple):
    """The ids that a directory names, joined."""

    blocks: bytes
    directories: bytes


def judge_tree(tree: VisitedTree, locate: Locate) -> Iterator[Finding]:
    """Yield what is wrong with a directory and the blocks it names."""
    if tree.error:
        yield error(N_("the directory {path} cannot be read: {reason}"), path=tree.path, reason=str(tree.error))
        return
    named = _named_at_a_glance(tree)
    if named is None or not are_stored(named, locate):
        yield from _judge_closely(tree, locate)


def named_by_sound(tree: VisitedTree) -> NamedBlobs | None:
    """Return what a directory names; None when something is wrong with it, even if every id it names is in an index."""
    named = None if tree.error else _named_at_a_glance(tree)
    if named or tree.error:
        return named
    found: dict[int, bytearray] = {BlobKind.DATA: bytearray(), BlobKind.TREE: bytearray()}

    def note(kind: int, blob_id: bytes) -> bool:
        found[kind] += blob_id
        return True

    if any(True for _ in _judge_closely(tree, note)):
        return None
    return NamedBlobs(bytes(found[BlobKind.DATA]), bytes(found[BlobKind.TREE]))


def are_stored(named: NamedBlobs, locate: Locate) -> bool:
    """Say whether an index has everything that is named."""
    return _has_all(BlobKind.DATA, named.blocks, locate) and _has_all(BlobKind.TREE, named.directories, locate)


def _has_all(kind: int, joined: bytes, locate: Locate) -> bool:
    ids = [joined[start : start + ID_BYTES] for start in range(0, len(joined), ID_BYTES)]
    return None not in map(locate, repeat(kind), ids)


def _judge_closely(tree: VisitedTree, locate: Locate) -> Iterator[Finding]:
    names: list[bytes] = []
    for node in tree.nodes:
        try:
            names.append(node.raw_name)
        except DamagedData as problem:
            yield error(N_("{path}: {reason}"), path=_path(tree, node), reason=str(problem))
        if node.type == "file" and node.content is not None:
            yield from _judge_content(tree, node, locate)
        elif node.type in _NEEDS_A_LOOK:
            yield from _judge_kind(tree, node, locate)
    yield from _judge_names(tree, names)
    yield from _judge_form(tree)


def _named_at_a_glance(tree: VisitedTree) -> NamedBlobs | None:
    """Return what a directory names when nothing else is wrong with it, as nearly always, at a third of the price."""
    names = [node.name for node in tree.nodes]
    together = "\0".join(names)
    if _UNUSUAL(together) or together.count("\0") != max(0, len(names) - 1):
        return None
    # Without escapes, the order of the texts is that of their bytes: UTF-8 keeps it.
    if names != sorted(set(names)) or not _FORBIDDEN_TEXTS.isdisjoint(names):
        return None
    if not tree.blob.startswith(_ARRAY_BEGIN) or not tree.blob.endswith(b"\n"):
        return None
    blobs: list[str] = []
    trees: list[str] = []
    for node in tree.nodes:
        kind = node.type
        if kind == "file" and node.content is not None:
            blobs += node.content
        elif kind == "dir" and node.subtree is not None:
            trees.append(node.subtree)
        elif kind in _NEEDS_A_LOOK:
            return None
    blocks, directories = _raw_ids(blobs), _raw_ids(trees)
    return None if blocks is None or directories is None else NamedBlobs(blocks, directories)


def _raw_ids(texts: Sequence[str]) -> bytes | None:
    """Return the ids that texts write, joined; None when one perhaps writes none."""
    together = "".join(texts)
    if together.strip("0123456789abcdef") or any(len(text) != 2 * ID_BYTES for text in texts):
        return None
    raw = bytes.fromhex(together)
    return None if _NULL_ID in raw else raw


def _judge_kind(tree: VisitedTree, node: Node, locate: Locate) -> Iterator[Finding]:
    path = _path(tree, node)
    if node.type == "file":
        yield error(N_("{path}: the file's contents are not named"), path=path)
    elif node.type == "irregular":
        yield error(N_("{path}: its type {type!r} is none that can be restored"), path=path, type=node.type)
    else:
        below = subtree_id(node)
        if below is None:
            yield error(N_("{path}: the directory's contents are not named"), path=path)
        elif locate(BlobKind.TREE, below) is None:
            yield error(N_("{path}: the directory {tree} is in no index"), path=path, tree=below.hex())


def _judge_content(tree: VisitedTree, node: Node, locate: Locate) -> Iterator[Finding]:
    for text in node.content or ():
        blob_id = blob_id_of(text)
        if blob_id is None:
            yield error(N_("{path}: block {blob!r} is no block"), path=_path(tree, node), blob=str(text)[:64])
        elif locate(BlobKind.DATA, blob_id) is None:
            yield error(N_("{path}: block {blob} is in no index"), path=_path(tree, node), blob=text)


def _judge_names(tree: VisitedTree, names: Sequence[bytes]) -> Iterator[Finding]:
    for name in names:
        if not name:
            yield error(N_("an entry of {path} has no name"), path=tree.path)
        elif name in _FORBIDDEN_NAMES or b"/" in name or b"\0" in name:
            yield hint(N_("{path} holds an entry named {name!r}; a restore refuses it"), path=tree.path, name=name)
    for before, after in pairwise(names):
        if before == after:
            yield hint(N_("the directory {path} holds {name!r} twice"), path=tree.path, name=after)
        elif before > after:
            yield hint(N_("the directory {path} is not in order: {name!r} comes too late"), path=tree.path, name=after)
            return


def _judge_form(tree: VisitedTree) -> Iterator[Finding]:
    if not tree.blob.startswith(_ARRAY_BEGIN):
        yield hint(N_("the directory {path} is not written as restic writes it: no list of entries"), path=tree.path)
    if not tree.blob.endswith(b"\n"):
        yield hint(N_("the directory {path} is not written as restic writes it: no line end"), path=tree.path)


def _path(tree: VisitedTree, node: Node) -> str:
    return f"{tree.path.rstrip('/')}/{node.name}"
