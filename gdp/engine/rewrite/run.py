"""Leaves paths out of snapshots, or changes their host or time."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

from gdp.core.errors import DamagedData
from gdp.core.ids import BlobId
from gdp.core.language import N_
from gdp.engine.copy.pack_store import PackStore
from gdp.engine.rewrite.replace import derived, save_derived, tree_facts, with_tag
from gdp.engine.rewrite.tree_store import TreeStore
from gdp.engine.rewrite.trees import Built, TreeRewriter
from gdp.model.events import Emit, Progress, StageBegan
from gdp.model.node import Node
from gdp.model.snapshot import Snapshot, SnapshotId
from gdp.repo.repository import Repository

REWRITTEN_TAG = "rewrite"  # restic's; tells the copy from the original where both stay

IsExcluded = Callable[[bytes, bool], bool]
"""(absolute path in the snapshot, whether it is a directory) -> leave it out"""


@dataclass(frozen=True, slots=True)
class RewriteOptions:
    """What to change."""

    is_excluded: IsExcluded | None = None
    host: str | None = None
    time: str | None = None
    """RFC 3339"""
    forget: bool = False
    """remove the old snapshots; the new ones then carry no extra tag"""
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What became of a snapshot that changed."""

    old: SnapshotId
    new: SnapshotId | None
    """None: a dry run"""


def rewrite_snapshots(
    repo: Repository, snapshots: Mapping[SnapshotId, Snapshot], options: RewriteOptions, emit: Emit
) -> list[Rewritten]:
    """Change snapshots, and return those for which that made a difference; the repository's index must be loaded.

    All new directories are stored and indexed before the first new snapshot. The caller holds a lock, an exclusive one with
    ``forget``. Raises DamagedData for a directory that cannot be read, or not be written again to the byte.
    """
    emit(StageBegan(N_("rewriting snapshots")))
    roots: dict[SnapshotId, Built] = {}
    rule = _Excluding(options.is_excluded)
    with nullcontext() if options.dry_run else PackStore(repo) as store:
        rewriter = TreeRewriter(repo, rule, TreeStore(repo, store).save)
        for done, (name, snapshot) in enumerate(snapshots.items(), 1):
            old = BlobId.from_hex(snapshot.tree)
            roots[name] = rewriter.rewrite(old) if options.is_excluded else Built(old)
            emit(Progress(done, len(snapshots), current=name))
    changed = []
    for name, root in roots.items():
        facts = _changed_facts(snapshots[name], root, options)
        if facts:
            changed.append(Rewritten(name, _save(repo, name, snapshots[name], facts, options)))
    return changed


class _Excluding:
    is_exact = True

    def __init__(self, is_excluded: IsExcluded | None) -> None:
        self._is_excluded = is_excluded

    def keep(self, path: bytes, node: Node) -> Node | None:
        return None if self._is_excluded and self._is_excluded(path, node.type == "dir") else node

    def unreadable(self, path: bytes, problem: DamagedData) -> bytes | None:
        raise problem


def _changed_facts(snapshot: Snapshot, root: Built, options: RewriteOptions) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if root.tree and root.tree.hex() != snapshot.tree:
        facts |= tree_facts(snapshot, root)
    if options.host is not None and options.host != snapshot.hostname:
        facts["hostname"] = options.host
    if options.time is not None and options.time != snapshot.time:
        facts["time"] = options.time
    return facts


def _save(
    repo: Repository, name: SnapshotId, snapshot: Snapshot, facts: dict[str, Any], options: RewriteOptions
) -> SnapshotId | None:
    if options.dry_run:
        return None
    new = derived(name, snapshot, **facts)
    return save_derived(repo, name, new if options.forget else with_tag(new, REWRITTEN_TAG), forget=options.forget)
