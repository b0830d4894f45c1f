"""What a restore keeps in memory, and what it does not."""

from pathlib import Path

import pytest

from gdp.engine.restore import folders
from tests.engine.crafted import Crafted
from tests.engine.restore.conftest import run_restore


def test_files_are_forgotten_when_they_are_written(crafted: Crafted, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory follows the number of directories, not that of files."""
    kept: list[int] = []
    finish = folders.FolderMaker.finish

    def count(self: folders.FolderMaker) -> int:
        kept.append(sum(len(folder.items) for folder in self.made))
        return finish(self)

    monkeypatch.setattr(folders.FolderMaker, "finish", count)
    files = [crafted.file(b"%d" % number, b"x") for number in range(20)]
    snapshot = crafted.snapshot(crafted.folder_of(b"folder", *files), *files)

    restored = run_restore(crafted.repo, snapshot, target, verify=True)

    assert restored.result.files_verified == 40
    assert kept == [0]
