"""What a backup does while its lock is not sure yet. Whatever it has read by then may be gone when the lock is sure."""

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gdp.core.errors import RepositoryLocked
from gdp.model.files import FileKind, StoredFile
from gdp.storage.local import LocalStorage
from tests.engine.archive.running import Archive


def clean_up(archive: Archive) -> None:
    """Remove all that is stored, as a prune may that ran before our lock could be seen."""
    storage = LocalStorage(archive.folder)
    for kind in (FileKind.SNAPSHOTS, FileKind.INDEX, FileKind.DATA):
        for name, _ in list(storage.list(kind)):
            storage.remove(StoredFile(kind, name))


def test_an_unchanged_source_is_stored_again_when_its_blocks_went_while_the_lock_settled(archive: Archive, source: Path) -> None:
    """It was compared with notes that held at that time."""
    before = archive.backup("source")
    ran = archive.backup("source", settling=lambda: clean_up(archive))

    assert ran.tree == before.tree
    assert ran.summary.data_blobs == 6
    assert archive.check() == ()


@pytest.mark.parametrize("has_notes", [True, False])
def test_a_run_that_has_begun_ends_when_blocks_went_while_the_lock_settled(
    archive: Archive, source: Path, *, has_notes: bool
) -> None:
    """Its workers count on what is gone. Nothing refers to what they stored, and the next run is whole."""
    archive.backup("source", hostname="box" if has_notes else "another")
    (source / "new").write_bytes(b"new\n" * 300_000)
    has_begun = threading.Event()

    def settling() -> None:
        assert has_begun.wait(60)
        clean_up(archive)

    with pytest.raises(RepositoryLocked):
        archive.backup("source", before_reading=has_begun.set, settling=settling)
    ran = archive.backup("source")

    assert ran.summary.data_blobs >= 7
    assert len(list(LocalStorage(archive.folder).list(FileKind.SNAPSHOTS))) == 1
    assert archive.check() == ()


def test_files_are_read_but_nothing_is_stored_before_the_lock_is_sure(archive: Archive, source: Path) -> None:
    """A pack that a prune does not know of is one it deletes."""
    (source / "large").write_bytes(os.urandom(6 << 20))
    packs: list[list[str]] = []

    def settling() -> None:
        wait_for(lambda: any(path.stat().st_size for path in archive.home.glob("state/*/packs/*")))  # noted, so about to be sent
        time.sleep(0.5)  # ample to arrive in, were nothing in the way
        packs.append(archive.packs())

    ran = archive.backup("source", pack_bytes=1 << 20, settling=settling)

    assert packs == [[]]
    assert ran.summary.files_new == 7
    assert archive.check() == ()


def test_a_conflict_ends_a_run_whose_workers_have_begun(archive: Archive, source: Path) -> None:
    """They wait for the lock before they store; when it cannot be had, nothing is stored."""
    (source / "large").write_bytes(os.urandom(6 << 20))

    def settling() -> None:
        wait_for(lambda: any(path.stat().st_size for path in archive.home.glob("state/*/packs/*")))
        time.sleep(0.5)
        raise RepositoryLocked("locked")

    with pytest.raises(RepositoryLocked):
        archive.backup("source", pack_bytes=1 << 20, settling=settling)

    assert archive.packs() == []
    assert archive.backup("source").summary.files_new == 7
    assert archive.check() == ()


def wait_for(condition: Callable[[], bool]) -> None:
    """Return once something is true; fail after a minute."""
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it never came true")
