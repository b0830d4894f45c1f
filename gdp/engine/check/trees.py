"""What is wrong with a directory as stored. Pure: looks at nodes, and asks the index whether blocks exist.

Errors are what keeps files from being restored; hints are what restic tolerates although its own writer never does it.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

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
_ARRAY_BEGIN = b'{"nodes":['

Locate = Callable[[int, bytes], object | None]
"""(kind, id) -> None when no index has the blob"""


def judge_tree(tree: VisitedTree, locate: Locate) -> Iterator[Finding]:
    """Yield what is wrong with a directory and the blocks it names."""
    if tree.error:
        yield error(N_("the directory {path} cannot be read: {reason}"), path=tree.path, reason=str(tree.error))
        return
    if _is_sound(tree, locate):
        return
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


def _is_sound(tree: VisitedTree, locate: Locate) -> bool:
    """Say whether nothing at all is wrong, as nearly always, at a third of the price. False: perhaps something is."""
    names = [node.name for node in tree.nodes]
    together = "\0".join(names)
    if any(character in together for character in '"\\/') or together.count("\0") != max(0, len(names) - 1):
        return False
    # Without escapes, the order of the texts is that of their bytes: UTF-8 keeps it.
    if names != sorted(set(names)) or not _FORBIDDEN_TEXTS.isdisjoint(names):
        return False
    if not tree.blob.startswith(_ARRAY_BEGIN) or not tree.blob.endswith(b"\n"):
        return False
    blobs: list[str] = []
    trees: list[str] = []
    for node in tree.nodes:
        kind = node.type
        if kind == "file" and node.content is not None:
            blobs += node.content
        elif kind == "dir" and node.subtree is not None:
            trees.append(node.subtree)
        elif kind in _NEEDS_A_LOOK:
            return False
    return _are_known(blobs, BlobKind.DATA, locate) and _are_known(trees, BlobKind.TREE, locate)


def _are_known(texts: Sequence[str], kind: int, locate: Locate) -> bool:
    together = "".join(texts)
    if together.strip("0123456789abcdef") or any(len(text) != 2 * ID_BYTES for text in texts):
        return False
    raw = bytes.fromhex(together)
    if bytes(ID_BYTES) in raw:
        return False  # perhaps the id of zeros
    return all(locate(kind, raw[start : start + ID_BYTES]) for start in range(0, len(raw), ID_BYTES))


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
