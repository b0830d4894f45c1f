"""The small files as they are written and read: configuration, keys and indexes."""

import hashlib
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdp.core.crypto import MasterKey
from gdp.core.errors import BadInput, DamagedData, HostileData, NoRepository, WrongPassword
from gdp.core.gotext import encode_json
from gdp.core.ids import PackId
from gdp.core.packformat import BlobKind, PackedBlob
from gdp.model.files import CONFIG_FILE, FileKind, StoredFile
from gdp.repo.index_files import FULL_INDEX_AGE_SECONDS, FULL_INDEX_BLOBS, IndexWriter, decode_index, encode_index
from gdp.repo.key_files import MOST_TRIED, add_key, open_with_password, read_key_file
from gdp.repo.opening import init_repository, open_repository
from gdp.repo.repository import Repository
from gdp.repo.unpacked import decode_unpacked, encode_unpacked
from tests.repo.builder import PASSWORD, QUICK, files_of, names_of, new_repository
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
