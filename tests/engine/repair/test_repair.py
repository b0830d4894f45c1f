"""Repairs after every kind of loss: what can still be read stays, the rest is named, and a check is content afterwards."""

import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from gdp.core.errors import BadInput
from gdp.core.ids import PackId
from gdp.core.packformat import BlobKind
from gdp.engine.check import CheckOptions, CheckResult, check_repository
from gdp.engine.check.options import ALL_PACKS
from gdp.engine.repair import IndexRepair, RepairedSnapshot, repair_index, repair_packs, repair_snapshots
from gdp.model.events import Problem, ignore_events
from gdp.model.files import FileKind, StoredFile
from gdp.model.node import Node
from gdp.model.snapshot import SnapshotId
from gdp.repo.index_files import decode_index, encode_index
from gdp.repo.opening import open_repository
from gdp.repo.repository import Repository
from gdp.storage.local import LocalStorage
from tests.repo.builder import (
    TIME,
    Builder,
    Contents,
    Listener,
    files_of,
    names_of,
    new_repository,
    noise,
    read_snapshot,
    reopened,
)

CONTENTS: Contents = {"a": noise(1, 3500), "b": {"c": b"text " * 900, "d": b""}, "e": noise(2, 500)}


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    return new_repository(tmp_path / "home")


def check(repo: Repository) -> CheckResult:
    return check_repository(repo, CheckOptions(ALL_PACKS), ignore_events)


def remove(repo: Repository, kind: FileKind, name: str) -> None:
    repo.storage.remove(StoredFile(kind, name))


def change(repo: Repository, pack: bytes, position: int) -> None:
    file = StoredFile(FileKind.DATA, pack.hex())
    data = files_of(repo)[file]
    files_of(repo)[file] = data[:position] + bytes((data[position] ^ 1,)) + data[position:][1:]


def run_index(repo: Repository, **options: Any) -> IndexRepair:
    return repair_index(repo, ignore_events, **options)


# --- index -------------------------------------------------------------------------------------------------------------


def test_a_sound_index_is_left_alone(repo: Repository) -> None:
    """A repair that rewrites gigabytes of index for nothing is a risk."""
    Builder(repo).snapshot(CONTENTS)
    before = dict(files_of(repo))

    assert not run_index(repo).changed
    assert files_of(repo) == before


@pytest.mark.parametrize("loss", ["missing", "damaged", "not believed"])
def test_an_index_is_made_again_from_the_packs(repo: Repository, loss: str) -> None:
    """The packs hold all that the index says; losing it must cost time only."""
    name = Builder(repo).snapshot(CONTENTS)
    before = read_snapshot(reopened(repo), name)
    (index,) = names_of(repo, FileKind.INDEX)
    remove(repo, FileKind.INDEX, index)
    if loss == "damaged":
        repo.storage.write(StoredFile(FileKind.INDEX, index), [b"damaged" * 20])
    if loss == "not believed":
        repo.save_json(FileKind.INDEX, encode_index([]))
    done = run_index(repo, read_all_packs=loss == "not believed")

    assert len(done.packs_added) == len(names_of(repo, FileKind.DATA))
    assert read_snapshot(reopened(repo), name) == before
    assert (check(repo).ok, check(repo).hints) == (True, ())


def test_a_pack_that_is_gone_leaves_the_index(repo: Repository) -> None:
    """Else every backup believes that its blocks are stored, and the loss grows."""
    Builder(repo).snapshot(CONTENTS)
    gone = names_of(repo, FileKind.DATA)[0]
    remove(repo, FileKind.DATA, gone)
    done = run_index(repo)

    assert done.packs_dropped == (gone,)
    assert not reopened(repo).index.has_pack(PackId.from_hex(gone))


def test_a_pack_in_no_index_enters_it(repo: Repository) -> None:
    """The backup that stored it was killed; its blocks need not be sent again."""
    builder = Builder(repo)
    builder.snapshot({"a": b"a"})
    builder.blob(BlobKind.DATA, noise(5, 700))
    (pack,) = builder._packers[BlobKind.DATA].flush()
    repo.storage.write(StoredFile(FileKind.DATA, pack.id.hex()), pack.parts)

    assert run_index(repo).packs_added == (pack.id.hex(),)
    assert (check(repo).ok, check(repo).hints) == (True, ())


def test_what_two_indexes_say_differently_the_pack_decides(repo: Repository) -> None:
    """Restic calls such a repository damaged and refuses to go on."""
    Builder(repo).snapshot(CONTENTS)
    (name,) = names_of(repo, FileKind.INDEX)
    packs = decode_index(repo.load_json(FileKind.INDEX, name), name).packs
    half = [(pack, blobs[:1]) for pack, blobs in packs]
    repo.save_json(FileKind.INDEX, encode_index(half))
    assert not check(repo).ok
    run_index(repo)

    assert (check(repo).ok, check(repo).hints) == (True, ())


def test_a_pack_listed_in_two_indexes_is_listed_once_afterwards(repo: Repository) -> None:
    """Left by a killed prune; harmless, but repair means tidy."""
    Builder(repo).snapshot(CONTENTS)
    (name,) = names_of(repo, FileKind.INDEX)
    repo.save_json(FileKind.INDEX, repo.load_json(FileKind.INDEX, name))
    run_index(repo)

    assert (check(repo).ok, check(repo).hints) == (True, ())


def test_a_pack_whose_table_of_contents_is_damaged_is_named(repo: Repository) -> None:
    """It needs the other repair."""
    Builder(repo).snapshot(CONTENTS)
    victim = names_of(repo, FileKind.DATA)[0]
    change(repo, bytes.fromhex(victim), len(files_of(repo)[StoredFile(FileKind.DATA, victim)]) - 10)
    heard = Listener()
    repair_index(repo, heard, read_all_packs=True)

    assert any(victim in text for text in heard.texts(Problem))
    assert not reopened(repo).index.has_pack(PackId.from_hex(victim))


def test_new_indexes_are_stored_before_old_ones_go(repo: Repository) -> None:
    """A repair that is killed must not make things worse."""
    Builder(repo).snapshot(CONTENTS)
    remove(repo, FileKind.DATA, names_of(repo, FileKind.DATA)[0])
    repo.storage.calls.clear()  # type: ignore[attr-defined]
    run_index(repo)
    calls = [call for call, file in repo.storage.calls if file and call in ("write", "remove")]  # type: ignore[attr-defined]

    assert calls == ["write", "remove"]


# --- packs -------------------------------------------------------------------------------------------------------------


def data_pack(repo: Repository) -> tuple[PackId, list[Any]]:
    """Return a pack of files' blocks with at least two of them."""
    fresh = reopened(repo)
    return next(
        (pack, blobs) for pack, blobs in fresh.index.by_pack().items() if len(blobs) > 1 and blobs[0].kind == BlobKind.DATA
    )


def test_good_blocks_of_a_damaged_pack_are_saved(repo: Repository, tmp_path: Path) -> None:
    """One flipped bit costs one block, not sixteen megabytes of them."""
    Builder(repo).snapshot(CONTENTS)
    pack, blobs = data_pack(repo)
    change(repo, pack, blobs[0].offset + 20)
    whole = files_of(repo)[StoredFile(FileKind.DATA, pack.hex())]
    heard = Listener()
    done = repair_packs(reopened(repo), [pack.hex()], tmp_path, heard)

    assert (done.blobs_saved, done.blobs_lost) == (len(blobs) - 1, (blobs[0].id.hex(),))
    assert any(blobs[0].id.hex() in text for text in heard.texts(Problem))
    assert done.copies == (tmp_path / f"pack-{pack.hex()}",)
    assert done.copies[0].read_bytes() == whole
    assert pack.hex() not in names_of(repo, FileKind.DATA)
    assert all(reopened(repo).load_blob(BlobKind.DATA, blob.id) for blob in blobs[1:])


@pytest.mark.parametrize("where", [-1, -3, -10, -40])
def test_a_pack_with_a_damaged_end_loses_nothing(repo: Repository, tmp_path: Path, where: int) -> None:
    """The index knows where the blocks are."""
    name = Builder(repo).snapshot(CONTENTS)
    before = read_snapshot(reopened(repo), name)
    pack, blobs = data_pack(repo)
    size = len(files_of(repo)[StoredFile(FileKind.DATA, pack.hex())])
    change(repo, pack, size + where)
    done = repair_packs(reopened(repo), [pack.hex()], tmp_path, ignore_events)

    assert (done.blobs_saved, done.blobs_lost) == (len(blobs), ())
    assert read_snapshot(reopened(repo), name) == before
    assert (check(repo).ok, check(repo).hints) == (True, ())


def test_a_cut_pack_gives_what_is_left_of_it(repo: Repository, tmp_path: Path) -> None:
    """A full disk at the server leaves half a file."""
    Builder(repo).snapshot(CONTENTS)
    pack, blobs = data_pack(repo)
    file = StoredFile(FileKind.DATA, pack.hex())
    files_of(repo)[file] = files_of(repo)[file][: blobs[-1].offset + 5]
    done = repair_packs(reopened(repo), [pack.hex()], tmp_path, ignore_events)

    assert done.blobs_lost == (blobs[-1].id.hex(),)


def test_a_block_that_another_pack_has_is_not_lost(repo: Repository, tmp_path: Path) -> None:
    """The other copy is looked at, not only believed in."""
    builder = Builder(repo)
    builder.blob(BlobKind.DATA, b"twice" * 50)
    builder.flush()
    builder.blob(BlobKind.DATA, b"twice" * 50, again=True)
    name = builder.snapshot({"x": b"twice" * 50})
    first = reopened(repo).index.find(BlobKind.DATA, bytes.fromhex(builder.blob(BlobKind.DATA, b"twice" * 50)))
    assert first
    change(repo, first.pack, first.offset + 20)
    done = repair_packs(reopened(repo), [first.pack.hex()], tmp_path, ignore_events)

    assert done.blobs_lost == ()
    assert read_snapshot(reopened(repo), name) == {"/x": b"twice" * 50}


def test_a_missing_pack_can_be_taken_out_too(repo: Repository, tmp_path: Path) -> None:
    """`check` names it among the damaged ones."""
    Builder(repo).snapshot(CONTENTS)
    pack, blobs = data_pack(repo)
    remove(repo, FileKind.DATA, pack.hex())
    done = repair_packs(reopened(repo), [pack.hex()], tmp_path, ignore_events)

    assert len(done.blobs_lost) == len(blobs)
    assert done.copies == ()
    assert not reopened(repo).index.has_pack(pack)


def test_a_name_that_is_no_pack_is_refused(repo: Repository, tmp_path: Path) -> None:
    """Before anything happens."""
    Builder(repo).snapshot(CONTENTS)

    with pytest.raises(BadInput):
        repair_packs(reopened(repo), ["ab" * 32], tmp_path, ignore_events)


def test_nothing_is_removed_when_the_copy_cannot_be_kept(repo: Repository, tmp_path: Path) -> None:
    """The damaged pack is the only thing an expert could still work on."""
    Builder(repo).snapshot(CONTENTS)
    pack, _ = data_pack(repo)
    before = dict(files_of(repo))
    with pytest.raises(BadInput, match="nothing was removed"):
        repair_packs(reopened(repo), [pack.hex()], tmp_path / "not there", ignore_events)

    assert {file: files_of(repo)[file] for file in before} == before


# --- snapshots ---------------------------------------------------------------------------------------------------------


def run_snapshots(repo: Repository, **options: Any) -> tuple[list[RepairedSnapshot], list[str]]:
    heard = Listener()
    done = repair_snapshots(reopened(repo), repo.snapshots().snapshots, heard, **options)
    return done, [event.path for event in heard.events if isinstance(event, Problem)]


def lose(repo: Repository, builder: Builder, kind: BlobKind, content: bytes) -> None:
    """Remove the pack with this blob, and make the index agree."""
    place = reopened(repo).index.find(kind, bytes.fromhex(builder.blob(kind, content)))
    assert place
    remove(repo, FileKind.DATA, place.pack.hex())
    run_index(repo)


def build_with_lonely_blocks(repo: Repository) -> tuple[Builder, SnapshotId]:
    builder = Builder(repo, pack_bytes=1)  # each block in a pack of its own
    return builder, builder.snapshot(CONTENTS, hostname="box", tags=["kept"])


def test_sound_snapshots_are_left_alone(repo: Repository) -> None:
    """Their names are in scripts and heads."""
    build_with_lonely_blocks(repo)
    before = dict(files_of(repo))

    assert run_snapshots(repo) == ([], [])
    assert files_of(repo) == before


def test_a_file_becomes_shorter_by_what_is_lost(repo: Repository) -> None:
    """As restic does; the rest of the file may be all that is left of it."""
    builder, name = build_with_lonely_blocks(repo)
    lose(repo, builder, BlobKind.DATA, noise(1, 3500)[1000:2000])
    ((repaired,), paths) = run_snapshots(repo)
    snapshot = repo.snapshots().snapshots[repaired.new]  # type: ignore[index]

    assert paths == ["/a"]
    assert read_snapshot(reopened(repo), repaired.new)["/a"] == noise(1, 3500)[:1000] + noise(1, 3500)[2000:]  # type: ignore[arg-type]
    assert (repaired.old, snapshot.original, snapshot.tags) == (name, name, ["kept", "repaired"])
    assert name in names_of(repo, FileKind.SNAPSHOTS)
    remove(repo, FileKind.SNAPSHOTS, name)
    assert check(repo).ok


def test_with_forget_the_new_snapshot_takes_the_place_of_the_old(repo: Repository) -> None:
    """Then it needs no tag to be told apart."""
    builder, name = build_with_lonely_blocks(repo)
    lose(repo, builder, BlobKind.DATA, noise(2, 500))
    ((repaired,), _) = run_snapshots(repo, forget=True)

    assert names_of(repo, FileKind.SNAPSHOTS) == [repaired.new]
    assert repo.snapshots().snapshots[repaired.new].tags == ["kept"]  # type: ignore[index]
    assert name != repaired.new
    assert check(repo).ok


def test_a_directory_that_is_lost_becomes_empty(repo: Repository) -> None:
    """Its neighbours stay."""
    builder, name = build_with_lonely_blocks(repo)
    tree = next(node.subtree for node in reopened(repo).load_tree(_root(repo, name)) if node.name == "b")
    assert tree
    place = reopened(repo).index.find(BlobKind.TREE, bytes.fromhex(tree))
    assert place
    remove(repo, FileKind.DATA, place.pack.hex())
    run_index(repo)
    ((repaired,), paths) = run_snapshots(repo)

    assert paths == ["/b"]
    assert set(read_snapshot(reopened(repo), repaired.new)) == {"/a", "/e"}  # type: ignore[arg-type]
    del builder


def test_a_snapshot_without_a_root_goes_only_with_forget(repo: Repository) -> None:
    """Nothing of it can be read, but it may be the last trace of what was there."""
    builder = Builder(repo)
    name = builder.snapshot_of("ab" * 32)
    assert run_snapshots(repo)[0] == [RepairedSnapshot(name, None, True)]
    assert names_of(repo, FileKind.SNAPSHOTS) == [name]
    run_snapshots(repo, forget=True)

    assert names_of(repo, FileKind.SNAPSHOTS) == []


def test_a_dry_run_repairs_nothing(repo: Repository) -> None:
    """It only says what would be lost."""
    builder, name = build_with_lonely_blocks(repo)
    lose(repo, builder, BlobKind.DATA, noise(2, 500))
    before = dict(files_of(repo))
    done, paths = run_snapshots(repo, dry_run=True, forget=True)

    assert done == [RepairedSnapshot(name, None, False)]
    assert paths == ["/e"]
    assert files_of(repo) == before


def test_an_entry_without_a_type_is_left_out_and_a_wrong_size_put_right(repo: Repository) -> None:
    """Both make restic's check or mount stumble."""
    builder = Builder(repo)
    blob = builder.blob(BlobKind.DATA, b"12345")
    facts: dict[str, Any] = {"mtime": TIME, "atime": TIME, "ctime": TIME}
    odd = Node(name="odd", type="irregular", **facts)
    wrong = Node(name="wrong", type="file", content=[blob], size=999, **facts)
    builder.snapshot({"odd": odd, "wrong": wrong, "null": Node(name="null", type="file", content=None, **facts)})
    ((repaired,), paths) = run_snapshots(repo, forget=True)
    nodes = reopened(repo).load_tree(_root(repo, repaired.new))  # type: ignore[arg-type]

    assert paths == ["/null", "/odd", "/wrong"]
    assert [(node.name, node.size) for node in nodes] == [("null", 0), ("wrong", 5)]
    assert check(repo).ok


def _root(repo: Repository, name: SnapshotId) -> bytes:
    return bytes.fromhex(repo.snapshots().snapshots[name].tree)


# --- peers -------------------------------------------------------------------------------------------------------------


@pytest.mark.peer
def test_restic_is_content_with_an_index_we_made(peer_restic: Path, shared_fixtures: Path, tmp_path: Path) -> None:
    """Restic's developers made this repository to try their own repair on."""
    with tarfile.open(shared_fixtures / "repo-index-missing.tar.gz") as archive:
        archive.extractall(tmp_path, filter="fully_trusted")
    repo = open_repository(LocalStorage(tmp_path / "repo"), b"geheim", tmp_path / "home")
    assert run_index(repo).changed
    run = subprocess.run(
        [peer_restic, "--repo", tmp_path / "repo", "--no-cache", "check", "--read-data"],
        env={**os.environ, "RESTIC_PASSWORD": "geheim"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert check(repo).ok
