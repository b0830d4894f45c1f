"""How much memory a run takes. A small NAS must be able to back up a large disk; times are never judged here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.measure import measure
from gdp.core.packformat import BlobKind
from gdp.engine.advise.estimate import MEMORY_BYTES_A_BLOB
from gdp.repo.opening import open_repository
from gdp.storage.local import LocalStorage
from tests.cli.command_line import command
from tests.conftest import PROJECT
from tests.engine.archive.running import PASSWORD, Archive

pytestmark = pytest.mark.slow

GIB = 1 << 30
MIB = 1 << 20
NOISE_BYTES = 40 * MIB  # what two runs of the same may differ by; keeping a file in memory would be a hundred times that
BYTES_A_CHUNK = MEMORY_BYTES_A_BLOB  # what the adviser promises

_FILL = """
import os, sys
from gdp.repo.shared_ids import SharedIds

def shared():
    with open("/proc/self/status") as status:
        return sum(int(line.split()[1]) for line in status if line.startswith(("RssShmem", "RssAnon"))) * 1024

count, reserved = int(sys.argv[1]), int(sys.argv[2])
ids = SharedIds()
before = shared()
if reserved:
    ids.attach(ids.reserve(reserved))
for _ in range(count // 1000):
    many = os.urandom(32_000)
    for start in range(0, 32_000, 32):
        ids.add(many[start : start + 32])
print((shared() - before) / count)
"""


def bytes_an_id(count: int, reserved: int) -> float:
    """Return what an id takes in the shared set, in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-c", _FILL, str(count), str(reserved)], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    return float(run.stdout)


def test_five_million_shared_ids_take_less_than_100_bytes_each() -> None:
    """Of a repository whose index told how many there would be."""
    assert 32 <= bytes_an_id(5_000_000, 5_000_000) < BYTES_A_CHUNK


def test_ids_nobody_expected_take_less_than_100_bytes_each() -> None:
    """In a first backup. Tables double, so the cost repeats at each doubling: here the fifth has just begun, the worst moment."""
    assert 32 <= bytes_an_id(520_000, 0) < BYTES_A_CHUNK


def test_a_runs_memory_does_not_grow_with_the_file(tmp_path: Path, isolated_home: Path) -> None:
    """Four times the file, four times the list of its blocks, and nothing else: 100 bytes a block, plus noise."""
    peaks, chunks = {}, {}
    for size in (GIB, 4 * GIB):
        archive = Archive(tmp_path / f"repository-{size}", isolated_home / "gdp").init(128 << 10)
        file = tmp_path / f"file-{size}"
        make_marked(file, size)
        peaks[size] = peak_of(["backup", str(file)], archive, tmp_path)
        chunks[size] = chunks_of(archive)
        file.unlink()

    assert chunks[4 * GIB] > 3 * chunks[GIB] > 6000
    assert peaks[4 * GIB] - peaks[GIB] < (chunks[4 * GIB] - chunks[GIB]) * BYTES_A_CHUNK + NOISE_BYTES, peaks


_UNREAD = """
import os, sys
from gdp.__main__ import main
from gdp.engine.archive.read_file import FileReader

def read_stream(self, stream):
    size = os.fstat(stream.fileno()).st_size
    content = bytearray()
    for _ in range(size // (512 << 10) // 1000):
        content += os.urandom(32_000)
    return content, size

FileReader.read_stream = read_stream
sys.exit(main())
"""
"""the program, with a worker that makes the ids of a file's blocks up, since nobody has terabytes to read"""


@pytest.mark.parametrize("millions", [1, 3])
def test_the_list_of_a_huge_files_blocks_takes_less_than_100_bytes_each(
    tmp_path: Path, isolated_home: Path, millions: int
) -> None:
    """Also when the file has changed, and the last backup has its old list. At 512 KiB a block three million are 1.5 TiB."""
    peaks = {}
    for blocks in (1000, millions * 1_000_000):
        archive = Archive(tmp_path / f"repository-{blocks}", isolated_home / "gdp").init()
        file = tmp_path / f"file-{blocks}"
        file.touch()
        os.truncate(file, blocks * (512 << 10))
        first = peak_of(["backup", str(file)], archive, tmp_path, _UNREAD)
        os.utime(file)
        peaks[blocks] = max(first, peak_of(["backup", str(file)], archive, tmp_path, _UNREAD))

    assert peaks[blocks] - peaks[1000] < blocks * BYTES_A_CHUNK + NOISE_BYTES, peaks


def make_marked(file: Path, size: int) -> None:
    """Make a file of holes with a mark every 256 KiB, so that no two blocks are alike and hardly any disk is used."""
    with file.open("wb") as stream:
        stream.truncate(size)
        for offset in range(0, size, 256 << 10):
            stream.seek(offset)
            stream.write(offset.to_bytes(8, "big") + b"mark")


def peak_of(arguments: list[str], archive: Archive, folder: Path, program: str = "") -> int:
    """Run a command in a process of its own and return the peak of its and its workers' memory, in bytes.

    ``program``: Python text that runs ``gdp`` otherwise than as it is.
    """
    (folder / "password").write_bytes(PASSWORD)
    options = ["--repo", str(archive.folder), "--password-file", str(folder / "password"), *arguments]
    words = [sys.executable, "-c", program, *options] if program else command(options)
    measured = measure(words, {**os.environ, "PYTHONPATH": str(PROJECT)}, folder, folder / "log")
    assert measured.exit_code == 0, (folder / "log").read_text()
    return measured.peak_bytes


def chunks_of(archive: Archive) -> int:
    """Return how many blocks of files the repository holds."""
    repo = open_repository(LocalStorage(archive.folder), PASSWORD, archive.home)
    repo.load_index()
    return sum(1 for _, blob in repo.index if blob.kind == BlobKind.DATA)
