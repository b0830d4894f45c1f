"""Reads, stores and names snapshots. Which one a user means by ``latest`` or a few digits is decided here."""

from collections.abc import Iterable, Sequence

import msgspec

from gdp.core.errors import BadInput, DamagedData
from gdp.core.gotext import encode_json
from gdp.core.ids import is_id_text
from gdp.core.language import N_
from gdp.model.snapshot import Snapshot, SnapshotId


class SnapshotFilter(msgspec.Struct, frozen=True):
    """Which snapshots are meant. Empty fields do not restrict."""

    hosts: Sequence[str] = ()
    """any of these"""
    tags: Sequence[Sequence[str]] = ()
    """all of any of these lists"""
    paths: Sequence[str] = ()
    """all of these"""

    def matches(self, snapshot: Snapshot) -> bool:
        """Say whether a snapshot is meant."""
        if self.hosts and snapshot.hostname not in self.hosts:
            return False
        if self.tags and not any(snapshot.has_tags(list(tags)) for tags in self.tags):
            return False
        return snapshot.has_paths(list(self.paths))


class SnapshotList(msgspec.Struct, frozen=True):
    """All snapshots of a repository, oldest first, and those that could not be read."""

    snapshots: dict[SnapshotId, Snapshot]
    damaged: dict[SnapshotId, DamagedData] = msgspec.field(default_factory=dict)

    def matching(self, wanted: SnapshotFilter) -> dict[SnapshotId, Snapshot]:
        """Return those that a filter lets through, oldest first."""
        return {name: snapshot for name, snapshot in self.snapshots.items() if wanted.matches(snapshot)}

    def resolve(self, text: str, wanted: SnapshotFilter | None = None) -> SnapshotId:
        """Return the snapshot that a user means by ``latest`` or the first digits of an id.

        Raises BadInput when there is none or more than one, DamagedData when it cannot be read; for ``latest`` also when any
        other cannot be read, which may be newer.
        """
        wanted = wanted or SnapshotFilter()
        if text == "latest":
            for problem in self.damaged.values():
                raise DamagedData(
                    N_("nobody can say which snapshot is the latest, since one of them cannot be read: {reason}"),
                    N_("Name a snapshot: 'gdp snapshots' lists those that can be read."),
                    reason=str(problem),
                ) from problem
            candidates = list(self.matching(wanted))
            if not candidates:
                raise BadInput(N_("there is no snapshot yet that fits"))
            return candidates[-1]
        names = [name for name in (*self.snapshots, *self.damaged) if text and name.startswith(text.lower())]
        if not names:
            raise BadInput(N_("there is no snapshot {text}"), N_("'gdp snapshots' lists them."), text=text)
        if len(names) > 1:
            raise BadInput(N_("{text} fits {count} snapshots"), N_("Give more digits."), text=text, count=len(names))
        if names[0] in self.damaged:
            raise self.damaged[names[0]]
        return names[0]


def decode_snapshot(json: bytes, name: str) -> Snapshot:
    """Return a snapshot from its JSON. Raises DamagedData."""
    try:
        snapshot = msgspec.json.decode(json, type=Snapshot)
        _ = snapshot.time_ns
    except (msgspec.MsgspecError, DamagedData) as error:
        raise DamagedData(N_("snapshot {name} cannot be read ({reason})"), name=name, reason=error) from error
    if not is_id_text(snapshot.tree):
        raise DamagedData(N_("snapshot {name} names no root directory"), name=name)
    return snapshot


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """Return a snapshot's JSON."""
    return encode_json(snapshot)


def in_order(snapshots: Iterable[tuple[SnapshotId, Snapshot]]) -> dict[SnapshotId, Snapshot]:
    """Return snapshots oldest first; equal times by name, so that the order is always the same."""
    return dict(sorted(snapshots, key=lambda item: (item[1].time_ns, item[0])))


def split_subfolder(text: str) -> tuple[str, bytes]:
    """Split ``latest:/sub/dir`` into the snapshot's name and the path below its root (empty: all of it)."""
    name, _, folder = text.partition(":")
    return name, folder.strip("/").encode("utf-8", "surrogateescape")
