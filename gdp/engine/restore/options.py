"""What a restore is asked to do, and what it says it did."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gdp.engine.patterns.selector import Selects


class Overwrite(StrEnum):
    """What happens to a file that is there already. Meanings as in restic."""

    ALWAYS = "always"
    """its content is compared, and what differs is written"""
    IF_CHANGED = "if-changed"
    """the same, but equal size and time of change count as equal content"""
    IF_NEWER = "if-newer"
    """only where the snapshot's file was changed later"""
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class RestoreOptions:
    """How to restore. Only ``target`` must be given."""

    target: Path
    """the directory to restore into; made when it is missing"""
    selects: Selects | None = None
    """asked for every path of the snapshot, as ``b"/sub/file"``; None: everything is wanted"""
    paths: Sequence[bytes] = ()
    """only these paths of the snapshot and what lies below them; empty: all"""
    overwrite: Overwrite = Overwrite.ALWAYS
    delete: bool = False
    """remove what lies in a restored directory and is not in the snapshot; never what ``selects`` or ``paths`` leave out"""
    sparse: bool = False
    """leave holes where a new file has runs of zeros"""
    verify: bool = False
    """read every restored file again and compare it with the snapshot"""
    dry_run: bool = False
    """say what would be done; contents of existing files are not compared"""
    report_items: bool = False
    """emit an ItemDone for every entry"""


@dataclass(slots=True)
class RestoreResult:
    """What was done (or, with ``dry_run``, would be)."""

    files_restored: int = 0
    files_unchanged: int = 0
    """were there already with the right content; their metadata was restored"""
    files_skipped: int = 0
    """were there and left alone, because ``overwrite`` says so"""
    links_restored: int = 0
    """hard links to a file that was restored"""
    others_restored: int = 0
    """symbolic links, devices and fifos"""
    folders_restored: int = 0
    entries_deleted: int = 0
    files_verified: int = 0
    bytes_restored: int = 0
    bytes_unchanged: int = 0
    bytes_skipped: int = 0
    problems: int = 0
    """files and directories that could not be restored wholly; each was told as a Problem"""
