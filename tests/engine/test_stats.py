"""How large snapshots are said to be, compared with restic's own numbers."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gdp.core.errors import DamagedData
from gdp.core.packformat import BlobKind
from gdp.engine.stats import Stats, StatsMode, count_stats
from gdp.model.events import ignore_events
from gdp.model.node import Node
from gdp.repo.opening import open_repository
from gdp.repo.repository import Repository
from gdp.storage.local import LocalStorage
from tests.repo.builder import TIME, Builder, new_repository, noise, reopened

MODES = list(StatsMode)


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    return new_repository(tmp_path / "home")


def count(repo: Repository, mode: StatsMode) -> Stats:
    return count_stats(reopened(repo), repo.snapshots().snapshots, mode, ignore_events)


def test_what_a_restore_would_write(repo: Repository) -> None:
    """Is there enough room on my disk?"""
    builder = Builder(repo)
    builder.snapshot({"a": b"12345", "b": {"c": b"12345"}})
    builder.snapshot({"a": b"12345"}, hostname="other")
    stats = count(repo, StatsMode.RESTORE_SIZE)

    assert (stats.snapshots_count, stats.total_size, stats.total_file_count) == (2, 15, 4)


def test_a_hard_link_counts_once_a_snapshot(repo: Repository) -> None:
    """A restore makes a link of the second name."""
    builder = Builder(repo)
    blob = builder.blob(BlobKind.DATA, b"12345")
    facts: Any = {"type": "file", "mtime": TIME, "atime": TIME, "ctime": TIME, "links": 2, "inode": 7, "device_id": 8}
    links = {name: Node(name=name, size=5, content=[blob], **facts) for name in ("x", "y")}
    builder.snapshot(links)
    builder.snapshot(links, hostname="other")

    assert count(repo, StatsMode.RESTORE_SIZE).total_size == 10


def test_stored_bytes_are_those_of_the_blocks_needed(repo: Repository) -> None:
    """What nobody needs is prune's business."""
    builder = Builder(repo)
    builder.blob(BlobKind.DATA, noise(3, 500))
    builder.snapshot({"a": noise(1, 1000), "b": noise(1, 1000)})
    stats = count(repo, StatsMode.RAW_DATA)
    expected = sum(blob.length for _, blob in reopened(repo).index if blob.length != 532)

    assert (stats.total_blob_count, stats.total_size) == (2, expected)


def test_nothing_compressed_has_no_ratio(repo: Repository) -> None:
    """As restic leaves the field out; "1 to 1" would be a measurement that nobody made."""
    stats = count_stats(repo, {}, StatsMode.RAW_DATA, ignore_events)

    assert stats.compression_ratio is None
    assert (stats.compression_progress, stats.compression_space_saving) == (0.0, 0.0)


def test_a_block_that_is_missing_is_said(repo: Repository) -> None:
    """A number that leaves something out is worse than none."""
    facts: Any = {"type": "file", "mtime": TIME, "atime": TIME, "ctime": TIME}
    Builder(repo).snapshot({"x": Node(name="x", size=5, content=["ab" * 32], **facts)})

    with pytest.raises(DamagedData):
        count(repo, StatsMode.RAW_DATA)


@pytest.mark.slow
@pytest.mark.peer
def test_restic_counts_the_same(peer_restic: Path, tmp_path: Path, awkward_tree: Path) -> None:
    """In every mode, over a tree with hard links, twins, holes and devices, and two snapshots."""

    def restic(*arguments: str) -> str:
        command = [str(peer_restic), "--repo", str(tmp_path / "repository"), "--no-cache", *arguments]
        environment = {**os.environ, "RESTIC_PASSWORD": "geheim"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    restic("init")
    restic("backup", str(awkward_tree))
    (awkward_tree / "contents" / "text.log").write_bytes(b"changed")
    restic("backup", str(awkward_tree))
    repo = open_repository(LocalStorage(tmp_path / "repository"), b"geheim", tmp_path / "home")
    repo.load_index()
    for mode in MODES:
        theirs = json.loads(restic("stats", "--json", "--mode", mode))
        ours = count_stats(repo, repo.snapshots().snapshots, mode, ignore_events)
        for name, value in theirs.items():
            if (mine := getattr(ours, name)) is not None:
                assert mine == pytest.approx(value), f"{mode} {name}"
