"""What is wrong with a directory as stored. Pure: looks at nodes, and asks the index whether blocks exist.

Errors are what keeps files from being restored; hints are what restic tolerates although its own writer never does it.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from gdp.core.errors import DamagedData
from gdp.core.language import N_
from gdp.core.packformat import BlobKind
from gdp.engine.check.options import Finding, error, hint
from gdp.engine.check.walk import VisitedTree, blob_id_of, subtree_id
from gdp.model.node import Node

_NEEDS_A_LOOK = frozenset(("file", "dir", "irregular"))
_FORBIDDEN_NAMES = frozenset((b".", b".."))
_DATA = int(BlobKind.DATA)
_ARRAY_BEGIN = b'{"nodes":['

HasBlob = Callable[[tuple[int, bytes]], bool]


def judge_tree(tree: VisitedTree, has_blob: HasBlob) -> Iterator[Finding]:
    """Yield what is wrong with a directory and the blocks it names."""
    if tree.error:
        yield error(N_("the directory {path} cannot be read: {reason}"), path=tree.path, reason=str(tree.error))
        return
    names: list[bytes] = []
    for node in tree.nodes:
        try:
            names.append(node.raw_name)
        except DamagedData as problem:
            yield error(N_("{path}: {reason}"), path=_path(tree, node), reason=str(problem))
        if node.type == "file" and node.content is not None:
            yield from _judge_content(tree, node, has_blob)
        elif node.type in _NEEDS_A_LOOK:
            yield from _judge_kind(tree, node, has_blob)
    yield from _judge_names(tree, names)
    yield from _judge_form(tree)


def _judge_kind(tree: VisitedTree, node: Node, has_blob: HasBlob) -> Iterator[Finding]:
    path = _path(tree, node)
    if node.type == "file":
        yield error(N_("{path}: the file's contents are not named"), path=path)
    elif node.type == "irregular":
        yield error(N_("{path}: its type {type!r} is none that can be restored"), path=path, type=node.type)
    else:
        below = subtree_id(node)
        if below is None:
            yield error(N_("{path}: the directory's contents are not named"), path=path)
        elif not has_blob((BlobKind.TREE, below)):
            yield error(N_("{path}: the directory {tree} is in no index"), path=path, tree=below.hex())


def _judge_content(tree: VisitedTree, node: Node, has_blob: HasBlob) -> Iterator[Finding]:
    for text in node.content or ():
        blob_id = blob_id_of(text)
        if blob_id is None:
            yield error(N_("{path}: block {blob!r} is no block"), path=_path(tree, node), blob=str(text)[:64])
        elif not has_blob((_DATA, blob_id)):
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
