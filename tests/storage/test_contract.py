"""One suite for every storage: what the engine relies on must hold wherever the repository lies."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gdp.core.errors import DamagedData, FileMissing, StorageDenied, StorageUnreachable
from gdp.model.files import CONFIG_FILE, FileKind, FileRange, StoredFile
from gdp.storage.contract import Buffer, Storage
from gdp.storage.local import LocalStorage
from gdp.storage.retry import Retrying
from gdp.storage.sftp import SftpStorage
from gdp.storage.shared_rate import SharedRate
from gdp.storage.throttle import Throttled
from tests.sshd import Sshd, settings_for
from tests.storage.memory import MemoryStorage

Maker = Callable[[pytest.FixtureRequest], Storage]


def _memory(_request: pytest.FixtureRequest) -> Storage:
    return MemoryStorage()


def _local(request: pytest.FixtureRequest) -> Storage:
    folder: Path = request.getfixturevalue("tmp_path")
    return LocalStorage(folder / "repository")


def _sftp(request: pytest.FixtureRequest) -> Storage:
    folder: Path = request.getfixturevalue("tmp_path")
    server: Sshd = request.getfixturevalue("sshd")
    return SftpStorage(settings_for(server, folder))


def _retrying(_request: pytest.FixtureRequest) -> Storage:
    return Retrying(_Unsteady(), sleep=lambda _seconds: None)


def _throttled(_request: pytest.FixtureRequest) -> Storage:
    rates = (SharedRate(1e6), SharedRate(1e6))
    return Throttled(MemoryStorage(), upload=rates[0], download=rates[1], sleep=lambda _seconds: None)


class _Unsteady(MemoryStorage):
    """Out of reach at every other call."""

    def __init__(self) -> None:
        super().__init__(before=self._maybe_fail)
        self._count = 0

    def _maybe_fail(self, operation: str, _file: StoredFile | None) -> None:
        self._count += 1
        # A removal that failed and then finds nothing counts as done, which is not what the contract's test is about.
        if self._count % 2 and operation not in {"close", "remove"}:
            raise StorageUnreachable("the line broke")


MAKERS: dict[str, Maker] = {
    "memory": _memory,
    "local": _local,
    "sftp": _sftp,
    "retrying": _retrying,
    "throttled": _throttled,
}


@pytest.fixture(params=sorted(MAKERS))
def storage(request: pytest.FixtureRequest) -> Iterator[Storage]:
    made = MAKERS[request.param](request)
    made.create_folders()
    yield made
    made.close()


def file_of(data: bytes, kind: FileKind = FileKind.DATA) -> StoredFile:
    """Return the file that these bytes make."""
    return StoredFile(kind, hashlib.sha256(data).hexdigest())


def put(storage: Storage, data: bytes, kind: FileKind = FileKind.DATA) -> StoredFile:
    """Store the bytes under their own name."""
    file = file_of(data, kind)
    storage.write(file, [data])
    return file


def test_what_was_written_is_read_back(storage: Storage) -> None:
    """Anything else is data loss."""
    file = put(storage, b"content" * 1000)

    assert storage.read(file) == b"content" * 1000
    assert storage.size(file) == 7000


def test_parts_are_joined_in_order_whatever_their_size_and_kind(storage: Storage) -> None:
    """A pack is written as it lies in memory: many small blobs, some large ones, bytes and views."""
    parts: list[Buffer] = [b"", b"a" * 10, bytearray(b"b" * 300_000), memoryview(b"c" * 1_000_001)[1:], b"d", b""] * 3
    whole = b"".join(parts)
    file = file_of(whole)
    storage.write(file, parts)

    assert storage.read(file) == whole


@pytest.mark.parametrize("count", [0, 1, 700, 3000])
def test_any_number_of_parts_is_fine(storage: Storage, count: int) -> None:
    """No parts make an empty file, and thousands of them must not hit a limit of the system."""
    parts = [b"%06d" % number for number in range(count)]
    file = file_of(b"".join(parts))
    storage.write(file, parts)

    assert storage.read(file) == b"".join(parts)


@pytest.mark.parametrize(("offset", "length"), [(0, 0), (0, 1), (5, 10), (999_990, 10), (1000, 700_000), (10**6, 0)])
def test_a_range_is_read_exactly(storage: Storage, offset: int, length: int) -> None:
    """Restores read blobs out of packs; a byte too many or too few is a broken blob."""
    data = bytes(range(250)) * 4000
    file = put(storage, data)

    assert storage.read(file, offset, length) == data[offset : offset + length]


def test_reading_without_a_length_goes_to_the_end(storage: Storage) -> None:
    """The pack's header is found from its end."""
    file = put(storage, b"0123456789")

    assert storage.read(file, 4) == b"456789"
    assert storage.read(file, 10) == b""


@pytest.mark.parametrize(("offset", "length"), [(0, 11), (5, 6), (10, 1), (11, None), (500_000, 300_000)])
def test_a_file_that_ends_too_early_is_damaged(storage: Storage, offset: int, length: int | None) -> None:
    """A short answer that looked like success would be restored as if it were the file."""
    file = put(storage, b"0123456789")

    with pytest.raises(DamagedData):
        storage.read(file, offset, length)


def test_small_files_are_read_together(storage: Storage) -> None:
    """A missing one (somebody forgot the snapshot meanwhile) does not spoil the others; none at all is fine."""
    storage.create_folders()
    sizes = (0, 1, 1000, 40_000, 300_000)
    files = [StoredFile(FileKind.SNAPSHOTS, f"{number:064x}") for number in range(40)]
    contents = [os.urandom(sizes[number % len(sizes)]) for number in range(len(files))]
    for file, content in zip(files[:-1], contents, strict=False):
        storage.write(file, [content])

    assert list(storage.read_small(files)) == [*contents[:-1], None]
    assert list(storage.read_small([])) == []


def test_ranges_come_together_and_in_order(storage: Storage) -> None:
    """What cannot be had whole is None and takes nothing from the others; a file may be asked for several times."""
    storage.create_folders()
    first, second, missing = (StoredFile(FileKind.DATA, f"{number:064x}") for number in range(3))
    contents = {first: os.urandom(3_000_000), second: os.urandom(100)}
    for file, content in contents.items():
        storage.write(file, [content])
    ranges = [
        FileRange(first, 5, 2_500_000),
        FileRange(second, 90, 10),
        FileRange(second, 90, 11),
        FileRange(missing, 0, 1),
        FileRange(first, 2_999_999, 1),
        FileRange(first, 7, 0),
    ]
    found = list(storage.read_ranges(ranges))

    assert found == [contents[first][5:2_500_005], contents[second][90:], None, None, contents[first][-1:], b""]
    assert list(storage.read_ranges([])) == []
    assert storage.read(second) == contents[second]


def test_a_missing_file_is_told_from_other_errors(storage: Storage) -> None:
    """The engine treats a file that is gone differently from a storage that fails."""
    file = file_of(b"nobody wrote this")

    with pytest.raises(FileMissing):
        storage.read(file)
    with pytest.raises(FileMissing):
        storage.read(file, 3, 5)
    with pytest.raises(FileMissing):
        storage.size(file)
    with pytest.raises(FileMissing):
        storage.remove(file)


def test_each_kind_lists_its_own_files_with_sizes(storage: Storage) -> None:
    """The index is compared with this list before anything is removed."""
    for kind in FileKind:
        if kind is not FileKind.CONFIG:
            for number in range(5):
                put(storage, f"{kind}{number}".encode() * (number + 1), kind)

    for kind in FileKind:
        if kind is not FileKind.CONFIG:
            texts = [f"{kind}{number}".encode() * (number + 1) for number in range(5)]
            expected = {(hashlib.sha256(text).hexdigest(), len(text)) for text in texts}
            assert set(storage.list(kind)) == expected


def test_the_config_is_listed_once_it_is_there(storage: Storage) -> None:
    """Whether there is a repository at all is asked this way too."""
    assert list(storage.list(FileKind.CONFIG)) == []

    storage.write(CONFIG_FILE, [b"sealed"])

    assert list(storage.list(FileKind.CONFIG)) == [("config", 6)]


def test_a_file_may_be_read_or_removed_while_listing(storage: Storage) -> None:
    """Prune and unlock do exactly that; a storage with one connection must not wait for itself."""
    for number in range(20):
        put(storage, b"%d" % number, FileKind.LOCKS)

    for name, size in storage.list(FileKind.LOCKS):
        assert len(storage.read(StoredFile(FileKind.LOCKS, name))) == size
        storage.remove(StoredFile(FileKind.LOCKS, name))

    assert list(storage.list(FileKind.LOCKS)) == []


def test_a_removed_file_is_gone(storage: Storage) -> None:
    """Finished files are read-only; that must not keep us from removing them."""
    file = put(storage, b"short-lived")
    storage.remove(file)

    with pytest.raises(FileMissing):
        storage.size(file)


def test_the_same_file_twice_is_no_error_and_not_written_again(storage: Storage) -> None:
    """A write whose answer was lost is repeated."""
    file = put(storage, b"same")
    put(storage, b"same")

    assert storage.read(file) == b"same"
    assert len(list(storage.list(FileKind.DATA))) == 1


def test_a_torn_file_of_the_same_name_is_replaced(storage: Storage) -> None:
    """Another program may have left half a file; the name promises the content, so the whole one wins."""
    whole = b"0123456789"
    storage.write(file_of(whole), [b"0123"])
    storage.write(file_of(whole), [whole])

    assert storage.read(file_of(whole)) == whole


def test_the_config_is_never_overwritten(storage: Storage) -> None:
    """Two computers that both create the repository must not end up with keys for different configs."""
    storage.write(CONFIG_FILE, [b"the first"])

    with pytest.raises(StorageDenied):
        storage.write(CONFIG_FILE, [b"the second, which is longer"])
    with pytest.raises(StorageDenied):
        storage.write(CONFIG_FILE, [b"the other"])  # as long as the first

    assert storage.read(CONFIG_FILE) == b"the first"
    assert list(storage.list(FileKind.CONFIG)) == [("config", 9)]


def test_the_very_same_config_counts_as_written(storage: Storage) -> None:
    """Its write, too, is repeated when the answer was lost."""
    storage.write(CONFIG_FILE, [b"the ", b"first"])
    storage.write(CONFIG_FILE, [b"the first"])

    assert storage.read(CONFIG_FILE) == b"the first"


def test_making_the_folders_again_is_harmless(storage: Storage) -> None:
    """An interrupted `init` is simply repeated."""
    file = put(storage, b"kept")
    storage.create_folders()

    assert storage.read(file) == b"kept"


def test_a_large_file_survives_the_way_there_and_back(storage: Storage) -> None:
    """Packs are this large, and pipelines differ from single requests."""
    data = hashlib.shake_128(b"large").digest(9_000_001)
    file = file_of(data)
    storage.write(file, [data[:1_234_567], data[1_234_567:1_234_568], data[1_234_568:]])

    assert hashlib.sha256(storage.read(file)).hexdigest() == file.name


def test_several_threads_use_it_at_once(storage: Storage) -> None:
    """Uploads and downloads run in parallel."""
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for step in range(6):
                data = b"%d/%d " % (number, step) * 20_000
                file = put(storage, data)
                assert storage.read(file) == data
                assert storage.read(file, 7, 1000) == data[7:1007]
                assert (file.name, len(data)) in set(storage.list(FileKind.DATA))
        except BaseException as error:  # noqa: BLE001  shown by the assertion below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert len(list(storage.list(FileKind.DATA))) == 36


def test_the_location_says_where_it_is(storage: Storage) -> None:
    """Messages name the storage."""
    assert storage.location
