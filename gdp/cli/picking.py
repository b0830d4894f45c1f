"""From what the user calls a snapshot to the snapshot: ``latest``, a few digits, ``latest:/sub/folder``."""

from collections.abc import Sequence

import msgspec

from gdp.cli.session import Session
from gdp.core.language import N_
from gdp.model.events import StageBegan
from gdp.model.snapshot import Snapshot, SnapshotId
from gdp.repo.repository import Repository
from gdp.repo.snapshots import SnapshotFilter, SnapshotList, split_subfolder


class Picked(msgspec.Struct, frozen=True):
    """A snapshot and the folder in it that was named."""

    id: SnapshotId
    snapshot: Snapshot
    folder: bytes
    """empty: the whole snapshot"""


def pick(listed: SnapshotList, text: str, wanted: SnapshotFilter | None = None) -> Picked:
    """Return what ``text`` means. Raises BadInput."""
    name, folder = split_subfolder(text)
    found = listed.resolve(name, wanted)
    return Picked(found, listed.snapshots[found], folder)


def pick_many(session: Session, names: Sequence[str], wanted: SnapshotFilter) -> dict[SnapshotId, Snapshot]:
    """Return the snapshots that were named, or without names all that the filter lets through, oldest first.

    Those that cannot be read are told and left out.
    """
    listed = session.snapshots()
    if names:
        return {found: listed.snapshots[found] for found in (listed.resolve(name, wanted) for name in names)}
    for error in listed.damaged.values():
        session.tell_damage(error)
    return listed.matching(wanted)


def load_index(session: Session, repository: Repository | None = None) -> None:
    """Read the index, which everything that looks into a snapshot needs."""
    if repository is None and session.looked is not None:
        return
    session.screen.emit(StageBegan(N_("reading the index")))
    (repository or session.repository).load_index()
