"""What a run may take from the last one without looking. Wrong once, and a change is missing from every later backup."""

import os
import pwd
import random
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from gdp.core import gotext
from gdp.core.errors import StorageDenied
from gdp.core.packformat import BlobKind
from gdp.engine.archive import metadata
from gdp.engine.archive.notes import open_notes
from gdp.model.files import FileKind, StoredFile
from gdp.repo.index_files import decode_index, encode_index
from gdp.storage.contract import Storage
from tests.engine.archive.running import HOST, Archive, Ran
from tests.storage.memory import MemoryStorage

Change = Callable[[Path], object]


def fresh(archive: Archive, source: str = "source") -> Ran:
    """Back up without any knowledge of the past, which is right by construction."""
    return archive.backup(source, force=True, dry_run=True)


def test_an_unchanged_source_costs_a_snapshot(archive: Archive, source: Path) -> None:
    """No index is loaded, no file is read, no worker begins: this is what a backup does most nights."""
    first = archive.backup("source")
    ran = archive.backup("source")

    assert ran.tree == first.tree
    assert not ran.index_was_read
    assert not ran.workers_started
    assert [operation for operation in ran.storage_log if operation[0] != "read"] == [("write", FileKind.SNAPSHOTS)]
    assert ran.counted()[2] == 6
    assert ran.result.snapshot.parent == first.result.snapshot_id


def _swap(top: Path) -> None:
    (top / "a").rename(top / "other")
    (top / "b").rename(top / "a")
    (top / "other").rename(top / "b")


def _replace_same_size_and_time(top: Path) -> None:
    status = (top / "a").stat()
    (top / "a").write_text("CONTENTS OF A\n")
    os.utime(top / "a", ns=(status.st_atime_ns, status.st_mtime_ns))


CHANGES: dict[str, tuple[Change, set[str]]] = {
    "touched": (lambda top: (top / "one" / "c").touch(), {"c"}),
    "time set back": (lambda top: os.utime(top / "one" / "c", (1, 1)), {"c"}),
    "contents with the old size and time": (_replace_same_size_and_time, {"a"}),
    "rights": (lambda top: (top / "one" / "c").chmod(0o640), {"c"}),
    "rights of a folder": (lambda top: (top / "one" / "inner").chmod(0o711), set()),
    "time of a folder": (lambda top: os.utime(top / "two", (1, 1)), set()),
    "renamed": (lambda top: (top / "one" / "c").rename(top / "one" / "x"), {"x"}),
    "two files exchanged": (_swap, {"a", "b"}),
    "a folder renamed": (lambda top: (top / "one").rename(top / "eins"), {"c", "d", "e"}),
    "a folder moved": (lambda top: (top / "one" / "inner").rename(top / "two" / "inner"), {"e"}),
    "a folder deleted": (lambda top: shutil.rmtree(top / "one"), set()),
    "a hard link more": (lambda top: os.link(top / "a", top / "one" / "a"), {"a"}),
    "a symbolic link more": (lambda top: (top / "one" / "link").symlink_to("c"), set()),
    "an attribute of a file": (lambda top: os.setxattr(top / "a", "user.x", b"1"), {"a"}),
    "an attribute of a folder": (lambda top: os.setxattr(top / "one" / "inner", "user.x", b"1"), set()),
    "an attribute of the source": (lambda top: os.setxattr(top, "user.x", b"1"), set()),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_is_seen(archive: Archive, source: Path, name: str) -> None:
    """The snapshot is the same as that of a run that reads everything, and only what changed is read."""
    change, read = CHANGES[name]
    before = archive.backup("source")
    change(source)
    ran = archive.backup("source")

    assert ran.tree == fresh(archive).tree != before.tree
    assert {file for file, action in ran.files.items() if action != "unmodified"} == read
    assert not archive.backup("source").workers_started
    assert archive.check() == ()


@pytest.mark.root
@pytest.mark.parametrize("where", ["a", "one", "link"])
def test_a_changed_owner_is_seen(archive: Archive, source: Path, where: str) -> None:
    """A restore gives files to who is written there."""
    (source / "link").symlink_to("a")
    archive.backup("source")
    os.chown(source / where, 4711, 4712, follow_symlinks=False)
    ran = archive.backup("source")

    node = archive.nodes(ran.tree, "/source")[where]
    assert (node.uid, node.gid) == (4711, 4712)
    assert ran.tree == fresh(archive).tree


@pytest.mark.root
def test_a_changed_attribute_of_a_link_is_seen(archive: Archive, source: Path) -> None:
    """Nothing but its ctime tells of it."""
    (source / "link").symlink_to("a")
    archive.backup("source")
    os.setxattr(source / "link", "trusted.x", b"1", follow_symlinks=False)
    ran = archive.backup("source")

    assert archive.nodes(ran.tree, "/source")["link"].extended_attributes
    assert ran.tree == fresh(archive).tree


def test_a_folder_that_comes_back_is_read_anew(archive: Archive, source: Path) -> None:
    """What was noted of a deleted folder must not be taken for the new one of its name."""
    archive.backup("source")
    shutil.rmtree(source / "one")
    archive.backup("source")
    (source / "one" / "inner").mkdir(parents=True)
    (source / "one" / "inner" / "e").write_text("another e\n")
    ran = archive.backup("source")

    assert ran.files["e"] == "new"
    assert ran.tree == fresh(archive).tree


@pytest.mark.parametrize("seed", range(3))
def test_any_sequence_of_changes_gives_the_true_tree(archive: Archive, source: Path, seed: int) -> None:
    """Ten nights of accidents, each compared with a run that knows nothing."""
    chance = random.Random(seed)
    for night in range(10):
        for _ in range(chance.randrange(4)):
            _some_change(source, chance, night)
        ran = archive.backup("source", ignore_inode=False)
        assert ran.tree == fresh(archive).tree
    assert archive.check() == ()


def _some_change(top: Path, chance: random.Random, night: int) -> None:
    folders = [top, *(path for path in sorted(top.rglob("*")) if path.is_dir())]
    files = [path for path in sorted(top.rglob("*")) if path.is_file()]
    folder = chance.choice(folders)
    new = folder / f"n{night}-{chance.randrange(1000)}"
    kind = chance.randrange(7)
    if kind == 0 and files:
        chance.choice(files).write_bytes(chance.randbytes(chance.randrange(50)))
    elif kind == 1 and files:
        chance.choice(files).unlink()
    elif kind == 2:
        new.mkdir()
    elif kind == 3:
        new.write_bytes(chance.randbytes(20))
    elif kind == 4 and folder != top and top / "one" in folder.parents:
        shutil.rmtree(folder)
    elif kind == 5:
        os.utime(folder, ns=(night, night))
    elif kind == 6 and files:
        chance.choice(files).rename(new)


def test_lost_notes_cost_time_only(archive: Archive, source: Path) -> None:
    """They are a cache: the parent's trees say the same."""
    before = archive.backup("source")
    shutil.rmtree(archive.home / "cache")
    ran = archive.backup("source")

    assert ran.tree == before.tree
    assert ran.index_was_read
    assert set(ran.files.values()) == {"unmodified"}
    assert not archive.backup("source").index_was_read


@pytest.mark.parametrize("garbage", [b"", b"not a database", bytes(100_000), b"SQLite format 3\0" + bytes(4000)])
def test_corrupt_notes_cost_time_only(archive: Archive, source: Path, garbage: bytes) -> None:
    """A power failure may leave anything in the file."""
    before = archive.backup("source")
    notes = notes_of(archive)
    for suffix in ("-wal", "-shm"):
        Path(f"{notes}{suffix}").unlink(missing_ok=True)
    notes.write_bytes(garbage)
    ran = archive.backup("source")

    assert ran.tree == before.tree
    assert not archive.backup("source").index_was_read


@pytest.mark.parametrize("position", [0, 4, 40, -1])
def test_a_torn_record_is_not_believed(archive: Archive, source: Path, position: int) -> None:
    """One directory is compared as if it were new, and the tree is still right."""
    before = archive.backup("source")
    with writing(archive) as database:
        rows = database.execute("SELECT path, record FROM directory").fetchall()
        for path, record in rows:
            torn = bytearray(record)
            torn[position] ^= 1
            database.execute("UPDATE directory SET record = ? WHERE path = ?", (bytes(torn), path))
    ran = archive.backup("source")

    assert len(rows) >= 5
    assert ran.tree == before.tree
    assert archive.check() == ()


def test_a_shortened_record_is_not_believed(archive: Archive, source: Path) -> None:
    """Nor one that is empty."""
    before = archive.backup("source")
    with writing(archive) as database:
        database.execute("UPDATE directory SET record = substr(record, 1, 3)")
    assert archive.backup("source").tree == before.tree
    with writing(archive) as database:
        database.execute("UPDATE directory SET record = x''")

    assert archive.backup("source").tree == before.tree


def test_notes_of_another_snapshot_are_not_used(archive: Archive, source: Path) -> None:
    """They say what their own snapshot holds; the parent that was asked for may lack it."""
    first = archive.backup("source")
    (source / "a").write_text("changed after the first\n")
    archive.backup("source")
    ran = archive.backup("source", parent=first.result.snapshot_id)

    assert ran.result.snapshot.parent == first.result.snapshot_id
    assert ran.index_was_read
    assert {file for file, action in ran.files.items() if action != "unmodified"} == {"a"}
    assert ran.tree == fresh(archive).tree


def test_notes_end_with_their_snapshot(archive: Archive, source: Path) -> None:
    """After ``forget`` of the latest snapshot its blocks may be gone."""
    archive.backup("source")
    second = archive.backup("source")
    assert second.result.snapshot_id is not None
    archive.open().storage.remove(StoredFile(FileKind.SNAPSHOTS, second.result.snapshot_id))
    ran = archive.backup("source")

    assert ran.index_was_read
    assert ran.tree == second.tree


def test_notes_end_when_index_files_were_replaced(archive: Archive, source: Path) -> None:
    """A prune replaces index files, and may have removed what a later snapshot of ours would rest on."""
    before = archive.backup("source")
    replace_index(archive, without_data=False)
    ran = archive.backup("source")

    assert ran.index_was_read
    assert not ran.workers_started
    assert ran.tree == before.tree


def test_what_a_prune_took_away_is_stored_again(archive: Archive, source: Path) -> None:
    """Else the new snapshot would refer to blocks that are not there, and nobody would know until the restore."""
    before = archive.backup("source")
    replace_index(archive, without_data=True)
    ran = archive.backup("source")

    assert ran.tree == before.tree
    assert ran.summary.data_blobs == 6
    assert archive.check() == ()


def test_more_index_files_do_not_end_the_notes(archive: Archive, source: Path, tmp_path: Path) -> None:
    """Somebody else's backup into the same repository adds index files; nothing of ours went away."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "file").write_text("of another computer\n")
    archive.backup("source")
    archive.backup(tmp_path / "elsewhere", hostname="another")

    assert not archive.backup("source").index_was_read


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets the time zone, as if for another process."""

    def set_zone(name: str | None) -> None:
        if name is None:
            monkeypatch.delenv("TZ")
        else:
            monkeypatch.setenv("TZ", name)
        time.tzset()
        gotext._date_and_offset.cache_clear()

    yield set_zone
    set_zone(None)


def test_another_time_zone_ends_the_notes(archive: Archive, source: Path, zone: Callable[[str], None]) -> None:
    """Times are written with the local offset, as restic does; trees taken from the notes would be of two minds."""
    zone("UTC")
    first = archive.backup("source")
    zone("JST-9")
    ran = archive.backup("source")

    assert ran.tree == fresh(archive).tree != first.tree
    assert set(ran.files.values()) == {"unmodified"}
    assert "+09:00" in archive.nodes(ran.tree, "/source")["one"].mtime


@pytest.mark.root
def test_another_name_of_an_owner_ends_the_notes(archive: Archive, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nodes hold user names; a renamed user must not keep the old one in half of the tree."""
    os.chown(source / "one" / "c", 4711, 4711)
    archive.backup("source")
    record = pwd.struct_passwd(("renamed", "x", 4711, 4711, "", "/", "/bin/sh"))
    known = pwd.getpwuid
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: record if uid == 4711 else known(uid))
    metadata.user_name.cache_clear()
    try:
        ran = archive.backup("source")
        node = archive.nodes(ran.tree, "/source/one")["c"]
        assert node.user == "renamed"
        assert ran.tree == fresh(archive).tree
    finally:
        metadata.user_name.cache_clear()


def test_a_failed_run_leaves_the_old_notes(archive: Archive, source: Path) -> None:
    """What it noted belongs to a snapshot that does not exist."""
    archive.backup("source")
    (source / "a").write_text("changed\n")
    with pytest.raises(StorageDenied):
        archive.backup("source", worker_storage=refusing)
    ran = archive.backup("source")

    assert ran.files["a"] == "changed"
    assert ran.files["b"] == "unmodified"
    assert ran.tree == fresh(archive).tree
    assert archive.check() == ()


def test_two_runs_at_once_do_not_share_notes(archive: Archive, source: Path) -> None:
    """The second goes on without; it must neither wait for the first nor spoil its notes."""
    before = archive.backup("source")
    held = open_notes(notes_of(archive).parent, HOST, [str(source)])
    assert held is not None
    ran = archive.backup("source")
    held.close()

    assert ran.tree == before.tree
    assert ran.index_was_read
    assert archive.backup("source").tree == before.tree


def test_the_same_paths_from_another_folder_are_told_apart(
    archive: Archive, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``cd source; backup .`` and ``backup source`` name one path and give different trees."""
    (source / "source").mkdir()
    (source / "source" / "a").write_text("contents of a\n")
    for place, name in (
        (source.parent, "source"),
        (source, "."),
        (source, "."),
        (source.parent, "source"),
    ):
        monkeypatch.chdir(place)
        assert archive.backup(name).tree == fresh(archive, name).tree, name
    assert archive.check() == ()


def refusing(_storage: Storage) -> Storage:
    """Return a storage that takes nothing."""
    return MemoryStorage(before=_refuse)


def _refuse(operation: str, _file: StoredFile | None) -> None:
    if operation == "write":
        raise StorageDenied("no")


def notes_of(archive: Archive) -> Path:
    """Return the one file of notes."""
    (path,) = (archive.home / "cache").glob("*/directories-*.sqlite")
    return path


@contextmanager
def writing(archive: Archive) -> Iterator[sqlite3.Connection]:
    """Open the notes to spoil them."""
    with closing(sqlite3.connect(notes_of(archive))) as database:
        yield database
        database.commit()


def replace_index(archive: Archive, *, without_data: bool) -> None:
    """Do what a prune does: one new index file for all old ones, which go; with ``without_data`` the data packs go too."""
    repo = archive.open()
    names = list(repo.index_names)
    packs = [pack for name in names for pack in decode_index(repo.load_json(FileKind.INDEX, name), name).packs]
    gone = [pack for pack, blobs in packs if without_data and blobs[0].kind == BlobKind.DATA]
    kept = sorted((pack, blobs) for pack, blobs in packs if pack not in gone)
    new = repo.save_json(FileKind.INDEX, encode_index(kept))
    for name in names:
        if name != new:
            repo.storage.remove(StoredFile(FileKind.INDEX, name))
    for pack in gone:
        repo.storage.remove(StoredFile(FileKind.DATA, pack.hex()))
