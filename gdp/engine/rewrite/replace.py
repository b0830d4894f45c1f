"""Puts a changed snapshot in the place of an old one, or beside it. Knows nothing of what was changed."""

from contextlib import suppress
from typing import Any

import msgspec

from gdp.core.errors import FileMissing
from gdp.engine.rewrite.trees import Built
from gdp.model.files import FileKind, StoredFile
from gdp.model.snapshot import Snapshot, SnapshotId
from gdp.repo.repository import Repository


def derived(name: SnapshotId, snapshot: Snapshot, **changes: object) -> Snapshot:
    """Return a snapshot with changes that remembers the first of the chain it comes from."""
    return msgspec.structs.replace(snapshot, original=snapshot.original or name, **changes)


def tree_facts(snapshot: Snapshot, root: Built) -> dict[str, Any]:
    """Return what changes in a snapshot with its root directory."""
    facts: dict[str, Any] = {"tree": root.tree.hex() if root.tree else ""}
    if snapshot.summary:
        counts = {"total_files_processed": root.files, "total_bytes_processed": root.bytes}
        facts["summary"] = msgspec.structs.replace(snapshot.summary, **counts)
    return facts


def with_tag(snapshot: Snapshot, tag: str) -> Snapshot:
    """Return the snapshot with one more tag."""
    tags = list(snapshot.tags or ())
    return snapshot if tag in tags else msgspec.structs.replace(snapshot, tags=[*tags, tag])


def save_derived(repo: Repository, old: SnapshotId, new: Snapshot, *, forget: bool) -> SnapshotId:
    """Store a snapshot, then, with ``forget``, remove the one it replaces; return the new id."""
    name = repo.save_snapshot(new)
    if forget and name != old:
        remove_snapshot(repo, old)
    return name


def remove_snapshot(repo: Repository, name: SnapshotId) -> None:
    """Remove a snapshot; one that is gone already counts as removed."""
    with suppress(FileMissing):
        repo.storage.remove(StoredFile(FileKind.SNAPSHOTS, name))
