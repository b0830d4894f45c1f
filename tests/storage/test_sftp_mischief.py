"""A server that fails, lies or falls silent must never pass for one that has stored or returned the file."""

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gdp.core.errors import (
    DamagedData,
    FileMissing,
    StorageDenied,
    StorageError,
    StorageFull,
    StorageUnreachable,
)
from gdp.model.files import CONFIG_FILE, FOLDERS, FileKind, StoredFile
from gdp.model.target import SftpTarget
from gdp.storage import sftp_wire as wire
from gdp.storage.leftovers import sweep_leftovers
from gdp.storage.retry import Retrying
from gdp.storage.sftp import SftpStorage
from gdp.storage.sftp_settings import SftpSettings
from gdp.storage.shared_rate import SharedRate
from gdp.storage.throttle import Throttled
from tests.storage.sftp_server import Mischief, SftpServer

ROOT = "/srv/repository"
DATA = hashlib.shake_128(b"pack").digest(1_000_003)
FILE = StoredFile(FileKind.DATA, hashlib.sha256(DATA).hexdigest())


@pytest.fixture
def server() -> SftpServer:
    return SftpServer()


@pytest.fixture
def storage(server: SftpServer) -> Iterator[SftpStorage]:
    made = storage_on(server)
    made.create_folders()
    yield made
    made.close()


def storage_on(server: SftpServer) -> SftpStorage:
    """Return a storage with a single session, so that one that was not given back would be noticed by waiting for ever."""
    settings = SftpSettings(SftpTarget("test", ROOT), Path("/nowhere"), connections=1)
    return SftpStorage(settings, open_session=server.open_session)


def names_on(server: SftpServer) -> list[str]:
    return sorted(path.removeprefix(f"{ROOT}/") for path in server.files)


def test_a_whole_file_goes_there_and_back(server: SftpServer, storage: SftpStorage) -> None:
    """The server behaves unless it is told otherwise; without this the other tests would prove nothing."""
    storage.write(FILE, [DATA])

    assert storage.read(FILE) == DATA
    assert names_on(server) == [FILE.path]
    assert server.modes[f"{ROOT}/{FILE.path}"] == 0o400


@pytest.mark.parametrize(
    "mischief",
    [
        Mischief(lost_per_write=1),
        Mischief(size_error=-1),
        Mischief(size_error=1),
        Mischief(refused={wire.FSTAT: wire.FAILURE}),
        Mischief(refused={wire.CLOSE: wire.FAILURE}),
        Mischief(refused={wire.WRITE: wire.FAILURE}),
        Mischief(refused={wire.EXTENDED: wire.FAILURE}),  # fsync and rename
        Mischief(garbles=wire.FSTAT),
        Mischief(garbles=wire.WRITE),
        Mischief(garbles=wire.CLOSE),
    ],
    ids=lambda mischief: repr(mischief).removeprefix("Mischief"),
)
def test_a_write_that_did_not_work_is_never_a_success(server: SftpServer, storage: SftpStorage, mischief: Mischief) -> None:
    """The engine forgets a pack's content once its write has returned. A false success is a hole in the backup."""
    server.mischief = mischief

    with pytest.raises(StorageError):
        storage.write(FILE, [DATA])

    assert FILE.path not in names_on(server) or mischief.garbles is not None


def test_a_failed_write_leaves_nothing_behind(server: SftpServer, storage: SftpStorage) -> None:
    """Unfinished files cost the customer money."""
    for refused in (wire.WRITE, wire.FSTAT, wire.CLOSE):
        server.mischief = Mischief(refused={refused: wire.FAILURE})
        with pytest.raises(StorageError):
            storage.write(FILE, [DATA])

    assert names_on(server) == []


def test_after_a_failure_the_same_connection_goes_on(server: SftpServer, storage: SftpStorage) -> None:
    """One failed file must not cost a new connection, nor leave answers that confuse the next operation."""
    server.mischief = Mischief(refused={wire.WRITE: wire.FAILURE})
    with pytest.raises(StorageError):
        storage.write(FILE, [DATA])
    server.mischief = Mischief()
    storage.write(FILE, [DATA])

    assert storage.read(FILE) == DATA
    assert len(server.lines) == 1


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


@pytest.mark.parametrize("kind", [wire.STAT, wire.OPEN, wire.WRITE, wire.FSTAT, wire.CLOSE, wire.EXTENDED])
def test_a_line_that_breaks_during_a_write_is_unreachable_and_made_anew(
    server: SftpServer, storage: SftpStorage, kind: int
) -> None:
    """The line of a small office breaks every night; the next attempt must find a fresh connection."""
    server.mischief = Mischief(hangs_up_at=kind)
    with pytest.raises(StorageUnreachable):
        storage.write(FILE, [DATA])
    server.mischief = Mischief()
    storage.write(FILE, [DATA])

    assert storage.read(FILE) == DATA
    assert [line.is_closed for line in server.lines] == [True, False]


@pytest.mark.parametrize("kind", [wire.OPEN, wire.FSTAT, wire.READ])
def test_a_line_that_breaks_or_falls_silent_during_a_read_is_unreachable(
    server: SftpServer, storage: SftpStorage, kind: int
) -> None:
    """A hang is worse than an error: nobody restarts what seems to be running."""
    storage.write(FILE, [DATA])
    for mischief in (Mischief(hangs_up_at=kind), Mischief(silent_at=kind), Mischief(garbles=kind)):
        server.mischief = mischief
        with pytest.raises(StorageUnreachable):
            storage.read(FILE)
    server.mischief = Mischief()

    assert storage.read(FILE) == DATA


def test_a_silent_server_is_given_up_during_a_write(server: SftpServer, storage: SftpStorage) -> None:
    """The same for uploads."""
    server.mischief = Mischief(silent_at=wire.WRITE)

    with pytest.raises(StorageUnreachable):
        storage.write(FILE, [DATA])


def test_a_lost_answer_to_the_rename_is_success_at_the_retry(server: SftpServer, storage: SftpStorage) -> None:
    """The file is there already; writing it again would cost the line twice, and failing would lose nothing but sleep."""
    storage.write(StoredFile(FileKind.DATA, "0" * 64), [b"warm"])
    server.mischief = Mischief(hangs_up_after=wire.EXTENDED)  # after fsync: the rename was never sent
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        server.mischief = Mischief()

    Retrying(storage, sleep=sleep, clock=lambda: 0.0).write(FILE, [DATA])

    assert len(waits) == 1
    assert storage.read(FILE) == DATA


def test_a_file_that_appeared_before_the_retry_is_not_sent_again(server: SftpServer, storage: SftpStorage) -> None:
    """This is what a retry finds when only the answer was lost."""
    storage.write(FILE, [DATA])
    server.received.clear()
    storage.write(FILE, [DATA])

    assert wire.WRITE not in server.received
    assert names_on(server) == [FILE.path]


def test_a_lost_answer_to_the_config_is_success_at_the_retry(server: SftpServer, storage: SftpStorage) -> None:
    """The config is never overwritten, but it must be possible to repeat its own write."""
    server.mischief = Mischief(hangs_up_after=wire.RENAME)
    with pytest.raises(StorageUnreachable):
        storage.write(CONFIG_FILE, [b"sealed"])
    server.mischief = Mischief()
    storage.write(CONFIG_FILE, [b"sealed"])

    with pytest.raises(StorageDenied):
        storage.write(CONFIG_FILE, [b"strange"])
    assert storage.read(CONFIG_FILE) == b"sealed"


def test_a_full_disk_is_told_from_other_failures(server: SftpServer, storage: SftpStorage) -> None:
    """FAILURE says nothing; free space does. The user can do something about a full disk."""
    server.free_bytes = 500_000
    with pytest.raises(StorageFull):
        storage.write(FILE, [DATA])

    assert names_on(server) == []


@pytest.mark.parametrize("code", [wire.NO_SPACE, wire.OVER_QUOTA])
def test_newer_codes_for_a_full_disk_are_understood(server: SftpServer, storage: SftpStorage, code: int) -> None:
    """Some servers send the codes of later protocol versions."""
    server.mischief = Mischief(refused={wire.WRITE: code})

    with pytest.raises(StorageFull):
        storage.write(FILE, [DATA])


def test_what_is_forbidden_is_not_repeated(server: SftpServer, storage: SftpStorage) -> None:
    """An append-only server denies for good; a quarter of an hour of retries would only hide the reason."""
    server.mischief = Mischief(refused={wire.OPEN: wire.PERMISSION_DENIED, wire.REMOVE: wire.PERMISSION_DENIED})

    def no_sleep(_seconds: float) -> None:
        pytest.fail("it was repeated")

    with pytest.raises(StorageDenied) as caught:
        Retrying(storage, sleep=no_sleep).write(FILE, [DATA])
    with pytest.raises(StorageDenied):
        storage.remove(FILE)
    assert "told so" in str(caught.value)


def test_a_server_without_extensions_is_good_enough() -> None:
    """Small boxes speak plain SFTP: no limits, no fsync, a rename that does not replace."""
    server = SftpServer(extensions=())
    storage = storage_on(server)
    storage.create_folders()
    storage.write(FILE, [DATA])
    torn = StoredFile(FileKind.INDEX, "b" * 64)
    storage.write(torn, [b"half"])
    storage.write(torn, [b"the whole"])

    assert storage.read(FILE) == DATA
    assert storage.read(torn) == b"the whole"
    assert len(names_on(server)) == 2


def test_a_missing_data_folder_is_made_by_the_write(server: SftpServer, storage: SftpStorage) -> None:
    """Some tools make the 256 folders only when they are needed."""
    server.folders -= {f"{ROOT}/{folder}" for folder in FOLDERS}
    storage.write(FILE, [DATA])

    assert storage.read(FILE) == DATA


def test_a_missing_root_is_not_made_by_a_write(server: SftpServer, storage: SftpStorage) -> None:
    """The server's disk is not mounted: writing into the empty mount point would fill its system disk."""
    server.folders -= {ROOT, *(f"{ROOT}/{folder}" for folder in FOLDERS)}

    with pytest.raises(StorageError, match="does not exist"):
        storage.write(FILE, [DATA])
    assert ROOT not in server.folders


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


def test_an_interruption_does_not_leave_a_half_read_line_in_use(server: SftpServer, storage: SftpStorage) -> None:
    """Ctrl-C may come in the middle of a message; the next operation must not read the other half."""

    class Interrupted(list[bytes]):
        def __iter__(self) -> Iterator[bytes]:
            yield DATA[:500_000]
            if wire.OPEN in server.received:  # not already when the sizes are added up
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        storage.write(FILE, Interrupted([DATA]))
    assert wire.WRITE in server.received
    storage.write(FILE, [DATA])

    assert storage.read(FILE) == DATA
    assert server.lines[0].is_closed


def test_a_server_whose_disk_cannot_sync_is_used_all_the_same(server: SftpServer) -> None:
    """OpenSSH offers the extension whatever its file system can do."""

    class WithoutSync(SftpServer):
        def refuses(self, name: str) -> int | None:
            return wire.UNSUPPORTED if name == wire.FSYNC else None

    storage = storage_on(WithoutSync())
    storage.create_folders()
    storage.write(FILE, [DATA])

    assert storage.read(FILE) == DATA


def test_a_sync_that_failed_is_a_failed_write(server: SftpServer) -> None:
    """The disk says at fsync what it did not say at the write."""

    class Failing(SftpServer):
        def refuses(self, name: str) -> int | None:
            return wire.FAILURE if name == wire.FSYNC else None

    storage = storage_on(Failing())
    storage.create_folders()

    with pytest.raises(StorageError):
        storage.write(FILE, [DATA])


def test_the_pool_waits_rather_than_open_too_many_lines(server: SftpServer) -> None:
    """Servers count connections, and hosted ones charge or punish for them."""
    settings = SftpSettings(SftpTarget("test", ROOT), Path("/nowhere"), connections=2)
    storage = SftpStorage(settings, open_session=server.open_session)
    storage.create_folders()
    threads = [threading.Thread(target=storage.write, args=(StoredFile(FileKind.DATA, f"{n:064x}"), [DATA])) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    storage.close()

    assert len(server.lines) <= 2
    assert all(line.is_closed for line in server.lines)
    assert len(server.files) == 8


def test_the_rate_of_a_paced_upload_reaches_the_server(server: SftpServer, storage: SftpStorage) -> None:
    """Slices that are due now are sent now, not collected into large requests."""
    rate = SharedRate(100_000, clock=lambda: 0.0)
    waits: list[float] = []
    server.received.clear()
    Throttled(storage, upload=rate, sleep=waits.append).write(FILE, [DATA])

    assert server.received.count(wire.WRITE) == pytest.approx(len(DATA) / 5000, rel=0.01)
    assert waits[-1] == pytest.approx(10.0, rel=0.1)
    assert storage.read(FILE) == DATA


@pytest.mark.parametrize("is_whole", [True, False])
def test_two_writers_of_the_same_file_do_not_disturb_each_other(is_whole: bool) -> None:
    """Two clients found the same blob. A server that never replaces (append-only) refuses the second rename."""

    class Racing(SftpServer):
        def refuses(self, name: str) -> int | None:
            if name != wire.POSIX_RENAME:
                return None
            path = f"{ROOT}/{FILE.path}"
            self.files[path], self.modes[path] = bytearray(DATA if is_whole else DATA[:-1]), 0o400
            return wire.PERMISSION_DENIED

    server = Racing()
    storage = storage_on(server)
    storage.create_folders()
    if is_whole:
        storage.write(FILE, [DATA])
    else:
        with pytest.raises(StorageDenied):
            storage.write(FILE, [DATA])

    assert names_on(server) == [FILE.path]
