"""The last steps of a backup: the snapshot, and the result that is reported."""

import os
import stat
import time
from dataclasses import dataclass

from gdp.core.gotext import format_time
from gdp.engine.archive.metadata import Ids, Row, make_node, user_name
from gdp.engine.archive.options import BackupOptions, StandardInput
from gdp.engine.archive.parent import snapshot_paths
from gdp.engine.archive.stored import StoredBlobs
from gdp.engine.archive.tree_text import Piece, is_long, tree_id, tree_pieces
from gdp.engine.archive.trees import Counts
from gdp.engine.archive.walk import Skipped
from gdp.model.snapshot import Snapshot, SnapshotId, SnapshotSummary
from gdp.model.tree import encode_node


@dataclass(frozen=True, slots=True)
class BackupResult:
    """What a backup run did."""

    snapshot_id: SnapshotId | None
    """None on a dry run"""
    snapshot: Snapshot
    summary: SnapshotSummary
    problems: int
    """sources that could not be read, or changed meanwhile"""
    removed_files: int
    """which the last backup had"""
    removed_directories: int
    skipped: Skipped
    damages: int
    """what was found damaged in the repository; what this snapshot needs of it is stored again"""
    duration_seconds: float


def make_snapshot(
    options: BackupOptions, tree: bytes, parent: SnapshotId | None, counts: Counts, stored: StoredBlobs, began_ns: int
) -> Snapshot:
    """Return the snapshot of a run that is all but finished."""
    now = time.time_ns()
    summary = SnapshotSummary(
        format_time(began_ns),
        format_time(now),
        files_new=counts.files["new"],
        files_changed=counts.files["changed"],
        files_unmodified=counts.files["unmodified"],
        dirs_new=counts.directories["new"],
        dirs_changed=counts.directories["changed"],
        dirs_unmodified=counts.directories["unmodified"],
        data_blobs=stored.data_blobs,
        tree_blobs=stored.tree_blobs,
        data_added=stored.plain_bytes,
        data_added_packed=stored.packed_bytes,
        total_files_processed=counts.files_done,
        total_bytes_processed=counts.bytes_done,
    )
    return Snapshot(
        format_time(options.time_ns if options.time_ns is not None else began_ns),
        parent,
        tree.hex(),
        [_as_text(path) for path in snapshot_paths(options)],
        options.hostname,
        user_name(os.getuid()),
        os.getuid(),
        os.getgid(),
        [_as_text(pattern) for pattern in options.exclude_patterns] or None,
        list(options.tags) or None,
        None,
        options.program_version,
        summary,
    )


def standard_input_trees(source: StandardInput, content: Ids, size: int, now_ns: int) -> list[list[Piece]]:
    """Return the directories, innermost first and root last, that hold a stream's contents under its name."""
    parts = [part for part in source.filename.split(b"/") if part not in (b"", b".", b"..")]
    owner = (os.getuid(), os.getgid())
    row = Row(parts[-1], stat.S_IFREG | 0o644, now_ns, now_ns, *owner, 0, 0, size, 0, 0)
    file = encode_node(make_node(row, None, content=b"" if is_long(content) else content))
    trees = [tree_pieces([file], {0: content} if is_long(content) else {})]
    for name in reversed(parts[:-1]):
        row = Row(name, stat.S_IFDIR | 0o755, now_ns, now_ns, *owner, 0, 0, 0, 0, 0)
        trees.append(tree_pieces([encode_node(make_node(row, None, subtree=tree_id(trees[-1])))], {}))
    return trees


def _as_text(text: str) -> str:
    """JSON has no place for bytes that are not UTF-8; the tree keeps them exactly."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
