"""Which snapshot a run is compared with, and what the options about it mean."""

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from gdp.core.errors import BadInput
from gdp.core.gotext import format_time
from gdp.engine.archive.options import BackupOptions, StandardInput
from gdp.engine.archive.parent import choose_parent
from gdp.model.snapshot import Snapshot, SnapshotId
from gdp.repo.snapshots import SnapshotList, in_order
from tests.engine.archive.running import HOST, Archive

HOUR_NS = 3600 * 10**9


def snapshot(number: int, paths: Sequence[str] = ("/srv",), host: str = HOST) -> tuple[SnapshotId, Snapshot]:
    """Return a snapshot of hour ``number``, which its id begins with."""
    return SnapshotId(f"{number}" * 64), Snapshot(format_time(number * HOUR_NS), None, "0" * 64, list(paths), host)


def chosen(*snapshots: tuple[SnapshotId, Snapshot], **choices: Any) -> str | None:
    """Return the first digit of the parent that is chosen."""
    options = BackupOptions(**{"sources": [b"/srv"], "hostname": HOST, **choices})
    found = choose_parent(SnapshotList(in_order(snapshots)), options)
    return found[0][0] if found else None


def test_the_latest_of_the_same_is_the_parent() -> None:
    """Whatever order the repository lists them in."""
    assert chosen(snapshot(1), snapshot(3), snapshot(2)) == "3"
    assert chosen() is None


def test_another_computers_snapshot_is_no_parent() -> None:
    """Its files of the same names are other files."""
    assert chosen(snapshot(1), snapshot(2, host="another")) == "1"
    assert chosen(snapshot(2, host="another")) is None


def test_a_parent_covers_all_paths() -> None:
    """As restic: more paths are welcome, fewer are not."""
    assert chosen(snapshot(1, ["/etc", "/srv"]), snapshot(2, ["/etc"])) == "1"
    assert chosen(snapshot(1, ["/srv"]), sources=[b"/srv", b"/etc"]) is None
    assert chosen(snapshot(1, ["/srv/below"])) is None


def test_relative_sources_are_compared_as_absolute_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that ``cd /srv; backup .`` finds its last snapshot again."""
    monkeypatch.chdir("/usr")

    assert chosen(snapshot(1, ["/usr/share"]), sources=[b"share/../share/"]) == "1"


def test_a_snapshot_from_after_the_given_time_is_no_parent() -> None:
    """``--time`` makes a snapshot of the past; the same moment is allowed, as restic does."""
    snapshots = snapshot(1), snapshot(2), snapshot(3)

    assert chosen(*snapshots, time_ns=2 * HOUR_NS) == "2"
    assert chosen(*snapshots, time_ns=2 * HOUR_NS - 1) == "1"
    assert chosen(*snapshots, time_ns=0) is None


def test_a_parent_may_be_named() -> None:
    """By its first digits, whatever its host and paths; force wins over it."""
    snapshots = snapshot(1), snapshot(2, host="another"), snapshot(3)

    assert chosen(*snapshots, parent="222") == "2"
    assert chosen(*snapshots, parent="222", force=True) is None
    with pytest.raises(BadInput, match="no snapshot"):
        chosen(*snapshots, parent="9")


def test_a_stream_has_no_parent() -> None:
    """It is read whole anyway."""
    assert chosen(snapshot(1, ["/stdin"]), sources=[], standard_input=StandardInput(0, b"stdin")) is None


def test_force_reads_everything(archive: Archive, source: Path) -> None:
    """For those who do not trust their clocks. Nothing is stored twice for it."""
    first = archive.backup("source")
    ran = archive.backup("source", force=True)

    assert set(ran.files.values()) == {"new"}
    assert ran.result.snapshot.parent is None
    assert ran.tree == first.tree
    assert ran.summary.data_blobs == 0


def _copy(top: Path) -> None:
    """Give every file another inode and ctime, and its old times."""
    shutil.copytree(top, top.with_name("copy"))
    shutil.rmtree(top)
    top.with_name("copy").rename(top)


def _touch_metadata(top: Path) -> None:
    (top / "a").chmod(0o600)


def _rewrite(top: Path) -> None:
    status = (top / "a").stat()
    (top / "a").write_text("CONTENTS OF A\n")
    os.utime(top / "a", ns=(status.st_mtime_ns, status.st_mtime_ns))


def _grow(top: Path) -> None:
    status = (top / "a").stat()
    (top / "a").write_text("longer than before\n")
    os.utime(top / "a", ns=(status.st_mtime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("uses_notes", [True, False])
@pytest.mark.parametrize(
    ("change", "options", "read"),
    [
        (_copy, {}, set("abcdef")),
        (_copy, {"ignore_ctime": True}, set("abcdef")),
        (_copy, {"ignore_inode": True}, set()),
        (_touch_metadata, {}, {"a"}),
        (_touch_metadata, {"ignore_ctime": True}, set()),
        (_touch_metadata, {"ignore_inode": True}, set()),
        (_rewrite, {}, {"a"}),
        (_rewrite, {"ignore_ctime": True}, set()),
        (_grow, {"ignore_ctime": True, "ignore_inode": True}, {"a"}),
    ],
)
def test_what_is_ignored_is_not_read_again(
    archive: Archive,
    source: Path,
    change: Callable[[Path], None],
    options: dict[str, Any],
    read: set[str],
    uses_notes: bool,
) -> None:
    """Network file systems invent inodes; then a run must not read everything each night. Size and mtime always count."""
    archive.backup("source")
    change(source)
    if not uses_notes:
        shutil.rmtree(archive.home / "cache")
    ran = archive.backup("source", **options)

    assert {file for file, action in ran.files.items() if action != "unmodified"} == read
    assert archive.check() == ()


def test_ignored_changes_are_written_all_the_same(archive: Archive, source: Path) -> None:
    """Only the contents are taken over: rights and inode in the snapshot are the true ones."""
    archive.backup("source")
    _copy(source)
    (source / "a").chmod(0o600)
    ran = archive.backup("source", ignore_inode=True)
    node = archive.nodes(ran.tree, "/source")["a"]

    assert node.permissions == 0o600
    assert node.inode == (source / "a").stat().st_ino
    assert node.content == archive.nodes(archive.backup("source", force=True).tree, "/source")["a"].content
