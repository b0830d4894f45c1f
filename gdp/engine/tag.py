"""Changes the tags of snapshots. A snapshot's name is the hash of its file, so a changed one gets a new name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.engine.rewrite.replace import derived, save_derived
from gdp.model.snapshot import Snapshot, SnapshotId
from gdp.repo.repository import Repository


@dataclass(frozen=True, slots=True)
class TagChange:
    """What to do to the tags: replace them all, or add some and remove some."""

    replace: Sequence[str] | None = None
    add: Sequence[str] = ()
    remove: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.replace is not None and (self.add or self.remove):
            raise BadInput(N_("tags are either set, or added and removed, not both at once"))
        if self.replace is None and not self.add and not self.remove:
            raise BadInput(N_("there is nothing to change: no tag to set, to add or to remove"))

    def applied_to(self, tags: Sequence[str]) -> list[str]:
        """Return the new tags, in the old order, new ones last; empty ones are left out."""
        wanted = list(self.replace) if self.replace is not None else [*tags, *self.add]
        return [tag for tag in dict.fromkeys(wanted) if tag and (self.replace is not None or tag not in self.remove)]


def tag_snapshots(
    repo: Repository, snapshots: Mapping[SnapshotId, Snapshot], change: TagChange
) -> list[tuple[SnapshotId, SnapshotId]]:
    """Change tags and return (old id, new id) of what changed. The caller holds an exclusive lock."""
    changed = []
    for name, snapshot in snapshots.items():
        tags = change.applied_to(snapshot.tags or ())
        if tags != list(snapshot.tags or ()):
            changed.append((name, save_derived(repo, name, derived(name, snapshot, tags=tags or None), forget=True)))
    return changed
