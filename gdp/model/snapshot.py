"""A snapshot: when, from which computer, which paths, and the id of its root directory."""

from typing import NewType

import msgspec

from gdp.core.gotext import parse_time

SnapshotId = NewType("SnapshotId", str)
"""64 hex digits, the name of the snapshot's file"""


class SnapshotSummary(msgspec.Struct, omit_defaults=True):
    """What a backup run did; written by restic since 0.17 and by us."""

    backup_start: str
    backup_end: str
    files_new: int = msgspec.field(default_factory=lambda: 0)
    files_changed: int = msgspec.field(default_factory=lambda: 0)
    files_unmodified: int = msgspec.field(default_factory=lambda: 0)
    dirs_new: int = msgspec.field(default_factory=lambda: 0)
    dirs_changed: int = msgspec.field(default_factory=lambda: 0)
    dirs_unmodified: int = msgspec.field(default_factory=lambda: 0)
    data_blobs: int = msgspec.field(default_factory=lambda: 0)
    tree_blobs: int = msgspec.field(default_factory=lambda: 0)
    data_added: int = msgspec.field(default_factory=lambda: 0)
    data_added_packed: int = msgspec.field(default_factory=lambda: 0)
    total_files_processed: int = msgspec.field(default_factory=lambda: 0)
    total_bytes_processed: int = msgspec.field(default_factory=lambda: 0)


class Snapshot(msgspec.Struct, omit_defaults=True):
    """The contents of a file in ``snapshots/``, fields in the order of the format."""

    time: str
    parent: str | None = None
    tree: str = msgspec.field(default_factory=str)
    paths: list[str] = msgspec.field(default_factory=list)
    hostname: str = ""
    username: str = ""
    uid: int = 0
    gid: int = 0
    excludes: list[str] | None = None
    tags: list[str] | None = None
    original: str | None = None
    program_version: str = ""
    summary: SnapshotSummary | None = None

    @property
    def time_ns(self) -> int:
        """When it was made, nanoseconds since 1970."""
        return parse_time(self.time)

    def has_paths(self, paths: list[str]) -> bool:
        """Say whether it covers all of ``paths``."""
        return set(paths) <= set(self.paths)

    def has_tags(self, tags: list[str]) -> bool:
        """Say whether it carries all of ``tags``."""
        return set(tags) <= set(self.tags or ())
