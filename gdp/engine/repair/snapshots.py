"""Makes snapshots whole again that refer to something lost: without it. What is left out is named.

As restic does: a file loses the blocks that are missing and becomes shorter; a directory that cannot be read becomes an empty
one; a snapshot without a readable root is left out.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass

import msgspec

from gdp.core.errors import DamagedData
from gdp.core.ids import BlobId
from gdp.core.language import N_
from gdp.core.packformat import BlobKind
from gdp.engine.check.walk import blob_id_of
from gdp.engine.copy.pack_store import PackStore
from gdp.engine.rewrite.replace import derived, remove_snapshot, save_derived, tree_facts, with_tag
from gdp.engine.rewrite.tree_store import TreeStore
from gdp.engine.rewrite.trees import Built, TreeRewriter
from gdp.model.events import Emit, Problem, Progress, StageBegan
from gdp.model.node import Node
from gdp.model.snapshot import Snapshot, SnapshotId
from gdp.model.tree import EMPTY_TREE
from gdp.repo.repository import Repository

REPAIRED_TAG = "repaired"  # restic's; tells the copy from the original where both stay


@dataclass(frozen=True, slots=True)
class RepairedSnapshot:
    """What became of a snapshot that was damaged."""

    old: SnapshotId
    new: SnapshotId | None
    """None: nothing of it can be read; or a dry run"""
    is_lost: bool
    """its root cannot be read; with ``forget`` it is removed"""


def repair_snapshots(
    repo: Repository,
    snapshots: Mapping[SnapshotId, Snapshot],
    emit: Emit,
    *,
    forget: bool = False,
    dry_run: bool = False,
) -> list[RepairedSnapshot]:
    """Store whole snapshots in the place of damaged ones, and return what was damaged; the index must be loaded.

    Whatever is left out is emitted as a Problem. The caller holds an exclusive lock. With ``forget`` the damaged snapshots are
    removed; else the new ones carry the tag ``repaired``.
    """
    emit(StageBegan(N_("looking for what the snapshots lack")))
    roots: dict[SnapshotId, Built] = {}
    with nullcontext() if dry_run else PackStore(repo) as store:
        rewriter = TreeRewriter(repo, _Repairing(repo, emit), TreeStore(repo, store).save)
        for done, (name, snapshot) in enumerate(snapshots.items(), 1):
            roots[name] = rewriter.rewrite(BlobId.from_hex(snapshot.tree))
            emit(Progress(done, len(snapshots), current=name))
    repaired = []
    for name, root in roots.items():
        snapshot = snapshots[name]
        if root.tree is None or root.tree.hex() != snapshot.tree:
            new = None if dry_run else _replace(repo, name, snapshot, root, forget=forget)
            repaired.append(RepairedSnapshot(name, new, root.tree is None))
    return repaired


class _Repairing:
    is_exact = False  # losing a detail nobody knows is better than losing the directory

    def __init__(self, repo: Repository, emit: Emit) -> None:
        self._index, self._emit = repo.index, emit

    def keep(self, path: bytes, node: Node) -> Node | None:
        if node.type == "irregular":
            self._say(N_("an entry of no type was left out"), path)
            return None
        if node.type != "file":
            return node
        content: list[str] = []
        size = 0
        for text in node.content or ():
            blob_id = blob_id_of(text)
            if blob_id and (place := self._index.find(BlobKind.DATA, blob_id)):
                content.append(text)
                size += place.data_bytes
        if len(content) != len(node.content or ()):
            self._say(N_("blocks of the file are missing; it was shortened"), path)
        elif size != node.size or node.content is None:
            self._say(N_("the file's size was put right"), path)
        return msgspec.structs.replace(node, content=content, size=size)

    def unreadable(self, path: bytes, problem: DamagedData) -> bytes | None:
        if path == b"/":
            self._say(N_("the root directory of a snapshot cannot be read"), path)
            return None
        self._say(N_("the directory cannot be read; it is empty now"), path)
        return EMPTY_TREE

    def _say(self, template: str, path: bytes) -> None:
        self._emit(Problem(template, {}, path.decode("utf-8", "surrogateescape")))


def _replace(repo: Repository, name: SnapshotId, snapshot: Snapshot, root: Built, *, forget: bool) -> SnapshotId | None:
    if root.tree is None:
        if forget:
            remove_snapshot(repo, name)
        return None
    new = derived(name, snapshot, **tree_facts(snapshot, root))
    return save_derived(repo, name, new if forget else with_tag(new, REPAIRED_TAG), forget=forget)
