"""A server that gives less, more or other than it was asked for must never pass for one that returned the file."""

import pytest

from gdp.core.errors import DamagedData, FileMissing, StorageDenied, StorageError
from gdp.model.files import FileKind, FileRange, StoredFile
from gdp.storage import sftp_wire as wire
from gdp.storage.leftovers import sweep_leftovers
from gdp.storage.retry import Retrying
from gdp.storage.sftp import SftpStorage
from gdp.storage.sftp_open_files import MOST_KEPT_OPEN
from tests.storage.one_file import DATA, FILE, ROOT
from tests.storage.sftp_server import Mischief, SftpServer


@pytest.mark.parametrize(
    "mischief",
    [
        Mischief(size_error=-1),  # the file goes on where it should end
        Mischief(size_error=-(10**6)),
        Mischief(size_error=1),
        Mischief(size_error=10**6),
        Mischief(extra_per_read=1),
        Mischief(empty_reads=True),
    ],
    ids=lambda mischief: repr(mischief).removeprefix("Mischief"),
)
def test_a_read_of_a_whole_file_that_cannot_be_right_is_damage(
    server: SftpServer, storage: SftpStorage, mischief: Mischief
) -> None:
    """Wrong bytes are noticed by their hash, but a clear word about the server saves a day of searching."""
    storage.write(FILE, [DATA])
    server.mischief = mischief

    with pytest.raises(DamagedData):
        storage.read(FILE)


@pytest.mark.parametrize("mischief", [Mischief(extra_per_read=1), Mischief(empty_reads=True)], ids=["more", "nothing"])
def test_a_read_of_a_range_that_cannot_be_right_is_damage(server: SftpServer, storage: SftpStorage, mischief: Mischief) -> None:
    """Bytes past the range would shift everything after them; an empty answer repeated for ever would hang."""
    storage.write(FILE, [DATA])
    server.mischief = mischief

    with pytest.raises(DamagedData):
        storage.read(FILE, 1000, 300_000)


def test_a_truncated_file_is_damage(server: SftpServer, storage: SftpStorage) -> None:
    """A server's disk after a crash."""
    storage.write(FILE, [DATA])
    del server.files[f"{ROOT}/{FILE.path}"][700_000:]

    with pytest.raises(DamagedData):
        storage.read(FILE, 0, len(DATA))
    assert storage.read(FILE, 0, 700_000) == DATA[:700_000]


@pytest.mark.parametrize("largest", [1, 999, 40_000, 99_999])
def test_short_answers_are_completed(server: SftpServer, storage: SftpStorage, largest: int) -> None:
    """A server may give less than was asked for at any time."""
    small = StoredFile(FileKind.INDEX, "a" * 64)
    storage.write(small, [DATA[:5000]])
    storage.write(FILE, [DATA])
    server.mischief = Mischief(largest_answer=largest)

    assert storage.read(small) == DATA[:5000]
    assert largest == 1 or storage.read(FILE, 3, 900_000) == DATA[3:900_003]


def test_answers_may_come_in_any_order(server: SftpServer, storage: SftpStorage) -> None:
    """The draft allows it, and multi-threaded servers do it."""
    server.mischief = Mischief(reverses_answers=True)
    storage.write(FILE, [DATA])

    assert storage.read(FILE) == DATA
    assert list(storage.list(FileKind.DATA)) == [(FILE.name, len(DATA))]


def test_a_folder_that_cannot_be_listed_is_an_error_not_empty(server: SftpServer, storage: SftpStorage) -> None:
    """Files that seem to be gone would be uploaded again, or worse, their index removed."""
    storage.write(FILE, [DATA])
    server.mischief = Mischief(refused={wire.OPENDIR: wire.PERMISSION_DENIED})
    with pytest.raises(StorageDenied):
        list(storage.list(FileKind.DATA))
    server.mischief = Mischief(refused={wire.READDIR: wire.FAILURE})
    with pytest.raises(StorageError):
        list(storage.list(FileKind.DATA))
    server.mischief = Mischief()

    assert list(storage.list(FileKind.DATA)) == [(FILE.name, len(DATA))]


def test_listing_a_small_folder_costs_two_round_trips(server: SftpServer, storage: SftpStorage) -> None:
    """Every short run lists five of them, one after the other: to open, then to read up to the end."""
    snapshots_on(storage, 3)
    server.flights = 0

    assert len(list(storage.list(FileKind.SNAPSHOTS))) == 3
    assert server.flights == 2


@pytest.mark.parametrize("reversed_answers", [False, True], ids=["in order", "reversed"])
def test_a_folder_that_comes_in_many_pieces_is_listed_whole(
    server: SftpServer, storage: SftpStorage, reversed_answers: bool
) -> None:
    """A server gives a hundred names at a time; one with threads may say that it is the end before it gives the last."""
    files = snapshots_on(storage, 61)
    server.names_per_piece = 2
    server.mischief.reverses_answers = reversed_answers
    server.flights = 0

    assert sorted(name for name, _ in storage.list(FileKind.SNAPSHOTS)) == [file.name for file in files]
    assert server.flights <= 10


def test_strangers_files_are_left_out(server: SftpServer, storage: SftpStorage) -> None:
    """Unfinished uploads of restic and an administrator's notes are not packs."""
    storage.write(FILE, [DATA])
    for name in (f"{FILE.name}-restic-temp-{'0' * 32}", "README", FILE.name.upper() + "X", "0" * 63):
        path = f"{ROOT}/data/{FILE.name[:2]}/{name}"
        server.files[path], server.modes[path] = bytearray(b"?"), 0o600

    assert list(storage.list(FileKind.DATA)) == [(FILE.name, len(DATA))]


def test_only_our_old_leftovers_are_swept(server: SftpServer, storage: SftpStorage) -> None:
    """Another computer may be uploading right now, and restic's files are none of our business."""
    lock = StoredFile(FileKind.LOCKS, "c" * 64)
    folder = f"{ROOT}/data/{FILE.name[:2]}"
    old, young = f"{FILE.name}-gdp-temp-{'1' * 16}", f"{FILE.name}-gdp-temp-{'2' * 16}"
    strange = f"{FILE.name}-restic-temp-{'3' * 32}"
    for name, age in ((old, 90_000), (young, 60), (strange, 10**6)):
        path = f"{folder}/{name}"
        server.files[path], server.modes[path], server.times[path] = bytearray(b"x"), 0o600, server.now - age
    storage.write(lock, [b"lock"])

    assert sweep_leftovers(Retrying(storage), lock, older_than_seconds=86_400) == 1
    assert {path.rpartition("/")[2] for path in server.files} == {young, strange, lock.name}


def test_missing_files_are_missing_whatever_is_asked(storage: SftpStorage) -> None:
    """Told from every other refusal."""
    with pytest.raises(FileMissing):
        storage.read(FILE)
    with pytest.raises(FileMissing):
        storage.remove(FILE)


def snapshots_on(storage: SftpStorage, count: int) -> list[StoredFile]:
    files = [StoredFile(FileKind.SNAPSHOTS, f"{number:064x}") for number in range(count)]
    for file in files:
        storage.write(file, [file.name.encode()])
    return files


def test_many_small_files_cost_few_round_trips(server: SftpServer, storage: SftpStorage) -> None:
    """A year of daily snapshots, one after the other, is twenty seconds on a line of 30 ms."""
    files = snapshots_on(storage, 96)
    server.flights = 0

    assert list(storage.read_small(files)) == [file.name.encode() for file in files]
    assert server.flights <= 9


def test_a_refusal_among_many_files_gives_every_handle_back(server: SftpServer, storage: SftpStorage) -> None:
    """A server has few of them, and the session is used again."""
    files = snapshots_on(storage, 8)
    server.received.clear()
    server.mischief.refused[wire.FSTAT] = wire.PERMISSION_DENIED
    with pytest.raises(StorageDenied):
        storage.read_small(files)
    server.mischief.refused.clear()

    assert storage.read(files[0]) == files[0].name.encode()
    assert server.received.count(wire.CLOSE) == len(files) + 1


def test_ranges_of_many_files_cost_few_round_trips(server: SftpServer, storage: SftpStorage) -> None:
    """A folder's files lie in several packs; a trip for each would take most of the time of a restore."""
    files = snapshots_on(storage, 20)
    server.flights = 0

    assert list(storage.read_ranges([FileRange(file, 10, 54) for file in files])) == [file.name[10:].encode() for file in files]
    assert server.flights <= 4


def test_a_range_that_ends_early_leaves_a_usable_session(server: SftpServer, storage: SftpStorage) -> None:
    """Answers to what is not wanted any more must not be taken for answers to the next question."""
    first, second = snapshots_on(storage, 2)
    ranges = [FileRange(first, 0, 10_000_000), FileRange(second, 0, 64)]

    assert list(storage.read_ranges(ranges)) == [None, second.name.encode()]
    server.received.clear()
    assert storage.read(first) == first.name.encode()
    assert wire.INIT not in server.received


def test_a_file_that_is_read_range_by_range_is_opened_once(server: SftpServer, storage: SftpStorage) -> None:
    """A restore reads each pack in many pieces; opening it each time would double the round trips."""
    storage.write(FILE, [DATA])
    storage.read_ranges([FileRange(FILE, 0, 1000)])
    server.received.clear()
    server.flights = 0

    for offset in range(1000, 9000, 1000):
        assert list(storage.read_ranges([FileRange(FILE, offset, 1000)])) == [DATA[offset : offset + 1000]]
    assert server.received == [wire.READ] * 8
    assert server.flights == 8


def test_few_files_are_kept_open(server: SftpServer, storage: SftpStorage) -> None:
    """A server has few handles, and a repository has many packs. The one used longest ago is closed."""
    files = snapshots_on(storage, 3 * MOST_KEPT_OPEN)
    server.received.clear()
    for file in files:
        storage.read_ranges([FileRange(files[0], 0, 64), FileRange(file, 0, 64)])
    storage.read_ranges([FileRange(file, 0, 64) for file in files])

    opened, closed = (server.received.count(kind) for kind in (wire.OPEN, wire.CLOSE))
    assert opened - closed == MOST_KEPT_OPEN
    assert opened == len(files) + len(files) - MOST_KEPT_OPEN


@pytest.mark.parametrize("replaced", [False, True], ids=["removed", "replaced"])
def test_what_was_removed_through_us_is_gone_also_where_it_was_open(storage: SftpStorage, replaced: bool) -> None:
    """A handle outlives the name, and a torn file that was written anew has another handle."""
    storage.write(FILE, [DATA])
    storage.read_ranges([FileRange(FILE, 0, 1000)])
    storage.remove(FILE)
    if replaced:
        storage.write(FILE, [DATA[::-1]])

    assert list(storage.read_ranges([FileRange(FILE, 0, 1000)])) == [DATA[:-1001:-1] if replaced else None]


def test_what_ended_early_is_looked_for_anew(server: SftpServer, storage: SftpStorage) -> None:
    """Another computer may have put the whole file in the place of the torn one."""
    storage.write(FILE, [DATA[:500]])

    assert list(storage.read_ranges([FileRange(FILE, 0, 1000)])) == [None]
    storage.read_ranges([FileRange(FILE, 0, 100)])
    path = f"{ROOT}/{FILE.path}"
    server.files[path] = bytearray(DATA)
    assert list(storage.read_ranges([FileRange(FILE, 0, 1000)])) == [DATA[:1000]]


def test_a_handle_that_the_server_gave_up_is_fetched_anew(server: SftpServer, storage: SftpStorage) -> None:
    """Some servers close what nobody has asked about for a while."""
    storage.write(FILE, [DATA])
    storage.read_ranges([FileRange(FILE, 0, 1000)])
    for line in server.lines:
        line.lose_handles()

    assert list(storage.read_ranges([FileRange(FILE, 500, 1000)])) == [DATA[500:1500]]


def test_an_error_while_a_kept_file_is_read_leaves_nothing_open(server: SftpServer, storage: SftpStorage) -> None:
    """Nobody knows what state the file was left in."""
    storage.write(FILE, [DATA])
    storage.read_ranges([FileRange(FILE, 0, 1000)])
    server.received.clear()
    server.mischief.refused[wire.READ] = wire.PERMISSION_DENIED
    with pytest.raises(StorageDenied):
        storage.read_ranges([FileRange(FILE, 0, 1000)])
    server.mischief.refused.clear()

    assert list(storage.read_ranges([FileRange(FILE, 0, 1000)])) == [DATA[:1000]]
    assert server.received.count(wire.CLOSE) == server.received.count(wire.OPEN) == 2
