"""Repositories and targets that want to do harm: restore writes inside its target and nowhere else."""

import hashlib
import os
import stat
import subprocess
from pathlib import Path

import pytest

from gdp.core.ids import BlobId
from gdp.core.packformat import BlobKind
from gdp.engine.restore import RestoreOptions, plan_restore
from gdp.engine.restore.batch import BatchRun
from gdp.engine.restore.folders import FolderMaker
from gdp.model.events import Event, Problem
from gdp.model.files import FileKind, StoredFile
from gdp.model.node import Node
from gdp.repo.repository import Repository
from tests.engine.crafted import Crafted, link, node, sealed_bomb
from tests.engine.restore.conftest import run_restore


@pytest.mark.parametrize("name", [b"../evil", b"..", b".", b"", b"a/b", b"/etc", b"nul\0byte"])
def test_names_that_lead_out_are_refused(crafted: Crafted, target: Path, name: bytes) -> None:
    """The repository lies on a server that may not be ours."""
    snapshot = crafted.snapshot(
        crafted.folder_of(b"folder", crafted.file(name, b"evil"), crafted.folder_of(name), crafted.file(b"good", b"good"))
    )

    restored = run_restore(crafted.repo, snapshot, target)

    assert restored.result.problems == 2
    assert all("refused" in problem for problem in restored.problems)
    found = [path for path in target.parent.rglob("*") if path.is_file() and path.read_bytes() in (b"evil", b"good")]
    assert found == [target / "folder" / "good"]


def test_second_entry_of_a_name_is_refused(crafted: Crafted, target: Path, tmp_path: Path) -> None:
    """A link and then a folder of the same name is the classic way out of a target."""
    outside = tmp_path / "outside"
    outside.mkdir()
    snapshot = crafted.snapshot(link(b"x", os.fsencode(outside)), crafted.folder_of(b"x", crafted.file(b"evil", b"evil")))

    restored = run_restore(crafted.repo, snapshot, target)

    assert list(outside.iterdir()) == []
    assert (target / "x").is_symlink()
    assert restored.result.problems == 1
    assert "twice" in restored.problems[0]


def test_link_planted_before_is_not_followed(crafted: Crafted, target: Path, tmp_path: Path) -> None:
    """Neither for folders nor for files, whatever ``overwrite`` says."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"precious")
    target.mkdir()
    (target / "folder").symlink_to(outside)
    (target / "file").symlink_to(outside / "file")
    (target / "hard").hardlink_to(outside / "file")
    snapshot = crafted.snapshot(
        crafted.folder_of(b"folder", crafted.file(b"file", b"new")),
        crafted.file(b"file", b"new"),
        crafted.file(b"hard", b"new"),
    )

    restored = run_restore(crafted.repo, snapshot, target)

    assert (outside / "file").read_bytes() == b"precious"
    assert restored.problems == []
    assert [(target / name).read_bytes() for name in ("file", "hard", "folder/file")] == [b"new"] * 3


def test_folder_exchanged_for_a_link_meanwhile_is_not_followed(
    crafted: Crafted, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who may write into the target races with us, between the making of a folder and the files in it."""
    outside = tmp_path / "outside"
    outside.mkdir()
    snapshot = crafted.snapshot(crafted.folder_of(b"folder", crafted.file(b"file", b"new")), crafted.file(b"other", b"new"))
    prepare = BatchRun.__init__

    def race(self: BatchRun, *arguments: object) -> None:
        if (target / "folder").is_dir() and not (target / "moved").exists():
            (target / "folder").rename(target / "moved")
            (target / "folder").symlink_to(outside)
        prepare(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(BatchRun, "__init__", race)
    restored = run_restore(crafted.repo, snapshot, target)

    assert list(outside.iterdir()) == []
    assert any("/folder/file" in problem for problem in restored.problems)
    assert (target / "other").read_bytes() == b"new"


def test_folder_exchanged_for_a_link_at_the_end_keeps_its_hands_off(
    crafted: Crafted, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Owner and permissions of the folder a link leads to must not change either."""
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o700)
    snapshot = crafted.snapshot(
        crafted.folder_of(b"a", crafted.folder_of(b"b", crafted.file(b"file", b"x")), mode=1 << 31 | 0o777),
        crafted.file(b"z", b"z"),
    )
    finish = FolderMaker.finish

    def race(self: FolderMaker) -> int:
        self._handles.forget((b"a",))
        (target / "a").rename(target / "moved")
        (target / "a").symlink_to(outside)
        return finish(self)

    monkeypatch.setattr(FolderMaker, "finish", race)
    restored = run_restore(crafted.repo, snapshot, target)

    assert stat.S_IMODE(outside.stat().st_mode) == 0o700
    assert restored.result.problems == 2


def test_folder_exchanged_for_another_folder_is_not_given_away(
    crafted: Crafted, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody's own folder, moved to the place of ours, must not get the owner and permissions meant for ours."""
    snapshot = crafted.snapshot(crafted.folder_of(b"a", crafted.file(b"file", b"x"), mode=1 << 31 | 0o777))
    finish = FolderMaker.finish

    def race(self: FolderMaker) -> int:
        self._handles.forget((b"a",))
        (target / "a").rename(target / "moved")
        (target / "a").mkdir(mode=0o700)
        return finish(self)

    monkeypatch.setattr(FolderMaker, "finish", race)
    restored = run_restore(crafted.repo, snapshot, target)

    assert stat.S_IMODE((target / "a").stat().st_mode) == 0o700
    assert "exchanged" in restored.problems[0]


def test_block_that_is_genuine_but_another_is_refused(crafted: Crafted, target: Path) -> None:
    """Whoever can write an index can point at any block that was ever sealed: only the hash tells that it is the wrong one."""
    wanted = hashlib.sha256(b"wanted").digest()
    crafted.pack([(BlobKind.DATA, wanted, crafted.repo.key.seal(b"others"), 0)])
    snapshot = crafted.snapshot(node(b"file", "file", content=[wanted.hex()], size=6))

    restored = run_restore(crafted.repo, snapshot, target)

    assert restored.result.problems == 1
    assert "holds other data than its name says" in restored.problems[0]
    assert b"others" not in (target / "file").read_bytes()


class _Loop(Repository):
    """A repository in which every directory contains itself."""

    def load_tree(self, tree_id: bytes) -> list[Node]:
        return [node(b"again", "dir", subtree=tree_id.hex(), mode=1 << 31 | 0o755)]


def test_directory_that_contains_itself_ends(crafted: Crafted, target: Path) -> None:
    """It cannot be made without breaking SHA-256, but a reader that trusts in that never returns when it is wrong."""
    snapshot = crafted.snapshot()
    crafted.repo.__class__ = _Loop
    events: list[Event] = []

    folders = list(plan_restore(crafted.repo, snapshot, RestoreOptions(target), emit=events.append))

    assert len(folders) == 2
    problem = events[0]
    assert isinstance(problem, Problem)
    assert "contains itself" in problem.template


class _Deep(Repository):
    """A repository that never ends."""

    def load_tree(self, tree_id: bytes) -> list[Node]:
        below = hashlib.sha256(tree_id).hexdigest()
        return [node(b"d", "dir", subtree=below, mode=1 << 31 | 0o755)]


def test_endless_depth_ends(crafted: Crafted, target: Path) -> None:
    """A chain of directories costs an attacker 200 bytes a step."""
    snapshot = crafted.snapshot()
    crafted.repo.__class__ = _Deep
    events: list[Event] = []

    folders = list(plan_restore(crafted.repo, snapshot, RestoreOptions(target), emit=events.append))

    assert len(folders) < 3000
    assert any("nested" in event.template for event in events if isinstance(event, Problem))


def test_deep_folders_are_restored(crafted: Crafted, target: Path) -> None:
    """Deeper than a path may be long, which honest programs produce by accident."""
    nodes = crafted.file(b"leaf", b"x")
    for _ in range(300):
        nodes = crafted.folder_of(b"a-rather-long-name", nodes)
    snapshot = crafted.snapshot(nodes)

    restored = run_restore(crafted.repo, snapshot, target, verify=True)

    assert restored.problems == []
    assert restored.result.folders_restored == 300
    assert restored.result.files_verified == 1
    subprocess.run(["rm", "-rf", target], check=True)  # pytest cannot


def test_block_that_unfolds_without_end_is_stopped(crafted: Crafted, target: Path) -> None:
    """A zip bomb stops at the length that the index declares."""
    bomb = hashlib.sha256(b"bomb").digest()
    crafted.pack([(BlobKind.DATA, bomb, sealed_bomb(crafted, 200 << 20), 1000)])
    snapshot = crafted.snapshot(node(b"bomb", "file", content=[bomb.hex()], size=1000), crafted.file(b"good", b"good"))

    restored = run_restore(crafted.repo, snapshot, target)

    assert (target / "good").read_bytes() == b"good"
    assert (target / "bomb").stat().st_size == 1000
    assert restored.result.problems == 1
    assert "/bomb" in restored.problems[0]


def test_huge_lengths_are_refused_before_memory_is_used(crafted: Crafted, target: Path) -> None:
    """Four gigabytes are four bytes in an index."""
    liar = hashlib.sha256(b"liar").hexdigest()
    crafted.lie(liar, length=0xFFFFFFF0, plain_length=0xFFFFFFF0)
    snapshot = crafted.snapshot(node(b"liar", "file", content=[liar], size=5), crafted.file(b"good", b"good"))

    restored = run_restore(crafted.repo, snapshot, target)

    assert (target / "good").read_bytes() == b"good"
    assert restored.result.problems == 1
    assert "claims 4,294,967,280 bytes" in restored.problems[0]


def test_wrong_blocks_are_told_and_not_restored_as_right(crafted: Crafted, target: Path) -> None:
    """A flipped bit in the repository: the file is named, its time is not the snapshot's, everything else is there."""
    snapshot = crafted.snapshot(crafted.file(b"bad", b"first" * 100, b"second" * 100), crafted.file(b"good", b"good"))
    place = crafted.repo.index.find(BlobKind.DATA, hashlib.sha256(b"second" * 100).digest())
    assert place
    _flip(crafted, place.pack.hex(), place.offset + 20)

    restored = run_restore(crafted.repo, snapshot, target, verify=True)

    assert (target / "good").read_bytes() == b"good"
    assert (target / "bad").read_bytes() == b"first" * 100 + bytes(600)
    assert (target / "bad").stat().st_mtime > 1720000000  # so that --overwrite if-changed tries again
    assert restored.result.problems == 1
    assert "/bad is damaged" in restored.problems[0]


def test_second_copy_of_a_damaged_block_is_used(crafted: Crafted, target: Path) -> None:
    """Two computers that back up at once store blocks twice; one good copy is enough."""
    content = b"block" * 1000
    first = crafted.file(b"file", b"before" * 1000, content, b"after")
    damaged = crafted.repo.storage
    crafted.blob(content)
    snapshot = crafted.snapshot(first, crafted.file(b"alone", content))
    places = crafted.repo.index.find_all(BlobKind.DATA, BlobId(hashlib.sha256(content).digest()))
    assert len(places) == 3
    for place in places[:2]:
        _flip(crafted, place.pack.hex(), place.offset + 20)

    restored = run_restore(crafted.repo, snapshot, target, verify=True)

    assert damaged is crafted.repo.storage
    assert restored.problems == []
    assert (target / "file").read_bytes() == b"before" * 1000 + content + b"after"
    assert (target / "alone").read_bytes() == content
    assert (target / "file").stat().st_mtime_ns == 1714979289123456789


def test_missing_pack_costs_only_its_files(crafted: Crafted, target: Path) -> None:
    """A lost pack file is a bad day and must not become the loss of everything."""
    snapshot = crafted.snapshot(crafted.file(b"bad", b"lost"), crafted.file(b"good", b"good"))
    place = crafted.repo.index.find(BlobKind.DATA, hashlib.sha256(b"lost").digest())
    assert place
    crafted.repo.storage.remove(StoredFile(FileKind.DATA, place.pack.hex()))

    restored = run_restore(crafted.repo, snapshot, target)

    assert (target / "good").read_bytes() == b"good"
    assert restored.result.problems == 1


def test_block_in_no_index_costs_only_its_file(crafted: Crafted, target: Path) -> None:
    """As after a prune by a program with a bug."""
    snapshot = crafted.snapshot(
        node(b"bad", "file", content=["ab" * 32]), node(b"worse", "file", content=["nonsense"]), crafted.file(b"good", b"good")
    )

    restored = run_restore(crafted.repo, snapshot, target)

    assert (target / "good").read_bytes() == b"good"
    assert restored.result.problems == 2
    assert all("is in no index" in problem for problem in restored.problems)


def test_links_need_equal_content(crafted: Crafted, target: Path) -> None:
    """A repository that gives one inode to two files (device ids changed, or a lie) must not merge them."""
    snapshot = crafted.snapshot(
        crafted.file(b"a", b"one", links=2, inode=7, device_id=1),
        crafted.file(b"b", b"two", links=2, inode=7, device_id=1),
        crafted.file(b"c", b"one", links=2, inode=7, device_id=1),
        crafted.file(b"d", b"one", links=1, inode=7, device_id=1),
        crafted.file(b"e", b"one", links=2, inode=7, device_id=2),
    )

    restored = run_restore(crafted.repo, snapshot, target, verify=True)

    assert restored.problems == []
    assert [(target / name).read_bytes() for name in "abcde"] == [b"one", b"two", b"one", b"one", b"one"]
    assert (target / "a").samefile(target / "c")
    assert [(target / name).stat().st_nlink for name in "abcde"] == [2, 1, 2, 1, 1]


def _flip(crafted: Crafted, pack: str, offset: int) -> None:
    path = crafted.folder / "data" / pack[:2] / pack
    path.chmod(0o600)
    with path.open("r+b") as stream:
        stream.seek(offset)
        byte = stream.read(1)
        stream.seek(offset)
        stream.write(bytes((byte[0] ^ 1,)))
