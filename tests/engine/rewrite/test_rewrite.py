"""Snapshots with something left out or changed, and their tags."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gdp.core.errors import BadInput, DamagedData
from gdp.core.packformat import BlobKind
from gdp.engine.check import CheckOptions, check_repository
from gdp.engine.check.options import ALL_PACKS
from gdp.engine.rewrite import RewriteOptions, Rewritten, rewrite_snapshots
from gdp.engine.tag import TagChange, tag_snapshots
from gdp.model.events import ignore_events
from gdp.model.files import FileKind
from gdp.model.snapshot import Snapshot, SnapshotId, SnapshotSummary
from gdp.repo.opening import open_repository
from gdp.repo.repository import Repository
from gdp.storage.local import LocalStorage
from tests.repo.builder import Builder, files_of, names_of, new_repository, noise, read_snapshot, reopened

CONTENTS: Any = {"a": b"a" * 100, "secret": noise(2, 900), "b": {"c": b"c", "secret": b"s", "deep": {"secret": b"", "d": b"d"}}}


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    return new_repository(tmp_path / "home")


def no_secrets(path: bytes, is_directory: bool) -> bool:
    return path.endswith(b"/secret")


def run(repo: Repository, **options: Any) -> list[Rewritten]:
    snapshots = repo.snapshots().snapshots
    return rewrite_snapshots(reopened(repo), snapshots, RewriteOptions(**options), ignore_events)


def the(repo: Repository, name: SnapshotId | None) -> Snapshot:
    assert name
    return repo.snapshots().snapshots[name]


def test_what_is_excluded_is_gone_and_the_rest_is_as_it_was(repo: Repository) -> None:
    """Somebody backed up a password by mistake."""
    name = Builder(repo).snapshot(CONTENTS)
    (done,) = run(repo, is_excluded=no_secrets)
    before = read_snapshot(reopened(repo), name)

    assert done.new
    assert read_snapshot(reopened(repo), done.new) == {path: data for path, data in before.items() if "secret" not in path}
    assert check_repository(reopened(repo), CheckOptions(ALL_PACKS), ignore_events).errors == ()


def test_a_whole_directory_can_be_left_out(repo: Repository) -> None:
    """The rule is told what is a directory."""
    Builder(repo).snapshot(CONTENTS)
    (done,) = run(repo, is_excluded=lambda path, is_directory: is_directory and path == b"/b")

    assert done.new
    assert set(read_snapshot(reopened(repo), done.new)) == {"/a", "/secret"}


def test_a_snapshot_that_does_not_change_is_left_alone(repo: Repository) -> None:
    """Its name stays valid."""
    Builder(repo).snapshot(CONTENTS)
    before = dict(files_of(repo))

    assert run(repo, is_excluded=lambda path, _: path == b"/nowhere") == []
    assert run(repo, host="box") == []
    assert files_of(repo) == before


def test_the_new_snapshot_remembers_the_first_of_its_chain(repo: Repository) -> None:
    """Copy tells by it what it has copied before."""
    name = Builder(repo).snapshot(CONTENTS, tags=["x"])
    (first,) = run(repo, is_excluded=no_secrets, forget=True)
    (second,) = run(repo, host="renamed", time="2020-01-01T00:00:00Z", forget=True)
    snapshot = the(repo, second.new)

    assert the(repo, second.new).original == name
    assert (snapshot.hostname, snapshot.time, snapshot.tags) == ("renamed", "2020-01-01T00:00:00Z", ["x"])
    assert names_of(repo, FileKind.SNAPSHOTS) == [second.new]
    assert first.new == second.old


def test_without_forget_both_stay_and_the_new_one_is_marked(repo: Repository) -> None:
    """Nothing is lost by trying."""
    name = Builder(repo).snapshot(CONTENTS)
    (done,) = run(repo, is_excluded=no_secrets)

    assert the(repo, done.new).tags == ["rewrite"]
    assert the(repo, name).tags is None


def test_the_summary_counts_what_is_left(repo: Repository) -> None:
    """Lists show it."""
    summary = SnapshotSummary("2024-05-06T07:08:09Z", "2024-05-06T07:08:10Z", total_files_processed=6, total_bytes_processed=9999)
    Builder(repo).snapshot(CONTENTS, summary=summary)
    (done,) = run(repo, is_excluded=no_secrets)
    new = the(repo, done.new).summary

    assert new
    assert (new.total_files_processed, new.total_bytes_processed) == (3, 102)


def test_a_dry_run_changes_nothing(repo: Repository) -> None:
    """It says which snapshots would change."""
    name = Builder(repo).snapshot(CONTENTS)
    before = dict(files_of(repo))

    assert run(repo, is_excluded=no_secrets, dry_run=True, forget=True) == [Rewritten(name, None)]
    assert files_of(repo) == before


FOREIGN = {
    "unknown field": b'{"nodes":[{"name":"a","type":"fifo","mtime":"2024-01-01T00:00:00Z","atime":"2024-01-01T00:00:00Z","ctime":"2024-01-01T00:00:00Z","uid":0,"gid":0,"content":null,"ours":1}]}\n',  # noqa: E501
    "no line end": b'{"nodes":[]}',
    "not in order": b'{"nodes":[{"name":"b","type":"fifo","content":null},{"name":"a","type":"fifo","content":null}]}\n',
    "spaces": b'{ "nodes": [] }\n',
}


@pytest.mark.parametrize("case", FOREIGN)
def test_a_directory_we_would_write_otherwise_is_refused(repo: Repository, case: str) -> None:
    """Rewriting must not lose what a newer program stored."""
    builder = Builder(repo)
    builder.snapshot_of(builder.blob(BlobKind.TREE, FOREIGN[case]))
    before = names_of(repo, FileKind.SNAPSHOTS)
    with pytest.raises(DamagedData):
        run(repo, is_excluded=no_secrets, forget=True)

    assert names_of(repo, FileKind.SNAPSHOTS) == before


def test_shared_directories_are_rewritten_once(repo: Repository) -> None:
    """A hundred daily snapshots must not take a hundred times as long."""
    builder = Builder(repo)
    for number in range(5):
        builder.snapshot(CONTENTS, hostname=str(number))
    fresh = reopened(repo)
    fresh.storage.calls.clear()  # type: ignore[attr-defined]
    rewrite_snapshots(fresh, fresh.snapshots().snapshots, RewriteOptions(no_secrets), ignore_events)
    reads = [file for call, file in fresh.storage.calls if call == "read" and file and file.kind is FileKind.DATA]  # type: ignore[attr-defined]

    assert len(reads) == 3


# --- tags --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (TagChange(replace=["x", "y", "x"]), ["x", "y"]),
        (TagChange(replace=[""]), None),
        (TagChange(add=["c", "a"]), ["a", "b", "c"]),
        (TagChange(remove=["a", "nobody"]), ["b"]),
        (TagChange(add=["c"], remove=["a", "b"]), ["c"]),
    ],
)
def test_tags_are_set_added_and_removed(repo: Repository, change: TagChange, expected: list[str] | None) -> None:
    """As `restic tag` does."""
    name = Builder(repo).snapshot(CONTENTS, tags=["a", "b"])
    ((old, new),) = tag_snapshots(repo, repo.snapshots().snapshots, change)

    assert old == name
    assert the(repo, new).tags == expected
    assert the(repo, new).original == name
    assert names_of(repo, FileKind.SNAPSHOTS) == [new]


def test_tags_that_do_not_change_leave_the_snapshot_alone(repo: Repository) -> None:
    """A new name for nothing would break scripts."""
    Builder(repo).snapshot(CONTENTS, tags=["a"])

    assert tag_snapshots(repo, repo.snapshots().snapshots, TagChange(add=["a"], remove=["b"])) == []


@pytest.mark.parametrize("change", [{}, {"replace": ["a"], "add": ["b"]}, {"replace": [], "remove": ["b"]}])
def test_a_change_of_tags_that_makes_no_sense_is_refused(change: dict[str, list[str]]) -> None:
    """Guessing what was meant would be wrong half of the time."""
    with pytest.raises(BadInput):
        TagChange(**change)


@pytest.mark.slow
@pytest.mark.peer
def test_restic_is_content_with_what_we_rewrote(peer_restic: Path, tmp_path: Path, awkward_tree: Path) -> None:
    """On top of its own awkward tree: every name, time and attribute must survive our encoding to the byte."""

    def restic(*arguments: str) -> str:
        command = [str(peer_restic), "--repo", str(tmp_path / "repository"), "--no-cache", *arguments]
        environment = {**os.environ, "RESTIC_PASSWORD": "geheim"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    restic("init")
    restic("backup", str(awkward_tree))
    repo = open_repository(LocalStorage(tmp_path / "repository"), b"geheim", tmp_path / "home")
    repo.load_index()
    options = RewriteOptions(lambda path, _: path.endswith(b"/contents/random"), forget=True)
    (done,) = rewrite_snapshots(repo, repo.snapshots().snapshots, options, ignore_events)
    tag_snapshots(repo, repo.snapshots().snapshots, TagChange(add=["tagged"]))
    restic("check", "--read-data")

    assert done.new
    listing = restic("ls", "latest", "--tag", "tagged")
    assert "/contents/text.log" in listing
    assert "/contents/random" not in listing
