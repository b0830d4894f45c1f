"""Every kind of byte in a repository: none may change without ``check --read-data`` naming the file."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gdp.core.errors import GdpError
from gdp.core.ids import PackId
from gdp.core.language import complete
from gdp.core.packformat import BlobKind, read_length_field
from gdp.engine.check import CheckOptions, CheckResult, RepositoryCheck, check_repository, prepare_check
from gdp.engine.check.options import ALL_PACKS
from gdp.engine.check.packs import PackJob, find_faults
from gdp.engine.check.pool import verify_here
from gdp.model.events import Note, Problem, ignore_events
from gdp.model.files import CONFIG_FILE, FileKind, StoredFile
from gdp.repo.index_files import decode_index, encode_index
from gdp.repo.key_files import add_key
from gdp.repo.locks import LockKeeper
from gdp.repo.opening import open_repository
from gdp.repo.pack_reader import PackBytes, summarize
from gdp.repo.repository import Repository
from gdp.storage.contract import Storage
from gdp.storage.local import LocalStorage
from tests.repo.builder import PASSWORD, QUICK, Builder, files_of, names_of, new_repository, noise

EVERYTHING = CheckOptions(ALL_PACKS)


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    repo = new_repository(tmp_path)
    add_key(repo.storage, repo.key, b"another", QUICK)
    LockKeeper(repo.storage, repo.key, 2, repo.own_locks, sleep=lambda _: None).files.write(exclusive=False)
    builder = Builder(repo)
    builder.snapshot({"a": noise(1, 9000), "b": {"c": b"text " * 900, "d": b""}})
    return repo


def check(repo: Repository) -> CheckResult:
    """Open the repository anew, as a run does, and check all of it."""
    return check_repository(open_repository(repo.storage, PASSWORD, repo.home), EVERYTHING, ignore_events)


def complaints(repo: Repository) -> str:
    """Return all that a whole run says against a repository, whether while opening it or while checking."""
    try:
        result = check(repo)
    except GdpError as error:
        return str(error)
    return "\n".join(complete(problem.template, problem.facts, "en") for problem in result.errors)


def test_a_sound_repository_is_sound(repo: Repository) -> None:
    """A check that cries wolf is switched off."""
    result = check(repo)

    assert (result.ok, result.hints, result.damaged_packs) == (True, (), ())
    assert (result.snapshots, result.trees, result.packs_read) == (1, 2, result.packs)
    assert result.bytes_read == sum(len(data) for file, data in files_of(repo).items() if file.kind is FileKind.DATA)


def flip(data: bytes, position: int) -> bytes:
    """Return the data with one bit turned."""
    return data[:position] + bytes((data[position] ^ 0x10,)) + data[position + 1 :]


def pack_positions(repo: Repository, file: StoredFile, data: bytes) -> dict[str, int]:
    """Return a byte of each part of a pack."""
    blobs = PackBytes(repo.storage, _pack_id(file), len(data)).contents(repo.key)
    second = blobs[min(1, len(blobs) - 1)]
    header = len(data) - 4 - read_length_field(data[-4:], len(data))
    return {
        "blob IV": second.offset,
        "blob ciphertext": second.offset + 20,
        "blob MAC": second.offset + second.length - 1,
        "header IV": header + 3,
        "header ciphertext": header + 16 + 7,
        "header MAC": len(data) - 4 - 2,
        "length, low": len(data) - 4,
        "length, high": len(data) - 1,
    }


PARTS = ("blob IV", "blob ciphertext", "blob MAC", "header IV", "header ciphertext", "header MAC", "length, low", "length, high")


@pytest.mark.parametrize("part", PARTS)
def test_a_changed_byte_in_any_part_of_a_pack_is_found(repo: Repository, part: str) -> None:
    """The whole point of reading the data."""
    for name in names_of(repo, FileKind.DATA):
        file = StoredFile(FileKind.DATA, name)
        whole = files_of(repo)[file]
        position = pack_positions(repo, file, whole)[part]
        files_of(repo)[file] = flip(whole, position)
        result = check(repo)
        files_of(repo)[file] = whole

        assert name in result.damaged_packs, f"{part} of {name}"
        assert not result.ok


def test_a_damaged_block_is_named(repo: Repository) -> None:
    """Who knows the block knows what to salvage."""
    pack, blob = next((pack, blob) for pack, blob in reopen(repo).index if blob.kind == BlobKind.DATA)
    file = StoredFile(FileKind.DATA, pack.hex())
    files_of(repo)[file] = flip(files_of(repo)[file], blob.offset + 16)

    assert f"block {blob.id.hex()} at byte {blob.offset} is damaged" in complaints(repo)


def test_a_block_under_another_blocks_name_is_found(repo: Repository) -> None:
    """Every hash and MAC of the pack is right; only the block is not what it says. A faulty writer makes such packs."""
    builder = Builder(repo)
    builder.lie(BlobKind.DATA, b"something else", b"what it should be")
    builder.flush()

    assert "holds other data than its name says" in complaints(repo)


def test_a_pack_under_another_name_is_found(repo: Repository) -> None:
    """Everything in it is right, and the index says the same; a copy between servers that mixed up names."""
    (index,) = names_of(repo, FileKind.INDEX)
    packs = decode_index(repo.load_json(FileKind.INDEX, index), index).packs
    old = packs[0][0]
    files_of(repo)[StoredFile(FileKind.DATA, "ab" * 32)] = files_of(repo).pop(StoredFile(FileKind.DATA, old.hex()))
    repo.save_json(FileKind.INDEX, encode_index([(PackId.from_hex("ab" * 32), packs[0][1]), *packs[1:]]))
    repo.storage.remove(StoredFile(FileKind.INDEX, index))

    assert complaints(repo) == f"pack {'ab' * 32} was changed: its contents do not match its name"


@pytest.mark.parametrize("kind", [FileKind.INDEX, FileKind.SNAPSHOTS, FileKind.KEYS, FileKind.LOCKS])
def test_a_changed_byte_anywhere_in_a_small_file_is_found(repo: Repository, kind: FileKind) -> None:
    """These files are read as a whole, so every byte can be tried."""
    for name in names_of(repo, kind):
        file = StoredFile(kind, name)
        whole = files_of(repo)[file]
        for position in range(0, len(whole), 7):
            files_of(repo)[file] = flip(whole, position)
            assert name in complaints(repo), f"{kind} byte {position}"
        files_of(repo)[file] = whole


def test_a_changed_byte_of_the_configuration_is_found(repo: Repository) -> None:
    """It holds what the chunker is seeded with; its name proves nothing, only its MAC does."""
    whole = files_of(repo)[CONFIG_FILE]
    for position in range(len(whole)):
        files_of(repo)[CONFIG_FILE] = flip(whole, position)
        assert "config" in complaints(repo)


CHANGES: Mapping[str, Callable[[bytes], bytes]] = {
    "cut": lambda data: data[:-1],
    "half": lambda data: data[: len(data) // 2],
    "empty": lambda _: b"",
    "longer": lambda data: data + b"\0",
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kind", [FileKind.DATA, FileKind.INDEX, FileKind.SNAPSHOTS, FileKind.KEYS])
def test_a_file_of_another_length_is_found(repo: Repository, kind: FileKind, change: str) -> None:
    """What a full disk, a broken line or a bad copy leaves."""
    for name in names_of(repo, kind):
        file = StoredFile(kind, name)
        whole = files_of(repo)[file]
        files_of(repo)[file] = CHANGES[change](whole)
        assert name in complaints(repo)
        files_of(repo)[file] = whole


def test_a_missing_pack_is_found_and_so_is_a_missing_index(repo: Repository) -> None:
    """A server that loses files must not do so in silence."""
    pack = names_of(repo, FileKind.DATA)[0]
    whole = dict(files_of(repo))
    del files_of(repo)[StoredFile(FileKind.DATA, pack)]
    assert f"{pack} is missing" in complaints(repo)

    files_of(repo).update(whole)
    del files_of(repo)[StoredFile(FileKind.INDEX, names_of(repo, FileKind.INDEX)[0])]
    assert "is in no index" in complaints(repo)


def test_two_packs_with_swapped_contents_are_found(repo: Repository) -> None:
    """Both are genuine, but each lies under the other's name."""
    one, two = (StoredFile(FileKind.DATA, name) for name in names_of(repo, FileKind.DATA)[:2])
    files = files_of(repo)
    files[one], files[two] = files[two], files[one]

    assert set(check(repo).damaged_packs) == {one.name, two.name}


def test_damage_on_the_way_is_told_from_damage_on_the_disk(repo: Repository) -> None:
    """A bad line is worth a report, but another repair than a bad pack."""
    file = StoredFile(FileKind.DATA, names_of(repo, FileKind.DATA)[0])
    whole = files_of(repo)[file]
    reads = iter([flip(whole, 20), whole])

    class BadLine:
        def __getattr__(self, name: str) -> object:
            return getattr(repo.storage, name)

        def read(self, file: StoredFile, offset: int = 0, length: int | None = None) -> bytes:
            return next(reads)

    survey = {pack.hex(): pack for pack in reopen(repo).index.packs}
    job = _job(repo, survey[file.name])
    storage: Storage = BadLine()  # type: ignore[assignment]
    (verdict,) = verify_here(storage, repo.key, [job])

    assert any("the second time" in template for template, _ in verdict.faults)


def test_workers_find_what_one_process_finds(tmp_path: Path) -> None:
    """The forked workers are what users run."""
    workers = prepare_check(_opener(tmp_path / "repository"), 2)
    repo = new_repository(tmp_path)
    Builder(repo).snapshot({str(number): noise(number, 3000) for number in range(20)})
    local = LocalStorage(tmp_path / "repository")
    local.create_folders()
    damaged = StoredFile(FileKind.DATA, names_of(repo, FileKind.DATA)[3])
    for file, data in files_of(repo).items():
        local.write(file, [flip(data, 18) if file == damaged else data])
    told: list[str] = []

    def listen(event: object) -> None:
        if isinstance(event, Problem | Note):
            told.append(complete(event.template, event.facts, "en"))

    check = RepositoryCheck(EVERYTHING, listen, workers)
    check.begin(open_repository(local, PASSWORD, tmp_path), {"password": "hers"})
    check.begin(open_repository(local, PASSWORD, tmp_path), {"password": "hers"})  # the lock had to be taken twice
    result = check.finish()
    workers.close()

    assert result.trees == 1
    assert result.damaged_packs == (damaged.name,)
    assert result.packs_read == result.packs == len(names_of(repo, FileKind.DATA))
    assert any(damaged.name in text for text in told)


def _opener(folder: Path) -> Callable[[Mapping[str, str]], Storage]:
    def open_storage(secrets: Mapping[str, str]) -> Storage:
        assert secrets == {"password": "hers"}
        return LocalStorage(folder)

    return open_storage


def reopen(repo: Repository) -> Repository:
    """Return the repository with its index loaded."""
    repo.load_index()
    return repo


def _job(repo: Repository, pack: bytes) -> PackJob:
    size = len(files_of(repo)[StoredFile(FileKind.DATA, pack.hex())])
    content = PackBytes(repo.storage, PackId(pack), size)
    job = PackJob(pack, size, *summarize(content.contents(repo.key)))
    assert find_faults(repo.key, job, content) == []
    return job


def _pack_id(file: StoredFile) -> PackId:
    return PackId.from_hex(file.name)
