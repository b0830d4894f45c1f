"""``diff`` says what restic says."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gdp.engine.browse.diff import Change, DiffStatistics, diff
from tests.engine.crafted import Crafted, by_restic, link, node, opened


def compare(crafted: Crafted, before: str, after: str, **options: Any) -> tuple[list[str], DiffStatistics]:
    """Return changes as text, and the sums."""
    crafted.snapshot_of(before)
    changes: list[Change] = []
    statistics = diff(crafted.repo, bytes.fromhex(before), bytes.fromhex(after), changes.append, **options)
    return [f"{change.modifier} {change.path.decode()}" for change in changes], statistics


def test_every_kind_of_difference_is_told(crafted: Crafted) -> None:
    """Added, removed, changed, another kind, and whole folders with what lies in them."""
    before = crafted.tree(
        crafted.file(b"changed", b"one", mtime="2024-01-01T00:00:00Z"),
        crafted.folder_of(b"gone", crafted.file(b"inside", b"gone")),
        crafted.file(b"kind", b"was a file"),
        crafted.file(b"same", b"same"),
        crafted.file(b"touched", b"same", mode=0o600),
    )
    after = crafted.tree(
        crafted.file(b"changed", b"two"),
        link(b"kind", b"is a link"),
        crafted.folder_of(b"new", crafted.file(b"inside", b"new")),
        crafted.file(b"same", b"same"),
        crafted.file(b"touched", b"same", mode=0o644),
    )

    changes, statistics = compare(crafted, before, after)

    assert changes == ["M /changed", "- /gone/", "- /gone/inside", "T /kind", "+ /new/", "+ /new/inside"]
    assert statistics.changed_files == 1
    assert (statistics.added.files, statistics.added.dirs, statistics.added.data_blobs) == (1, 1, 2)
    assert (statistics.removed.files, statistics.removed.dirs, statistics.removed.data_blobs) == (1, 1, 3)
    assert compare(crafted, before, after, with_metadata=True)[0][-1] == "U /touched"


def test_sizes_are_those_of_files_on_either_side(crafted: Crafted) -> None:
    """Whoever looks for what is missing wants to see how much it was."""
    before = crafted.tree(crafted.file(b"changed", b"one"), crafted.folder_of(b"gone", crafted.file(b"inside", b"12345")))
    after = crafted.tree(crafted.file(b"changed", b"three"), crafted.file(b"new", b"7 bytes"))
    crafted.snapshot_of(before)
    told: list[Change] = []
    diff(crafted.repo, bytes.fromhex(before), bytes.fromhex(after), told.append)

    assert {change.path: (change.old_bytes, change.new_bytes) for change in told} == {
        b"/changed": (3, 5),
        b"/gone/": (None, None),
        b"/gone/inside": (5, None),
        b"/new": (None, 7),
    }


def test_content_that_changed_by_itself_is_marked(crafted: Crafted) -> None:
    """Same time, same size, other bytes: a dying disk."""
    before, after = crafted.tree(crafted.file(b"file", b"one")), crafted.tree(crafted.file(b"file", b"two"))

    assert compare(crafted, before, after)[0] == ["M? /file"]


def test_damaged_folder_is_told_and_the_rest_compared(crafted: Crafted) -> None:
    """Half an answer with a warning beats none."""
    lost = node(b"lost", "dir", subtree="ab" * 32)
    before, after = crafted.tree(lost), crafted.tree(crafted.folder_of(b"lost"), crafted.file(b"new", b"x"))
    events: list[object] = []

    assert compare(crafted, before, after, emit=events.append)[0] == ["+ /new"]
    assert len(events) == 1


@pytest.mark.peer
def test_restic_says_the_same(peer_restic: Path, tmp_path: Path, isolated_home: Path) -> None:
    """Scripts compare our numbers with restic's."""
    tree = tmp_path / "tree"
    for name in ("a/one", "a/two", "b/deep/three", "same/x"):
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(name * 100)
    by_restic(peer_restic, tmp_path / "repo", ["backup", "tree"], cwd=tmp_path)
    shutil.rmtree(tree / "b")
    (tree / "a" / "one").write_text("changed")
    (tree / "c").mkdir()
    (tree / "c" / "new").write_text("new")
    (tree / "a" / "two").unlink()
    (tree / "a" / "two").symlink_to("one")
    by_restic(peer_restic, tmp_path / "repo", ["backup", "tree"], cwd=tmp_path)
    repo = opened(tmp_path / "repo", isolated_home)
    (first, before), (second, after) = repo.snapshots().snapshots.items()

    start = [os.fspath(peer_restic), "-r", os.fspath(tmp_path / "repo"), "--no-cache"]
    command = [*start, "--password-file", os.fspath(tmp_path / "repo.password"), "diff", "--json", first, second]
    run = subprocess.run(command, check=True, capture_output=True, text=True)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    changes: list[Change] = []
    statistics = diff(repo, bytes.fromhex(before.tree), bytes.fromhex(after.tree), changes.append)

    theirs = sorted((line["modifier"], line["path"]) for line in lines if line["message_type"] == "change")
    assert sorted((change.modifier, change.path.decode()) for change in changes) == theirs
    said = lines[-1]
    ours = msgspec.to_builtins(statistics)
    assert {name: said[name] for name in ours} == ours
