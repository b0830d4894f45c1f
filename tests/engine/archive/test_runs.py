"""A run as a whole: what it stores, what it records, and how it copes with what it finds in the repository."""

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from gdp.core.errors import BadInput, StorageUnreachable
from gdp.core.gotext import encode_json
from gdp.core.packformat import BlobKind
from gdp.engine.archive.options import StandardInput
from gdp.model.files import CONFIG_FILE, FileKind, StoredFile
from gdp.model.records import RepositoryConfig
from gdp.repo.unpacked import save_config
from gdp.storage.contract import Storage
from tests.engine.archive.running import Archive
from tests.storage.memory import MemoryStorage


def stored(archive: Archive) -> set[Path]:
    """Return every file of the repository and of the home folder."""
    return {path for folder in (archive.folder, archive.home) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("had_one_before", [False, True])
def test_a_dry_run_stores_nothing_and_counts_the_same(archive: Archive, source: Path, had_one_before: bool) -> None:
    """Its numbers are believed; then it must neither leave traces nor count otherwise than the real run."""
    if had_one_before:
        archive.backup("source")
        (source / "a").write_text("changed\n")
    before = stored(archive)
    trial = archive.backup("source", dry_run=True)
    after = stored(archive)
    real = archive.backup("source")

    assert after == before
    assert trial.result.snapshot_id is None
    assert trial.tree == real.tree
    assert trial.counted() == real.counted()
    assert (trial.summary.data_blobs, trial.summary.tree_blobs, trial.summary.data_added) == (
        real.summary.data_blobs,
        real.summary.tree_blobs,
        real.summary.data_added,
    )


def test_the_snapshot_records_what_was_asked(archive: Archive, source: Path) -> None:
    """Tags, host, time and excludes are what ``forget`` and a person go by."""
    ran = archive.backup(
        source / "one",
        source / "two",
        hostname="server01",
        tags=["daily", "äöü"],
        time_ns=1_700_000_000_123_456_789,
        exclude_patterns=["*.tmp", os.fsdecode(b"\xff")],
        program_version="gdp 9",
    )
    repo = archive.open()
    snapshot = repo.snapshots().snapshots[repo.snapshots().resolve("latest")]

    assert snapshot == ran.result.snapshot
    assert snapshot.hostname == "server01"
    assert snapshot.tags == ["daily", "äöü"]
    assert snapshot.time_ns == 1_700_000_000_123_456_789
    assert snapshot.paths == [str(source / "one"), str(source / "two")]
    assert snapshot.excludes == ["*.tmp", "\ufffd"]
    assert (snapshot.uid or 0, snapshot.gid or 0) == (os.getuid(), os.getgid())
    assert snapshot.program_version == "gdp 9"
    assert snapshot.summary is not None
    assert snapshot.summary.files_new == 4


def test_a_stream_becomes_a_file(archive: Archive) -> None:
    """For dumps of databases, of any length, under any path."""
    content = os.urandom(5_000_000)
    reader, writer = os.pipe()
    if not os.fork():
        os.close(reader)
        with open(writer, "wb") as stream:
            stream.write(content)
        os._exit(0)
    os.close(writer)
    ran = archive.backup(standard_input=StandardInput(reader, b"/var/dumps/db.sql"), sources=())
    os.close(reader)
    node = archive.nodes(ran.tree, "/var/dumps")["db.sql"]
    repo = archive.open()
    blobs = [repo.load_blob(BlobKind.DATA, bytes.fromhex(blob)) for blob in node.content or ()]

    assert ran.result.snapshot.paths == ["/var/dumps/db.sql"]
    assert b"".join(blobs) == content
    assert len(blobs) > 1
    assert node.size == ran.summary.total_bytes_processed == len(content)
    assert ran.summary.files_new == 1
    assert archive.check() == ()


def test_an_empty_stream_becomes_an_empty_file(archive: Archive) -> None:
    """A dump that wrote nothing."""
    with open(os.devnull, "rb") as nothing:
        ran = archive.backup(standard_input=StandardInput(nothing.fileno(), b"stdin"), sources=())

    assert archive.nodes(ran.tree)["stdin"].content == []
    assert archive.check() == ()


def test_hard_links_keep_their_identity(archive: Archive, source: Path) -> None:
    """Links above one with the true inode and device: without them a restore would join strangers."""
    os.link(source / "a", source / "one" / "a2")
    ran = archive.backup("source")
    first, second = archive.nodes(ran.tree, "/source")["a"], archive.nodes(ran.tree, "/source/one")["a2"]

    assert first.links == second.links == 2
    assert (
        (first.inode, first.device_id) == (second.inode, second.device_id) == ((source / "a").stat().st_ino, source.stat().st_dev)
    )
    assert first.content == second.content


def test_equal_files_are_stored_once(archive: Archive, source: Path) -> None:
    """Across worker processes too: a thousand copies in many folders, read by several workers at once."""
    noise = os.urandom(3000)
    for number in range(1000):
        folder = source / f"copies-{number % 10}"
        folder.mkdir(exist_ok=True)
        (folder / str(number)).write_bytes(noise if number % 2 else noise + bytes((number % 256,)))
    ran = archive.backup("source")
    blobs = [blob.id for _, blob in archive.open().index if blob.kind == BlobKind.DATA]

    assert len(set(blobs)) == 6 + 1 + 128
    assert len(blobs) - len(set(blobs)) <= 8  # two workers may meet over the same file; that costs a copy, no more
    assert ran.summary.files_new == 1006


def foreign(archive: Archive) -> None:
    """Make the repository look as if restic had made it."""
    repo = archive.open()
    (archive.folder / "config").unlink()
    save_config(repo.storage, repo.key, encode_json(RepositoryConfig(2, repo.config.id, repo.config.chunker_polynomial)))


def test_foreign_chunking_is_asked_about_once(archive: Archive, source: Path) -> None:
    """Large files will be stored once more; that must be somebody's decision, and be asked once."""
    foreign(archive)
    with pytest.raises(BadInput, match="made by restic") as refused:
        archive.backup("source")
    with pytest.raises(BadInput):
        archive.backup("source", dry_run=True)
    archive.backup("source", dry_run=True, accept_foreign_chunking=True)
    with pytest.raises(BadInput):
        archive.backup("source")
    archive.backup("source", accept_foreign_chunking=True)

    assert "--accept-foreign-chunking" in refused.value.hint
    assert archive.backup("source").summary.files_unmodified == 6
    assert archive.check() == ()


def cut_off(archive: Archive, *, after: int) -> None:
    """Run a backup of ``source`` whose workers lose the storage after so many packs each."""
    written = []

    def fail(operation: str, _file: StoredFile | None) -> None:
        if operation == "write":
            written.append(1)
            if len(written) > after:
                raise StorageUnreachable("cut")

    with pytest.raises(StorageUnreachable):
        archive.backup("source", worker_storage=lambda inner: Failing(inner, fail), pack_bytes=1 << 20)


class Failing(MemoryStorage):
    """Passes writes on to another storage until it is told to fail."""

    def __init__(self, inner: Storage, before: "object") -> None:
        super().__init__(before)  # type: ignore[arg-type]
        self._inner = inner

    def write(self, file: StoredFile, parts: "object") -> None:
        self._begin("write", file)
        self._inner.write(file, parts)  # type: ignore[arg-type]


def test_packs_of_a_cut_off_run_are_adopted(archive: Archive, source: Path) -> None:
    """A first backup of a week over a thin line must not begin anew each time the line breaks."""
    for number in range(40):
        (source / f"noise-{number}").write_bytes(os.urandom(400_000))
    cut_off(archive, after=3)
    packs = set(archive.packs())
    assert len(packs) >= 3
    sent: list[str] = []
    ran = archive.backup("source", pack_bytes=1 << 20)
    sent = sorted(set(archive.packs()) - packs)

    assert any("of an interrupted run" in note for note in ran.notes)
    assert sum((archive.folder / "data" / name[:2] / name).stat().st_size for name in sent) < 16_500_000 - 1_000_000 * (
        len(packs) - 1
    )
    indexed = {pack.hex() for pack, _ in archive.open().index}
    assert packs <= indexed
    assert archive.check() == ()
    assert not any("found complete" in note for note in archive.backup("source").notes)


@pytest.mark.parametrize("damage", ["gone", "short", "header", "long"])
def test_only_whole_packs_are_adopted(archive: Archive, source: Path, damage: str) -> None:
    """The journal says what was on its way, not what arrived."""
    (source / "noise").write_bytes(os.urandom(3_000_000))
    cut_off(archive, after=1)
    for name in archive.packs():
        path = archive.folder / "data" / name[:2] / name
        content = path.read_bytes()
        path.chmod(0o600)
        if damage == "gone":
            path.unlink()
        elif damage == "short":
            path.write_bytes(content[:-1])
        elif damage == "long":
            path.write_bytes(content + b"\0")
        else:
            path.write_bytes(content[:-20] + bytes((content[-20] ^ 1,)) + content[-19:])
    damaged = archive.packs()
    ran = archive.backup("source")

    assert not any("found complete" in note for note in ran.notes)
    assert not {pack.hex() for pack, _ in archive.open().index} & set(damaged)


def spoil_index(archive: Archive) -> str:
    """Damage the only index file and return its name."""
    (name,) = (name for name, _ in archive.open().storage.list(FileKind.INDEX))
    path = archive.folder / "index" / name
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    return name


@pytest.mark.parametrize("has_notes", [True, False])
def test_a_damaged_index_file_heals(archive: Archive, source: Path, has_notes: bool) -> None:
    """What it listed counts as missing, is said, and is stored again: the new snapshot is whole, whatever else was known."""
    first = archive.backup("source")
    name = spoil_index(archive)
    shutil.rmtree(archive.home / "state")  # else the packs are found again by their journal
    if not has_notes:
        shutil.rmtree(archive.home / "cache")
    (source / "a").write_text("changed\n")
    ran = archive.backup("source")

    assert f"index file {name} is damaged" in ran.problem_texts[0]
    assert ran.summary.data_blobs == 6
    assert (ran.result.problems, ran.result.damages) == (0, len(ran.problem_texts))
    (archive.folder / "index" / name).unlink()
    (archive.folder / "snapshots" / str(first.result.snapshot_id)).unlink()  # the old contents of a are gone for good
    assert archive.check() == ()
    assert archive.backup("source").summary.files_unmodified == 6


def test_trees_that_cannot_be_read_are_stored_again(archive: Archive, source: Path) -> None:
    """Unchanged folders would otherwise stay unreadable in every later snapshot; one run heals the whole lost pack."""
    first = archive.backup("source")
    place = archive.open().index.find(BlobKind.TREE, bytes.fromhex(first.tree))
    assert place is not None
    (archive.folder / "data" / place.pack.hex()[:2] / place.pack.hex()).unlink()
    shutil.rmtree(archive.home / "cache")
    ran = archive.backup("source")

    assert ran.tree == first.tree
    assert "cannot be read" in "".join(ran.problems.values())
    assert (ran.result.problems, ran.result.damages) == (0, len(ran.problem_texts))
    assert set(archive.nodes(ran.tree, "/source/one/inner")) == {"e"}
    assert set(archive.nodes(ran.tree, "/source/two")) == {"f"}


def test_a_damaged_snapshot_is_told(archive: Archive, source: Path) -> None:
    """Else the only trace of a lost backup would be that the next one takes longer."""
    first = archive.backup("source")
    path = archive.folder / "snapshots" / str(first.result.snapshot_id)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    ran = archive.backup("source")

    assert f"snapshots/{first.result.snapshot_id}" in ran.problem_texts[0]
    assert (ran.result.problems, ran.result.damages) == (0, 1)
    assert ran.result.snapshot.parent is None
    assert ran.summary.files_new == 6


def test_no_repository_is_not_half_a_backup(tmp_path: Path, isolated_home: Path, source: Path) -> None:
    """The error of the opening reaches the caller, from the thread where it happened."""
    archive = Archive(tmp_path / "nothing", isolated_home)
    with pytest.raises(Exception, match="there is no repository"):
        archive.backup("source")

    assert not (tmp_path / "nothing").exists()
    assert CONFIG_FILE.kind is FileKind.CONFIG


def test_what_is_stored_is_named_by_its_contents(archive: Archive, source: Path) -> None:
    """As every reader of the format expects."""
    archive.backup("source")

    for kind in (FileKind.DATA, FileKind.INDEX, FileKind.SNAPSHOTS):
        for name, _ in archive.open().storage.list(kind):
            path = archive.folder / StoredFile(kind, name).path
            assert hashlib.sha256(path.read_bytes()).hexdigest() == name
