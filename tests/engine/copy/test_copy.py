"""Snapshots on their way into another repository, under another key."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gdp.core.errors import DamagedData
from gdp.core.packformat import BlobKind
from gdp.engine.check import CheckOptions, check_repository
from gdp.engine.check.options import ALL_PACKS
from gdp.engine.copy import Copied, copy_snapshots
from gdp.engine.tag import TagChange, tag_snapshots
from gdp.model.events import Note, ignore_events
from gdp.model.files import FileKind, StoredFile
from gdp.repo.opening import open_repository
from gdp.repo.repository import Repository
from gdp.storage.local import LocalStorage
from tests.repo.builder import Builder, Listener, files_of, names_of, new_repository, noise, read_snapshot, reopened

CONTENTS: Any = {"a": noise(1, 9000), "b": {"c": b"c" * 3000, "d": b""}}


@pytest.fixture
def source(tmp_path: Path) -> Repository:
    return new_repository(tmp_path / "source")


@pytest.fixture
def target(tmp_path: Path) -> Repository:
    return new_repository(tmp_path / "target")


def run(source: Repository, target: Repository, emit: Any = ignore_events) -> list[Copied]:
    source, target = reopened(source), reopened(target)
    return copy_snapshots(source, target, source.snapshots().snapshots, emit)


def test_a_copy_holds_the_same_and_is_whole(source: Repository, target: Repository) -> None:
    """A second repository somewhere else is what a backup of the backup is."""
    builder = Builder(source)
    builder.snapshot(CONTENTS)
    builder.snapshot({**CONTENTS, "new": b"new"}, time="2025-01-01T00:00:00Z", tags=["t"])
    copied = run(source, target)

    assert len(copied) == 2
    for done in copied:
        assert done.target
        assert read_snapshot(reopened(target), done.target) == read_snapshot(reopened(source), done.source)
        assert target.snapshots().snapshots[done.target].original == done.source
    assert check_repository(reopened(target), CheckOptions(ALL_PACKS), ignore_events).errors == ()


@pytest.mark.parametrize(("from_version", "to_version"), [(1, 2), (2, 1), (1, 1)])
def test_a_copy_between_formats_obeys_the_targets(tmp_path: Path, from_version: int, to_version: int) -> None:
    """Format 1 knows no compression; a copy with compressed blocks in it could not be read by old versions."""
    source = new_repository(tmp_path / "source", version=from_version)
    target = new_repository(tmp_path / "target", version=to_version)
    Builder(source).snapshot(CONTENTS)
    (done,) = run(source, target)

    assert done.target
    assert read_snapshot(reopened(target), done.target) == read_snapshot(reopened(source), done.source)
    trees = [blob for _, blob in reopened(target).index if blob.kind == BlobKind.TREE]
    assert all(bool(blob.plain_length) == (to_version == 2) for blob in trees)


def test_what_was_copied_before_is_not_copied_again(source: Repository, target: Repository) -> None:
    """A nightly copy sends only the night's news."""
    builder = Builder(source)
    builder.snapshot(CONTENTS)
    run(source, target)
    before = dict(files_of(target))

    assert [done.target for done in run(source, target)] == [None]
    assert files_of(target) == before

    builder.snapshot({**CONTENTS, "new": b"new"}, time="2025-01-01T00:00:00Z")
    run(source, target)
    assert sum(1 for _ in reopened(target).index) == sum(1 for _ in reopened(source).index)


def test_a_snapshot_whose_tags_changed_is_another_one(source: Repository, target: Repository) -> None:
    """As restic sees it."""
    Builder(source).snapshot(CONTENTS)
    run(source, target)
    tag_snapshots(source, source.snapshots().snapshots, TagChange(add=["x"]))
    (done,) = run(source, target)

    assert done.target
    assert len(names_of(target, FileKind.SNAPSHOTS)) == 2


def test_nothing_of_the_old_key_arrives(source: Repository, target: Repository) -> None:
    """The two repositories' servers must not be able to compare."""
    Builder(source).snapshot(CONTENTS)
    run(source, target)
    old = b"".join(data for file, data in files_of(source).items() if file.kind is FileKind.DATA)
    fresh = reopened(target)

    for pack, blob in fresh.index:
        data = files_of(target)[StoredFile(FileKind.DATA, pack.hex())]
        assert data[blob.offset : blob.offset + 48] not in old


def test_a_damaged_source_gives_no_snapshot(source: Repository, target: Repository) -> None:
    """A snapshot in the target promises that everything is there."""
    name = Builder(source).snapshot(CONTENTS)
    place = next((pack, blob) for pack, blob in reopened(source).index if blob.kind == BlobKind.DATA)
    file = StoredFile(FileKind.DATA, place[0].hex())
    data = files_of(source)[file]
    position = place[1].offset + 20
    files_of(source)[file] = data[:position] + bytes((data[position] ^ 1,)) + data[position + 1 :]
    with pytest.raises(DamagedData):
        run(source, target)

    assert names_of(target, FileKind.SNAPSHOTS) == []
    assert name


def test_a_block_that_is_not_what_it_says_is_not_passed_on(source: Repository, target: Repository) -> None:
    """Sealed rightly, by a faulty writer: the target must not inherit the lie."""
    builder = Builder(source)
    builder.lie(BlobKind.DATA, noise(5, 700), noise(6, 700))
    builder.snapshot({"a": noise(6, 700)})
    with pytest.raises(DamagedData):
        run(source, target)

    assert names_of(target, FileKind.SNAPSHOTS) == []


def test_different_chunkers_are_said(source: Repository, target: Repository) -> None:
    """What is copied takes room again when the same files are backed up there."""
    Builder(source).snapshot(CONTENTS)
    heard = Listener()
    run(source, target, heard)

    assert any("cut files differently" in text for text in heard.texts(Note))


@pytest.mark.slow
@pytest.mark.peer
def test_restic_is_content_with_a_copy(peer_restic: Path, tmp_path: Path, awkward_tree: Path) -> None:
    """Of a tree with everything in it, into a repository that restic made."""

    def restic(repository: str, *arguments: str) -> str:
        command = [str(peer_restic), "--repo", str(tmp_path / repository), "--no-cache", *arguments]
        environment = {**os.environ, "RESTIC_PASSWORD": "geheim"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    restic("one", "init")
    restic("two", "init")
    restic("one", "backup", str(awkward_tree))
    one, two = (open_repository(LocalStorage(tmp_path / name), b"geheim", tmp_path / "home") for name in ("one", "two"))
    one.load_index()
    two.load_index()
    copy_snapshots(one, two, one.snapshots().snapshots, ignore_events)
    restic("two", "check", "--read-data")

    assert restic("two", "ls", "latest").splitlines()[1:] == restic("one", "ls", "latest").splitlines()[1:]
