"""What a run says it did. The numbers are restic's for the same changes, so that the same alarms can watch both."""

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gdp.core.compress import Compression
from gdp.core.packformat import BlobKind
from tests.engine.archive.running import Archive

Change = Callable[[Path], object]


def _to_file(top: Path) -> None:
    shutil.rmtree(top / "empty")
    (top / "empty").write_text("now a file")


def _to_folder(top: Path) -> None:
    (top / "a").unlink()
    (top / "a").mkdir()


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
    archive.backup(source)
    packs = archive.packs()
    ran = archive.backup(source, force=True)

    assert (ran.summary.data_blobs, ran.summary.tree_blobs, ran.summary.data_added, ran.summary.data_added_packed) == (0, 0, 0, 0)
    assert archive.packs() == packs


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
