"""What is wrong with a directory as stored. Pure: looks at nodes, and asks the index whether blocks exist.

Errors are what keeps files from being restored; hints are what restic tolerates although its own writer never does it.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise

from gdp.core.errors import DamagedData
from gdp.core.language import N_
from gdp.core.packformat import BlobKind
from gdp.engine.check.options import Finding, error, hint
from gdp.engine.check.walk import VisitedTree, blob_id_of, subtree_id
from gdp.model.node import Node, checked_name

_ARRAY_BEGIN = b'{"nodes":['

HasBlob = Callable[[tuple[int, bytes]], bool]


def judge_tree(tree: VisitedTree, has_blob: HasBlob) -> Iterator[Finding]:
    """Yield what is wrong with a directory and the blocks it names."""
    if tree.error:
        yield error(N_("the directory {path} cannot be read: {reason}"), path=tree.path, reason=str(tree.error))
        return
    for node in tree.nodes:
        yield from _judge_node(tree, node, has_blob)
    yield from _judge_form(tree)


def _judge_node(tree: VisitedTree, node: Node, has_blob: HasBlob) -> Iterator[Finding]:
    path = f"{tree.path.rstrip('/')}/{node.name}"
    yield from _judge_name(tree, node, path)
    if node.type == "file":
        yield from _judge_content(node, path, has_blob)
    elif node.type == "dir":
        below = subtree_id(node)
        if below is None:
            yield error(N_("{path}: the directory's contents are not named"), path=path)
        elif not has_blob((BlobKind.TREE, below)):
            yield error(N_("{path}: the directory {tree} is in no index"), path=path, tree=below.hex())
    elif node.type == "irregular":
        yield error(N_("{path}: its type {type!r} is none that can be restored"), path=path, type=node.type)


def _judge_name(tree: VisitedTree, node: Node, path: str) -> Iterator[Finding]:
    if not node.name:
        yield error(N_("an entry of {path} has no name"), path=tree.path)
        return
    try:
        raw = node.raw_name
    except DamagedData as problem:
        yield error(N_("{path}: {reason}"), path=path, reason=str(problem))
        return
    if raw in (b".", b"..") or b"/" in raw or b"\0" in raw:
        try:
            checked_name(node)
        except DamagedData as problem:
            yield hint(N_("{path}: {reason}"), path=path, reason=str(problem))


def _judge_content(node: Node, path: str, has_blob: HasBlob) -> Iterator[Finding]:
    if node.content is None:
        yield error(N_("{path}: the file's contents are not named"), path=path)
        return
    for text in node.content:
        blob_id = blob_id_of(text)
        if blob_id is None:
            yield error(N_("{path}: block {blob!r} is no block"), path=path, blob=str(text)[:64])
        elif not has_blob((BlobKind.DATA, blob_id)):
            yield error(N_("{path}: block {blob} is in no index"), path=path, blob=text)


def _judge_form(tree: VisitedTree) -> Iterator[Finding]:
    if not tree.blob.startswith(_ARRAY_BEGIN):
        yield hint(N_("the directory {path} is not written as restic writes it: no list of entries"), path=tree.path)
    if not tree.blob.endswith(b"\n"):
        yield hint(N_("the directory {path} is not written as restic writes it: no line end"), path=tree.path)
    try:
        names = [node.raw_name for node in tree.nodes]
    except DamagedData:
        return  # reported above
    for before, after in pairwise(names):
        if before == after:
            yield hint(N_("the directory {path} holds {name!r} twice"), path=tree.path, name=after)
        elif before > after:
            yield hint(N_("the directory {path} is not in order: {name!r} comes too late"), path=tree.path, name=after)
            return
