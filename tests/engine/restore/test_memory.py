"""What a restore keeps in memory, and what it does not."""

import subprocess
import sys
from pathlib import Path

import pytest

from gdp.engine.restore import folders
from tests.engine.crafted import Crafted
from tests.engine.restore.conftest import run_restore

PROGRAM = """
import resource, sys
from gdp.engine.restore.memory import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
for _ in range(200):
    block = b"x" * (8 << 20)
    del block
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


def faults(choice: str) -> int:
    """Return how often the system had to clear a page."""
    environment = {"MALLOC_MMAP_THRESHOLD_": str(1 << 20), "PYTHONPATH": ":".join(sys.path)}
    ran = subprocess.run([sys.executable, "-c", PROGRAM, choice], env=environment, capture_output=True, check=True)
    return int(ran.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's malloc")
def test_memory_of_blocks_is_used_again() -> None:
    """Clearing pages took a twentieth of the time of restoring large files."""
    assert faults("keep") * 5 < faults("leave")


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
