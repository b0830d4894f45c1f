"""A line that breaks or falls silent, and answers that are lost with it: an error, and a success at the next attempt."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gdp.core.errors import StorageDenied, StorageError, StorageUnreachable
from gdp.model.files import CONFIG_FILE, FileKind, StoredFile
from gdp.model.target import SftpTarget
from gdp.storage import sftp_wire as wire
from gdp.storage.retry import Retrying
from gdp.storage.sftp import SftpStorage
from gdp.storage.sftp_settings import SftpSettings
from tests.storage.one_file import DATA, FILE, ROOT, names_on
from tests.storage.sftp_server import Mischief, SftpServer


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


def test_after_a_failure_the_same_connection_goes_on(server: SftpServer, storage: SftpStorage) -> None:
    """One failed file must not cost a new connection, nor leave answers that confuse the next operation."""
    server.mischief = Mischief(refused={wire.WRITE: wire.FAILURE})
    with pytest.raises(StorageError):
        storage.write(FILE, [DATA])
    server.mischief = Mischief()
    storage.write(FILE, [DATA])

    assert storage.read(FILE) == DATA
    assert len(server.lines) == 1


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
