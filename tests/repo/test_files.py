"""The repository's files as they are written and read: keys, indexes, snapshots, packs, the journal and the cache."""

import hashlib
import json
import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdp.core.crypto import MasterKey
from gdp.core.errors import BadInput, DamagedData, FileMissing, HostileData, NoRepository, WrongPassword
from gdp.core.gotext import encode_json
from gdp.core.ids import PackId
from gdp.core.packformat import BlobKind, PackedBlob, pack_bytes
from gdp.engine.check.indexes import survey_indexes
from gdp.model.files import CONFIG_FILE, FileKind, StoredFile
from gdp.model.snapshot import Snapshot, SnapshotId
from gdp.repo.cache import CachedStorage
from gdp.repo.index_files import FULL_INDEX_AGE_SECONDS, FULL_INDEX_BLOBS, IndexWriter, decode_index, encode_index
from gdp.repo.key_files import MOST_TRIED, add_key, open_with_password, read_key_file
from gdp.repo.pack_journal import PackJournal
from gdp.repo.pack_reader import FIRST_TAIL_BYTES, PackBytes, read_pack_contents
from gdp.repo.packer import FinishedPack, Packer
from gdp.repo.repository import Repository, init_repository, open_repository
from gdp.repo.sealer import BlobSealer, open_blob
from gdp.repo.snapshots import SnapshotFilter, SnapshotList, split_subfolder
from gdp.repo.unpacked import decode_unpacked, encode_unpacked
from tests.repo.builder import PASSWORD, QUICK, TIME, Builder, files_of, names_of, new_repository, noise, read_snapshot, reopened
from tests.storage.memory import MemoryStorage


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    return new_repository(tmp_path)


# --- opening -----------------------------------------------------------------------------------------------------------


def test_no_repository_a_wrong_password_and_a_damaged_config_are_told_apart(repo: Repository, tmp_path: Path) -> None:
    """Three different things to do about it, and three exit codes."""
    with pytest.raises(NoRepository):
        open_repository(MemoryStorage(), PASSWORD, tmp_path)
    with pytest.raises(WrongPassword):
        open_repository(repo.storage, b"wrong", tmp_path)
    files_of(repo)[CONFIG_FILE] = b"x" * 100
    with pytest.raises(DamagedData, match="config"):
        open_repository(repo.storage, PASSWORD, tmp_path)


def test_init_never_makes_a_second_repository_over_the_first(repo: Repository, tmp_path: Path) -> None:
    """The old snapshots would need a key that nobody has."""
    with pytest.raises(BadInput):
        init_repository(repo.storage, PASSWORD, tmp_path, cost=QUICK)


def test_a_repository_of_a_future_format_is_refused(repo: Repository, tmp_path: Path) -> None:
    """Guessing at a format loses data."""
    config = msgspec.structs.replace(repo.config, version=3)
    files_of(repo)[CONFIG_FILE] = bytes(repo.key.seal(encode_json(config)))

    with pytest.raises(DamagedData, match="format 3"):
        open_repository(repo.storage, PASSWORD, tmp_path)


# --- keys --------------------------------------------------------------------------------------------------------------


def test_a_key_file_has_restics_fields_and_tells_nothing(repo: Repository) -> None:
    """The server reads it."""
    (name,) = names_of(repo, FileKind.KEYS)
    text = files_of(repo)[StoredFile(FileKind.KEYS, name)]
    fields = json.loads(text)

    assert list(fields) == ["created", "username", "hostname", "kdf", "N", "r", "p", "salt", "data"]
    assert (fields["username"], fields["hostname"], fields["kdf"]) == ("", "", "scrypt")
    assert repo.key.raw() not in text


def test_the_right_key_is_found_among_others_and_damaged_ones(repo: Repository) -> None:
    """One bad file must not lock the owner out."""
    for number in range(5):
        add_key(repo.storage, repo.key, b"%d" % number, QUICK)
    repo.storage.write(StoredFile(FileKind.KEYS, "00" * 32), [b"damaged"])

    assert open_with_password(repo.storage, b"3").master.raw() == repo.key.raw()


def test_a_key_of_another_repository_that_opens_is_not_enough(repo: Repository, tmp_path: Path) -> None:
    """A server that plants a key file of its own making gets no data encrypted for it: the config does not open."""
    planted = new_repository(tmp_path / "other")
    (name,) = names_of(planted, FileKind.KEYS)
    for key in names_of(repo, FileKind.KEYS):
        repo.storage.remove(StoredFile(FileKind.KEYS, key))
    repo.storage.write(StoredFile(FileKind.KEYS, name), [files_of(planted)[StoredFile(FileKind.KEYS, name)]])

    with pytest.raises(DamagedData):
        open_repository(repo.storage, PASSWORD, tmp_path)


@pytest.mark.parametrize("change", [{"N": 1 << 40}, {"r": 1 << 30}, {"p": 1 << 30}, {"N": 12345}, {"salt": "AA=="}, {"salt": "!"}, {"data": "AA"}, {"kdf": "none"}])  # fmt: skip  # noqa: E501
def test_a_hostile_key_file_costs_nothing(repo: Repository, change: dict[str, object]) -> None:
    """Memory, time, or a method that does not protect."""
    (name,) = names_of(repo, FileKind.KEYS)
    fields = json.loads(files_of(repo)[StoredFile(FileKind.KEYS, name)]) | change
    text = json.dumps(fields).encode()
    storage = MemoryStorage()
    storage.write(StoredFile(FileKind.KEYS, hashlib.sha256(text).hexdigest()), [text])

    with pytest.raises((DamagedData, WrongPassword)):
        open_with_password(storage, PASSWORD)


def test_a_huge_key_file_is_not_read(repo: Repository) -> None:
    """It would be read into memory before anything is known about it."""
    text = b" " * (1 << 17)
    name = hashlib.sha256(text).hexdigest()
    repo.storage.write(StoredFile(FileKind.KEYS, name), [text])
    repo.storage.calls.clear()  # type: ignore[attr-defined]
    with pytest.raises(HostileData):
        read_key_file(repo.storage, name)

    assert "read" not in [call for call, _ in repo.storage.calls]  # type: ignore[attr-defined]


def test_of_thousands_of_keys_only_some_are_tried() -> None:
    """Each costs half a second of full load."""
    storage = MemoryStorage()
    key = MasterKey.random()
    for number in range(MOST_TRIED + 5):
        add_key(storage, key, b"other %d" % number, QUICK)
    storage.calls.clear()
    with pytest.raises(WrongPassword):
        open_with_password(storage, PASSWORD)

    assert sum(call == "read" for call, _ in storage.calls) == MOST_TRIED


# --- files of JSON -----------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.binary(max_size=500), st.sampled_from([1, 2]))
def test_json_survives_both_formats(tail: bytes, version: int) -> None:
    """Format 1 stores it as it is, format 2 compressed behind a mark."""
    key = MasterKey(b"k" * 64)
    text = b'{"x":"' + tail.hex().encode() + b'"}'
    stored = bytes(encode_unpacked(key, text, format_version=version))
    file = StoredFile(FileKind.INDEX, hashlib.sha256(stored).hexdigest())

    assert decode_unpacked(key, file, stored) == text
    assert (key.open(stored)[:1] == b"\x02") == (version == 2)


@pytest.mark.parametrize("plaintext", [b"", b"\x01{}", b"\x02", b"\x02no frame", b"x"])
def test_an_unknown_encoding_is_refused(plaintext: bytes) -> None:
    """The MAC is right; what is inside is not."""
    key = MasterKey(b"k" * 64)
    stored = bytes(key.seal(plaintext))

    with pytest.raises(DamagedData):
        decode_unpacked(key, StoredFile(FileKind.INDEX, hashlib.sha256(stored).hexdigest()), stored)


# --- indexes -----------------------------------------------------------------------------------------------------------

PACK = PackId(b"p" * 32)
BLOB = PackedBlob(BlobKind.DATA, b"b" * 32, 0, 100, 0)


def test_an_index_is_written_as_restic_writes_it() -> None:
    """An uncompressed blob has no uncompressed_length; nothing of ours is in it."""
    text = encode_index([(PACK, [BLOB, PackedBlob(BlobKind.TREE, b"t" * 32, 100, 50, 70)])])

    assert text == (
        b'{"packs":[{"id":"' + b"70" * 32 + b'","blobs":['
        b'{"id":"' + b"62" * 32 + b'","type":"data","offset":0,"length":100},'
        b'{"id":"' + b"74" * 32 + b'","type":"tree","offset":100,"length":50,"uncompressed_length":70}]}]}'
    )
    assert decode_index(text, "x").packs == [(PACK, [BLOB, PackedBlob(BlobKind.TREE, b"t" * 32, 100, 50, 70)])]


def test_indexes_of_other_ages_and_programs_are_read() -> None:
    """A bare list (the oldest), superseded files, and what rustic adds."""
    packs = encode_index([(PACK, [BLOB])])
    inner = packs[len(b'{"packs":') : -1]

    assert decode_index(inner, "x").packs == [(PACK, [BLOB])]
    assert decode_index(b'{"supersedes":["' + b"ab" * 32 + b'"],' + packs[1:], "x").packs == [(PACK, [BLOB])]
    marked = decode_index(
        b'{"packs":[],"packs_to_delete":' + inner.replace(b'"blobs"', b'"time":"x","size":5,"blobs"') + b"}", "x"
    )
    assert (marked.packs, marked.marked) == ([], [(PACK, [BLOB])])


LIES = {
    "no JSON": b"{",
    "id short": b'{"packs":[{"id":"70","blobs":[]}]}',
    "id in capitals": b'{"packs":[{"id":"' + b"AB" * 32 + b'","blobs":[]}]}',
    "unknown type": encode_index([(PACK, [BLOB])]).replace(b'"data"', b'"door"'),
    "negative offset": encode_index([(PACK, [BLOB])]).replace(b'"offset":0', b'"offset":-1'),
    "huge offset": encode_index([(PACK, [BLOB])]).replace(b'"offset":0', b'"offset":4294967296'),
    "huge length": encode_index([(PACK, [BLOB])]).replace(b'"length":100', b'"length":99999999999999999999'),
    "short length": encode_index([(PACK, [BLOB])]).replace(b'"length":100', b'"length":31'),
    "blob id short": encode_index([(PACK, [BLOB])]).replace(b"62" * 32, b"62" * 31),
    "blob ids that add up": encode_index([(PACK, [BLOB, BLOB])])
    .replace(b"62" * 32, b"62" * 31, 1)
    .replace(b"62" * 32, b"62" * 33, 1),
}


@pytest.mark.parametrize("case", LIES)
def test_an_index_that_cannot_be_is_refused(case: str) -> None:
    """Whoever holds the key could write it, by mistake or with intent."""
    with pytest.raises(DamagedData, match="cannot be read"):
        decode_index(LIES[case], "x")


def test_an_index_is_saved_when_it_is_full_or_old() -> None:
    """What a killed run loses of it must be little."""
    now = [0.0]
    saved: list[bytes] = []

    def save(text: bytes) -> str:
        saved.append(text)
        return str(len(saved))

    writer = IndexWriter(save, lambda: now[0])
    assert not writer.add(b"a" * 32, [BLOB])
    now[0] = FULL_INDEX_AGE_SECONDS
    assert writer.add(b"b" * 32, [BLOB])
    assert not writer.add(b"c" * 32, [BLOB] * (FULL_INDEX_BLOBS - 1))
    assert writer.add(b"d" * 32, [BLOB])
    writer.flush()
    writer.flush()

    assert [len(decode_index(text, "x").packs) for text in saved] == [2, 2]


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
    assert listed().resolve("latest") == "bb33" * 16
    assert listed().resolve("latest", SnapshotFilter(hosts=["g"])) == "aa22" * 16
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
