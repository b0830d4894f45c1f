"""Which snapshot a backup is compared with, and how much is known of it."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.engine.archive.known import Known, KnownNothing, KnownTrees
from gdp.engine.archive.notes import DirectoryNotes, open_notes
from gdp.engine.archive.options import BackupOptions
from gdp.engine.archive.stored import StoredBlobs
from gdp.model.snapshot import Snapshot, SnapshotId
from gdp.repo.repository import Repository
from gdp.repo.snapshots import SnapshotList

CONSENT_FILE = "foreign-chunking-accepted"


class ForeignChunkingError(BadInput):
    """The user has not agreed yet to cut large files elsewhere than they are cut in this repository."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a run compares with."""

    parent: SnapshotId | None
    known: Known
    notes: DirectoryNotes | None
    """where this run notes its directories; None on a dry run or for a stream"""


def snapshot_paths(options: BackupOptions) -> list[str]:
    """Return the absolute paths that the snapshot is recorded under."""
    if options.standard_input is not None:
        return ["/" + os.fsdecode(options.standard_input.filename).lstrip("/")]
    return sorted({os.fsdecode(os.path.abspath(source)) for source in options.sources})


def choose_parent(snapshots: SnapshotList, options: BackupOptions) -> tuple[SnapshotId, Snapshot] | None:
    """Return the snapshot to compare with: as given, else the latest of this host that covers all paths, not from the future."""
    if options.force or options.standard_input is not None:
        return None
    if options.parent:
        name = snapshots.resolve(options.parent)
        return name, snapshots.snapshots[name]
    paths = snapshot_paths(options)
    for name, snapshot in reversed(snapshots.snapshots.items()):
        in_time = options.time_ns is None or snapshot.time_ns <= options.time_ns
        if in_time and snapshot.hostname == options.hostname and snapshot.has_paths(paths):
            return name, snapshot
    return None


def compare_with(repo: Repository, options: BackupOptions, snapshots: SnapshotList, stored: StoredBlobs) -> Comparison:
    """Return what is known of the last backup.

    Our own notes are used when they belong to the parent and nothing was removed from the repository since; else the parent's
    trees are read.
    """
    parent = choose_parent(snapshots, options)
    notes = None
    if options.standard_input is None and not options.dry_run:
        notes = open_notes(repo.cache_folder, options.hostname, snapshot_paths(options))
    if parent is not None and notes is not None and notes.holds_for(parent[0], stored.index_names):
        stored.must_be_whole = True
        return Comparison(parent[0], notes, notes)
    if notes is not None:
        notes.clear()
    if parent is None:
        return Comparison(None, KnownNothing(), notes)
    return Comparison(parent[0], _known_trees(parent[1], stored), notes)


def without_notes(comparison: Comparison, repo: Repository, stored: StoredBlobs) -> Comparison:
    """Return the same comparison by the parent's trees, after it has turned out that our notes promise too much."""
    assert comparison.parent is not None
    assert comparison.notes is not None
    comparison.notes.clear()
    parent = repo.snapshots().snapshots[comparison.parent]
    return replace(comparison, known=_known_trees(parent, stored))


def _known_trees(parent: Snapshot, stored: StoredBlobs) -> KnownTrees:
    return KnownTrees(stored.load_tree, bytes.fromhex(parent.tree), stored.has_data, stored.distrust_tree)


def refuse_foreign_chunking(repo: Repository, options: BackupOptions) -> None:
    """Raise ForeignChunkingError on a repository that restic made, until the user has said yes once."""
    if repo.is_cut_by_us or _consent(repo).exists():
        return
    if not options.accept_foreign_chunking:
        raise ForeignChunkingError(
            N_(
                "this repository was made by restic, which cuts large files at other places: their changed parts will not match "
                "what restic stored, so each such file is stored once more in full"
            ),
            N_("Everything stays readable by both. To go on, say --accept-foreign-chunking once."),
        )
    if not options.dry_run:
        accept_foreign_chunking(repo)


def accept_foreign_chunking(repo: Repository) -> None:
    """Note the user's yes, for this computer."""
    consent = _consent(repo)
    consent.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    consent.touch(mode=0o600)


def _consent(repo: Repository) -> Path:
    return repo.state_folder / CONSENT_FILE
