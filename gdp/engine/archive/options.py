"""What a backup is asked to do. Values only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gdp.core.compress import Compression
from gdp.core.packformat import DEFAULT_PACK_BYTES
from gdp.model.exclusion import MarkerFile

Excludes = Callable[[bytes, bool], bool]
"""(absolute path, is a directory) -> leave it out"""


@dataclass(frozen=True, slots=True)
class StandardInput:
    """Back up a stream instead of paths."""

    descriptor: int
    filename: bytes
    """path in the snapshot"""


@dataclass(frozen=True, slots=True)
class BackupOptions:
    """One backup run."""

    sources: Sequence[bytes] = ()
    """paths, absolute or relative to the working directory"""
    standard_input: StandardInput | None = None
    excludes: Excludes | None = None
    exclude_patterns: Sequence[str] = ()
    """as the user wrote them, for the snapshot's record"""
    marker_files: Sequence[MarkerFile] = ()
    exclude_larger_than: int | None = None
    """bytes"""
    one_file_system: bool = False
    kernel_file_systems: bool = False
    """read them below a source too, such as ``/proc`` below ``/``; one that is a source itself is read in any case"""
    tags: Sequence[str] = ()
    hostname: str = ""
    time_ns: int | None = None
    """of the snapshot; None: now"""
    parent: str | None = None
    """snapshot to compare with, by id or prefix; None: the latest of this host and these paths"""
    force: bool = False
    """read every file, whether it looks changed or not"""
    ignore_inode: bool = False
    ignore_ctime: bool = False
    compression: Compression = Compression.AUTO
    pack_bytes: int = DEFAULT_PACK_BYTES
    seconds_allowed: float | None = None
    """the run is ended then, done or not; packs are small enough to arrive before. None: nobody knows"""
    dry_run: bool = False
    report_items: bool = False
    """emit ItemDone for every file"""
    accept_foreign_chunking: bool = False
    """go on although restic made the repository and cuts large files elsewhere"""
    program_version: str = "gdp"
