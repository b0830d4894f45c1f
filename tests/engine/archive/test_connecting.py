"""Who connects when: a connection that is needed for sure is there in time, and no other is made."""

import os
from pathlib import Path

from gdp.storage.contract import Storage
from gdp.storage.wrapper import StorageWrapper
from tests.engine.archive.running import Archive


class Noting(StorageWrapper):
    """Leaves a file, named after its process, when it is told to connect."""

    def __init__(self, inner: Storage, folder: Path) -> None:
        super().__init__(inner)
        self._folder = folder

    def prepare(self) -> None:
        (self._folder / str(os.getpid())).touch()


def connected(archive: Archive, folder: Path, *sources: str, dry_run: bool = False) -> int:
    """Back up, and return how many workers connected ahead."""
    folder.mkdir()
    archive.backup(*sources, worker_storage=lambda storage: Noting(storage, folder), dry_run=dry_run)
    return len(list(folder.iterdir()))


def test_the_worker_for_directories_connects_whatever_has_changed(archive: Archive, source: Path, tmp_path: Path) -> None:
    """A directory is stored by nearly every run, and by a short one at its very end, when all would wait for the connection."""
    (source / "a").write_text("alpha")
    first = connected(archive, tmp_path / "first", "source")
    second = connected(archive, tmp_path / "second", "source")

    assert first >= 1
    assert second == 1


def test_a_dry_run_connects_no_worker(archive: Archive, source: Path, tmp_path: Path) -> None:
    """It stores nothing."""
    (source / "a").write_text("alpha")

    assert connected(archive, tmp_path / "dry", "source", dry_run=True) == 0
