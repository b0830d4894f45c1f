"""Removes snapshots. What only they referred to stays in the repository until a prune."""

from collections.abc import Sequence
from contextlib import suppress

from gdp.core.errors import FileMissing
from gdp.core.language import N_
from gdp.model.events import Emit, Progress, StageBegan
from gdp.model.files import FileKind, StoredFile
from gdp.model.snapshot import SnapshotId
from gdp.repo.repository import Repository


def forget_snapshots(repo: Repository, names: Sequence[SnapshotId], emit: Emit) -> None:
    """Remove snapshots; one that is gone already counts as removed. The caller holds an exclusive lock."""
    emit(StageBegan(N_("removing snapshots")))
    for done, name in enumerate(names, 1):
        with suppress(FileMissing):
            repo.storage.remove(StoredFile(FileKind.SNAPSHOTS, name))
        emit(Progress(done, len(names), current=name))
