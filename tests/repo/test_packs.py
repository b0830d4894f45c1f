"""Packs, the journal of those under way, the cache, and what is read through all of them."""

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdp.core.crypto import MasterKey
from gdp.core.errors import BadInput, DamagedData, FileMissing
from gdp.core.ids import PackId
from gdp.core.packformat import BlobKind, pack_bytes
from gdp.engine.check.indexes import survey_indexes
from gdp.model.files import FileKind, StoredFile
from gdp.model.snapshot import Snapshot, SnapshotId
from gdp.repo.cache import CachedStorage
from gdp.repo.index_files import encode_index
from gdp.repo.opening import open_repository
from gdp.repo.pack_journal import PackJournal
from gdp.repo.pack_reader import FIRST_TAIL_BYTES, PackBytes, read_pack_contents
from gdp.repo.packer import FinishedPack, Packer
from gdp.repo.repository import Repository
from gdp.repo.sealer import BlobSealer, open_blob
from gdp.repo.snapshots import SnapshotFilter, SnapshotList, split_subfolder
from tests.repo.builder import PASSWORD, TIME, Builder, files_of, names_of, new_repository, noise, read_snapshot, reopened
from tests.storage.memory import MemoryStorage


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    return new_repository(tmp_path)


# --- packs -------------------------------------------------------------------------------------------------------------


def packs_of(sizes: list[int], target: int) -> list[FinishedPack]:
    packer = Packer(MasterKey(b"k" * 64), BlobKind.DATA, target)
    full = [packer.add(number.to_bytes(32, "big"), noise(number, size), 0) for number, size in enumerate(sizes)]
    return [pack for pack in full if pack] + packer.flush()


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(32, 3000), max_size=40), st.sampled_from([500, 2000, 100_000]))
def test_every_blob_is_in_exactly_one_pack_and_is_where_the_pack_says(sizes: list[int], target: int) -> None:
    """Whatever chance decides."""
    packs = packs_of(sizes, target)
    found = {}
    for pack in packs:
        whole = b"".join(pack.parts)
        assert hashlib.sha256(whole).digest() == pack.id
        assert len(whole) == pack.size == pack_bytes(pack.blobs)
        storage = MemoryStorage()
        storage.write(StoredFile(FileKind.DATA, pack.id.hex()), pack.parts)
        assert read_pack_contents(storage, MasterKey(b"k" * 64), pack.id, pack.size) == pack.blobs
        for blob in pack.blobs:
            found[blob.id] = whole[blob.offset : blob.offset + blob.length]

    assert found == {number.to_bytes(32, "big"): noise(number, size) for number, size in enumerate(sizes)}
    assert sum(len(pack.blobs) for pack in packs) == len(sizes)


def test_two_packs_are_open_at_a_time_and_chance_decides() -> None:
    """So that the order of sizes in a pack does not tell which known file is stored."""
    orders = {tuple(tuple(blob.id for blob in pack.blobs) for pack in packs_of([300] * 12, 2000)) for _ in range(6)}

    assert len(orders) > 1


def test_a_pack_larger_than_a_pack_may_be_in_memory_is_read_in_pieces(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other programs write packs of four gigabytes."""
    Builder(repo, pack_bytes=1 << 20).snapshot({"a": noise(1, 200_000)})
    monkeypatch.setattr("gdp.repo.pack_reader.WHOLE_BYTES", 1000)
    monkeypatch.setattr("gdp.repo.pack_reader.PIECE_BYTES", 7000)
    for name in names_of(repo, FileKind.DATA):
        data = files_of(repo)[StoredFile(FileKind.DATA, name)]
        repo.storage.calls.clear()  # type: ignore[attr-defined]
        pack = PackBytes(repo.storage, PackId.from_hex(name), len(data))
        assert pack.digest().hex() == name
        assert pack.contents(repo.key)
        assert bytes(pack.read(5, 10)) == data[5:15]
        with pytest.raises(DamagedData):
            pack.read(len(data) - 5, 10)


def test_a_long_table_of_contents_is_read_whole(repo: Repository) -> None:
    """Longer than what is fetched at first."""
    Builder(repo, pack_bytes=1 << 20).snapshot({str(number): noise(number, 50) for number in range(300)})
    largest = max(names_of(repo, FileKind.DATA), key=lambda name: len(files_of(repo)[StoredFile(FileKind.DATA, name)]))
    size = len(files_of(repo)[StoredFile(FileKind.DATA, largest)])
    blobs = read_pack_contents(repo.storage, repo.key, PackId.from_hex(largest), size)

    assert len(blobs) == 300
    assert size - sum(blob.length for blob in blobs) > FIRST_TAIL_BYTES


@pytest.mark.parametrize("data", [b"", b"x" * 72, b"x" * 500, bytes(500)])
def test_what_is_no_pack_is_refused(repo: Repository, data: bytes) -> None:
    """Some file of the right name."""
    file = StoredFile(FileKind.DATA, "ab" * 32)
    repo.storage.write(file, [data])

    with pytest.raises(DamagedData):
        read_pack_contents(repo.storage, repo.key, PackId.from_hex("ab" * 32), len(data))
    with pytest.raises(DamagedData):
        PackBytes(repo.storage, PackId.from_hex("ab" * 32), len(data)).contents(repo.key)


def test_a_pack_with_something_hidden_in_it_is_refused(repo: Repository) -> None:
    """Bytes that no entry accounts for: the offsets of everything behind them would be wrong."""
    (pack,) = packs_of([100, 200], 1000)
    key = MasterKey(b"k" * 64)
    whole = b"".join(pack.parts)
    hidden = whole[:300] + b"hidden" + whole[300:]
    file = StoredFile(FileKind.DATA, hashlib.sha256(hidden).hexdigest())
    repo.storage.write(file, [hidden])

    with pytest.raises(DamagedData, match="adds up to"):
        read_pack_contents(repo.storage, key, PackId.from_hex(file.name), len(hidden))


@settings(deadline=None)
@given(st.binary(max_size=4000), st.sampled_from(list(BlobKind)), st.sampled_from([1, 2]))
def test_a_sealed_blob_opens_to_itself_and_to_nothing_else(plaintext: bytes, kind: BlobKind, version: int) -> None:
    """A blob that passes for another would end up in somebody's file."""
    key = MasterKey(b"k" * 64)
    sealed, plain_length = BlobSealer(key, format_version=version).seal(kind, plaintext)
    blob_id = hashlib.sha256(plaintext).digest()

    assert open_blob(key, sealed, plain_length, blob_id) == plaintext
    assert plain_length in (0, len(plaintext))
    assert version == 2 or plain_length == 0
    assert kind is not BlobKind.TREE or version == 1 or not plaintext or plain_length
    with pytest.raises(DamagedData):
        open_blob(key, sealed, plain_length, hashlib.sha256(plaintext + b"x").digest())


# --- the journal of packs ----------------------------------------------------------------------------------------------


def a_pack(number: int) -> FinishedPack:
    return packs_of([40 + number], 10)[0]


def test_what_was_noted_is_found_by_the_next_run(tmp_path: Path) -> None:
    """So that a killed backup need not send it again."""
    journal = PackJournal(tmp_path)
    packs = [a_pack(number) for number in range(3)]
    for pack in packs:
        journal.note(pack)
    assert list(PackJournal(tmp_path).noted()) == []  # the run still lives
    journal.close()

    assert [(noted.id, noted.size, noted.blobs) for noted in PackJournal(tmp_path).noted()] == [
        (pack.id, pack.size, pack.blobs) for pack in packs
    ]
    PackJournal(tmp_path).clear()
    assert list(PackJournal(tmp_path).noted()) == []


def test_a_torn_record_ends_the_journal_and_spoils_nothing_before_it(tmp_path: Path) -> None:
    """Killed in the middle of a write, or the disk lost the end."""
    journal = PackJournal(tmp_path)
    for number in range(3):
        journal.note(a_pack(number))
    journal.close()
    (path,) = tmp_path.glob("*.packs")
    whole = path.read_bytes()
    ends = [index for index in range(len(whole) + 1) if _records(tmp_path, path, whole[:index]) != _records(tmp_path, path, whole[: index - 1] if index else b"")]  # fmt: skip  # noqa: E501

    assert len(ends) == 3
    assert _records(tmp_path, path, whole[: ends[1]] + b"\xff" * 500) == 2
    assert _records(tmp_path, path, whole[: ends[0] + 9] + b"\x00" + whole[ends[0] + 10 :]) == 1


def test_a_disk_that_takes_no_more_ends_the_journal_and_not_the_run(tmp_path: Path) -> None:
    """A backup to a server needs no room at home."""
    (tmp_path / "no folder").write_text("")
    journal = PackJournal(tmp_path / "no folder" / "packs")
    for number in range(2):
        journal.note(a_pack(number))
    journal.close()

    assert list(journal.noted()) == []


def _records(folder: Path, path: Path, content: bytes) -> int:
    path.write_bytes(content)
    return sum(1 for _ in PackJournal(folder).noted())


# --- the cache ---------------------------------------------------------------------------------------------------------


def cached(repo: Repository, folder: Path) -> Repository:
    return reopened(repo, CachedStorage(repo.storage, folder))


def reads(repo: Repository, kind: FileKind) -> int:
    assert isinstance(repo.storage, MemoryStorage)
    return sum(1 for call, file in repo.storage.calls if call == "read" and file is not None and file.kind is kind)


def test_what_is_in_the_cache_is_not_fetched_again(repo: Repository, tmp_path: Path) -> None:
    """Opening a large repository over a slow line."""
    name = Builder(repo).snapshot({"a": b"a", "b": {"c": b"c"}})
    first = cached(repo, tmp_path / "cache")
    expected = read_snapshot(first, name)
    repo.storage.calls.clear()  # type: ignore[attr-defined]
    again = cached(repo, tmp_path / "cache")

    assert read_snapshot(again, name) == expected
    assert reads(repo, FileKind.INDEX) == reads(repo, FileKind.SNAPSHOTS) == 0
    assert reads(repo, FileKind.DATA) == 2  # the contents of two files; directories come from the cache


@pytest.mark.parametrize("loss", ["gone", "garbage", "empty", "cut"])
def test_a_cache_that_is_lost_or_spoilt_only_costs_time(repo: Repository, tmp_path: Path, loss: str) -> None:
    """Anybody may delete it at any moment, and disks fail."""
    name = Builder(repo).snapshot({"a": b"a", "b": {"c": b"c"}})
    folder = tmp_path / "cache"
    expected = read_snapshot(cached(repo, folder), name)
    for path in [path for path in folder.rglob("*") if path.is_file()]:
        content = {"garbage": os.urandom(path.stat().st_size), "empty": b"", "cut": path.read_bytes()[:-5]}.get(loss)
        path.unlink()
        if content is not None:
            path.write_bytes(content)

    assert read_snapshot(cached(repo, folder), name) == expected
    assert read_snapshot(cached(repo, folder), name) == expected


def test_what_the_repository_does_not_list_leaves_the_cache(repo: Repository, tmp_path: Path) -> None:
    """It must not grow for ever, and forgotten snapshots should be gone."""
    builder = Builder(repo)
    gone = builder.snapshot({"a": b"a"})
    builder.snapshot({"b": b"b"}, hostname="other")
    folder = tmp_path / "cache"
    cached(repo, folder).snapshots()
    repo.storage.remove(StoredFile(FileKind.SNAPSHOTS, gone))
    cached(repo, folder).snapshots()

    assert gone not in {path.name for path in (folder / "snapshots").iterdir()}
    assert len(list((folder / "snapshots").iterdir())) == 1


# --- snapshots ---------------------------------------------------------------------------------------------------------


def listed() -> SnapshotList:
    def a(time: str, **facts: object) -> Snapshot:
        return Snapshot(**{"time": time, "tree": "ab" * 32, "paths": ["/a"], "hostname": "h", **facts})  # type: ignore[arg-type]

    return SnapshotList(
        {
            SnapshotId("aa11" * 16): a("2025-01-01T00:00:00Z"),
            SnapshotId("aa22" * 16): a("2025-01-02T00:00:00Z", hostname="g", tags=["x", "y"]),
            SnapshotId("bb33" * 16): a("2025-01-03T00:00:00Z", paths=["/a", "/b"], tags=["x"]),
        },
        {SnapshotId("cc44" * 16): DamagedData("damaged")},
    )


def test_a_snapshot_is_found_by_what_people_type() -> None:
    """latest, and a few digits."""
    readable = SnapshotList(listed().snapshots)

    assert readable.resolve("latest") == "bb33" * 16
    assert readable.resolve("latest", SnapshotFilter(hosts=["g"])) == "aa22" * 16
    assert listed().resolve("BB") == "bb33" * 16
    assert split_subfolder("latest:/sub/dir/") == ("latest", b"sub/dir")


@pytest.mark.parametrize("text", ["", "aa", "dd", "LATEST", "zz"])
def test_what_fits_none_or_several_is_refused(text: str) -> None:
    """Restoring the wrong day is worse than asking again."""
    with pytest.raises(BadInput):
        listed().resolve(text)

    with pytest.raises(DamagedData):
        listed().resolve("cc44")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (SnapshotFilter(), 3),
        (SnapshotFilter(hosts=["g", "nobody"]), 1),
        (SnapshotFilter(tags=[["x"]]), 2),
        (SnapshotFilter(tags=[["x", "y"]]), 1),
        (SnapshotFilter(tags=[["y"], ["x"]]), 2),
        (SnapshotFilter(paths=["/a"]), 3),
        (SnapshotFilter(paths=["/b", "/a"]), 1),
    ],
)
def test_a_filter_lets_through_what_it_says(wanted: SnapshotFilter, found: int) -> None:
    """Forget removes what it lets through."""
    assert len(listed().matching(wanted)) == found


def test_damaged_snapshots_are_kept_apart(repo: Repository) -> None:
    """One bad file must not hide the good ones."""
    name = Builder(repo).snapshot({"a": b"a"})
    for content in (
        b"junk" * 20,
        bytes(repo.key.seal(b'{"time":"x"}')),
        bytes(repo.key.seal(b'{"time":"' + TIME.encode() + b'"}')),
    ):
        repo.storage.write(StoredFile(FileKind.SNAPSHOTS, hashlib.sha256(content).hexdigest()), [content])
    found = repo.snapshots()

    assert list(found.snapshots) == [name]
    assert len(found.damaged) == 3


# --- reading blobs -----------------------------------------------------------------------------------------------------


def test_a_blob_is_read_from_any_good_copy(repo: Repository) -> None:
    """And a damaged or missing one is named."""
    builder = Builder(repo)
    blob_id = bytes.fromhex(builder.blob(BlobKind.DATA, b"twice" * 30))
    builder.flush()
    builder.blob(BlobKind.DATA, b"twice" * 30, again=True)
    builder.snapshot({})
    fresh = reopened(repo)
    one, two = fresh.index.find_all(BlobKind.DATA, blob_id)
    repo.storage.remove(StoredFile(FileKind.DATA, one.pack.hex()))
    assert fresh.load_blob(BlobKind.DATA, blob_id) == b"twice" * 30

    files_of(repo)[StoredFile(FileKind.DATA, two.pack.hex())] = b"x" * 200
    with pytest.raises(DamagedData, match=blob_id.hex()):
        fresh.load_blob(BlobKind.DATA, blob_id)
    with pytest.raises(DamagedData, match="in no index"):
        fresh.load_blob(BlobKind.TREE, blob_id)


def test_an_index_replaced_by_a_prune_meanwhile_is_passed_over(repo: Repository) -> None:
    """Listed, and gone when it is read: no error for a backup that starts right then."""
    Builder(repo).snapshot({"a": b"a"})
    assert isinstance(repo.storage, MemoryStorage)
    extra = repo.save_json(FileKind.INDEX, encode_index([]))

    def vanish(operation: str, file: StoredFile | None) -> None:
        if operation == "read" and file == StoredFile(FileKind.INDEX, extra):
            raise FileMissing("gone")

    repo.storage.before = vanish
    fresh = open_repository(repo.storage, PASSWORD, repo.home)
    fresh.load_index()

    assert fresh.index.blob_count > 0
    told: list[object] = []
    survey_indexes(fresh, told.append)
    assert len(told) == 1
