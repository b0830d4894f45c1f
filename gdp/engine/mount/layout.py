"""The directories above the snapshots, as restic's mount has them. Pure: snapshots in, names out.

=============================  ====================================
path                           is
=============================  ====================================
``ids/<8 digits>``             a snapshot
``snapshots/<time>``           a snapshot
``hosts/<host>/<time>``        a snapshot
``tags/<tag>/<time>``          a snapshot
``.../latest``                 beside times: a link to the newest
=============================  ====================================

Two snapshots of one second get ``-1``, ``-2`` behind the time, oldest first.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gdp.model.snapshot import Snapshot, SnapshotId

SHORT_ID_DIGITS = 8
LATEST = b"latest"
_FRACTION = re.compile(r"\.\d+")


@dataclass(frozen=True, slots=True)
class LatestLink:
    """A symbolic link to the newest entry beside it."""

    target: bytes
    time_ns: int


@dataclass(slots=True)
class VirtualFolder:
    """A directory that no snapshot holds."""

    entries: dict[bytes, "VirtualFolder | LatestLink | Snapshot"] = field(default_factory=dict)
    time_ns: int = 0
    """when the newest snapshot in it was made"""


def build_layout(snapshots: Mapping[SnapshotId, Snapshot]) -> VirtualFolder:
    """Return the root, given the snapshots oldest first."""
    root = VirtualFolder()
    ids, times, hosts, tags = (_inner(root, name) for name in (b"ids", b"snapshots", b"hosts", b"tags"))
    for name, snapshot in snapshots.items():
        ids.entries[name[:SHORT_ID_DIGITS].encode()] = snapshot
        _add_by_time(times, snapshot)
        if snapshot.hostname:
            _add_by_time(_inner(hosts, _as_name(snapshot.hostname)), snapshot)
        for tag in snapshot.tags or ():
            _add_by_time(_inner(tags, _as_name(tag)), snapshot)
        for folder in (root, ids, hosts, tags):
            folder.time_ns = max(folder.time_ns, snapshot.time_ns)
    return root


def _add_by_time(folder: VirtualFolder, snapshot: Snapshot) -> None:
    plain = name = _FRACTION.sub("", snapshot.time).encode()
    number = 0
    while name in folder.entries:
        number += 1
        name = b"%s-%d" % (plain, number)
    folder.entries[name] = snapshot
    folder.entries[LATEST] = LatestLink(name, snapshot.time_ns)
    folder.time_ns = max(folder.time_ns, snapshot.time_ns)


def _inner(folder: VirtualFolder, name: bytes) -> VirtualFolder:
    found = folder.entries.setdefault(name, VirtualFolder())
    assert isinstance(found, VirtualFolder)
    return found


def _as_name(text: str) -> bytes:
    """Return a host or tag as the name of one directory."""
    name = text.encode("utf-8", "surrogateescape").replace(b"/", b"_").replace(b"\0", b"_")
    return b"_" + name if name in (b"", b".", b"..") else name
