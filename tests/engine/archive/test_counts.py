"""What a run says it did. The numbers are restic's for the same changes, so that the same alarms can watch both."""

import errno
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gdp.core.compress import Compression
from gdp.core.packformat import BlobKind
from gdp.engine.archive.metadata import PlainRow, plain_row
from gdp.model.events import ItemDone
from tests.engine.archive.running import Archive

Change = Callable[[Path], object]


def _to_file(top: Path) -> None:
    shutil.rmtree(top / "empty")
    (top / "empty").write_text("now a file")


def _to_folder(top: Path) -> None:
    (top / "a").unlink()
    (top / "a").mkdir()


def _to_link(top: Path) -> None:
    shutil.rmtree(top / "one")
    (top / "one").symlink_to("two")


# Folders: source and, of those above it, tmp_path's own, in which nothing changes.
CHANGES: dict[str, tuple[Change, tuple[int, int, int], tuple[int, int, int]]] = {
    "nothing": (lambda top: None, (0, 0, 6), (0, 0, 5)),
    "contents": (lambda top: (top / "one" / "c").write_text("other"), (0, 1, 5), (0, 2, 3)),
    "a new file": (lambda top: (top / "two" / "new").touch(), (1, 0, 6), (0, 2, 3)),
    "a new folder": (lambda top: (top / "two" / "new").mkdir(), (0, 0, 6), (1, 2, 3)),
    "a file less": (lambda top: (top / "one" / "c").unlink(), (0, 0, 5), (0, 2, 3)),
    "a folder less": (lambda top: shutil.rmtree(top / "two"), (0, 0, 5), (0, 1, 3)),
    "a file renamed": (lambda top: (top / "one" / "c").rename(top / "one" / "x"), (1, 0, 5), (0, 2, 3)),
    "a folder renamed": (lambda top: (top / "two").rename(top / "three"), (1, 0, 5), (1, 1, 3)),
    "a file's rights": (lambda top: (top / "one" / "c").chmod(0o600), (0, 1, 5), (0, 2, 3)),
    "a folder's rights": (lambda top: (top / "one" / "inner").chmod(0o711), (0, 0, 6), (0, 3, 2)),
    "a folder's time": (lambda top: os.utime(top / "empty", (1, 1)), (0, 0, 6), (0, 2, 3)),
    "the source's own time": (lambda top: os.utime(top, (1, 1)), (0, 0, 6), (0, 1, 4)),
    "a file to a folder": (_to_folder, (0, 0, 5), (0, 2, 4)),
    "a folder to a file": (_to_file, (0, 1, 6), (0, 1, 3)),
}


@pytest.mark.parametrize("reads_trees", [False, True], ids=["notes", "trees"])
@pytest.mark.parametrize("name", CHANGES)
def test_changes_are_counted_as_restic_counts_them(
    archive: Archive, source: Path, name: str, reads_trees: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether our own notes are at hand or only the parent's trees: the same numbers."""
    change, files, folders = CHANGES[name]
    monkeypatch.chdir(source.parent)
    first = archive.backup("source")
    assert first.counted() == (6, 0, 0, 5, 0, 0)
    change(source)
    if reads_trees:
        shutil.rmtree(archive.home / "cache")
    ran = archive.backup("source")

    assert ran.counted() == (*files, *folders)
    assert ran.summary.total_files_processed == sum(files)
    assert ran.summary.total_bytes_processed == sum(path.stat().st_size for path in source.rglob("*") if path.is_file())


REMOVED: dict[str, tuple[Change, set[str], set[str]]] = {
    "nothing": (lambda top: None, set(), set()),
    "a new file": (lambda top: (top / "two" / "new").touch(), set(), set()),
    "a file": (lambda top: (top / "one" / "c").unlink(), {"one/c"}, set()),
    "an empty folder": (lambda top: (top / "empty").rmdir(), set(), {"empty/"}),
    "a folder with all below": (
        lambda top: shutil.rmtree(top / "one"),
        {"one/c", "one/d", "one/inner/e"},
        {"one/", "one/inner/"},
    ),
    "a file renamed": (lambda top: (top / "one" / "c").rename(top / "one" / "x"), {"one/c"}, set()),
    "a file to a folder": (_to_folder, {"a"}, set()),
    "a folder to a file": (_to_file, set(), {"empty/"}),
    "a folder to a link": (_to_link, {"one/c", "one/d", "one/inner/e"}, {"one/", "one/inner/"}),
}


@pytest.mark.parametrize("reads_trees", [False, True], ids=["notes", "trees"])
@pytest.mark.parametrize("name", REMOVED)
def test_what_is_gone_is_counted_and_named(archive: Archive, source: Path, name: str, reads_trees: bool) -> None:
    """Each file of a folder that is gone, too; and only once: the run after it knows nothing of it."""
    change, files, folders = REMOVED[name]
    archive.backup(source)
    change(source)
    if reads_trees:
        shutil.rmtree(archive.home / "cache")
    ran = archive.backup(source, report_items=True)
    again = archive.backup(source, report_items=True)
    told = {event.path: event for event in ran.events if isinstance(event, ItemDone) and event.action == "removed"}

    assert (ran.result.removed_files, ran.result.removed_directories) == (len(files), len(folders))
    assert {path for path, item in told.items() if item.kind == "file"} == {f"{source}/{file}" for file in files}
    assert {path for path, item in told.items() if item.kind == "dir"} == {f"{source}/{folder}" for folder in folders}
    assert (again.result.removed_files, again.result.removed_directories) == (0, 0)


def test_what_is_newly_excluded_is_gone_too(archive: Archive, source: Path) -> None:
    """It is no longer in the backup, whatever became of it on the disk."""
    archive.backup(source)
    ran = archive.backup(source, excludes=lambda path, _is_directory: path.endswith(b"/one"))

    assert (ran.result.removed_files, ran.result.removed_directories) == (3, 2)
    assert ran.result.skipped.excluded == 1


def test_a_source_that_is_not_taken_this_time_is_not_gone(archive: Archive, source: Path) -> None:
    """The last snapshot may be that of another set, or its disk is not mounted, which is a problem of its own."""
    archive.backup(source / "one", source / "two")
    missing = archive.backup(source / "one", source / "none")
    fewer = archive.backup(source / "two")

    assert (missing.result.removed_files, missing.result.problems) == (0, 1)
    assert (fewer.result.removed_files, fewer.result.removed_directories) == (0, 0)


def test_what_cannot_be_looked_at_is_not_gone(archive: Archive, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a problem, and whether it is there nobody knows."""
    archive.backup(source)
    (source / "one" / "new").touch()
    with monkeypatch.context() as patch:
        forbid_stat(patch, "c")
        ran = archive.backup(source)

    assert ran.problems == {f"{source}/one/c": "cannot be read: Permission denied"}
    assert ran.result.removed_files == 0


def forbid_stat(patch: pytest.MonkeyPatch, name: str) -> None:
    """Let one entry of every directory not be looked at."""

    def refusing(found: bytes, status: os.stat_result) -> PlainRow:
        if found == os.fsencode(name):
            raise PermissionError(errno.EACCES, "Permission denied")
        return plain_row(found, status)

    patch.setattr("gdp.engine.archive.walk.plain_row", refusing)


@pytest.mark.parametrize("compression", list(Compression))
def test_added_bytes_are_those_of_the_files(
    archive: Archive, source: Path, compression: Compression, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``data_added`` is what was new before compression and encryption; ``data_added_packed`` what it took in the repository."""
    noise = random.Random(1).randbytes(10_000)
    (source / "noise").write_bytes(noise)
    (source / "twin").write_bytes(noise)
    (source / "text").write_bytes(b"word " * 2000)
    monkeypatch.chdir(source)
    ran = archive.backup("noise", "twin", "text", compression=compression)
    repo = archive.open()
    blobs = [blob for _, blob in repo.index]
    tree_bytes = sum(len(repo.load_blob(BlobKind.TREE, blob.id)) for blob in blobs if blob.kind == BlobKind.TREE)

    assert (ran.summary.data_blobs, ran.summary.tree_blobs) == (2, 1)
    assert ran.summary.data_added == 20_000 + tree_bytes
    assert ran.summary.data_added_packed == sum(blob.length for blob in blobs)
    assert (ran.summary.data_added_packed < 20_000) == (compression is not Compression.OFF)


def test_nothing_new_adds_nothing(archive: Archive, source: Path) -> None:
    """A snapshot is all that an unchanged source costs."""
    archive.backup("source")
    packs = archive.packs()
    ran = archive.backup("source", force=True)

    assert (ran.summary.data_blobs, ran.summary.tree_blobs, ran.summary.data_added, ran.summary.data_added_packed) == (0, 0, 0, 0)
    assert archive.packs() == packs


def test_a_folder_above_the_source_that_changes_costs_its_own_entry_only(archive: Archive, source: Path) -> None:
    """It is in the snapshot with its times, so that a restore can set them. In ``/tmp`` others come and go all the time."""
    archive.backup(source)
    os.utime(source.parent, ns=(10**18, 10**18))
    ran = archive.backup(source, force=True)

    assert ran.summary.data_blobs == 0
    assert ran.summary.tree_blobs >= 1


def test_every_file_is_reported_once(archive: Archive, source: Path) -> None:
    """``--verbose`` is how somebody finds out whether a file was taken."""
    archive.backup(source)
    (source / "one" / "c").write_text("other")
    (source / "new").touch()
    ran = archive.backup(source)

    assert ran.files == {"a": "unmodified", "b": "unmodified", "c": "changed", "d": "unmodified", "e": "unmodified"} | {
        "f": "unmodified",
        "new": "new",
    }
