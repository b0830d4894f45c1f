"""A server that fails or lies during a write must never pass for one that has stored the file."""

import pytest

from gdp.core.errors import StorageDenied, StorageError, StorageFull
from gdp.model.files import FOLDERS, FileKind, StoredFile
from gdp.storage import sftp_wire as wire
from gdp.storage.retry import Retrying
from gdp.storage.sftp import SftpStorage
from gdp.storage.shared_rate import SharedRate
from gdp.storage.throttle import Throttled
from tests.storage.one_file import DATA, FILE, ROOT, names_on, storage_on
from tests.storage.sftp_server import Mischief, SftpServer


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
