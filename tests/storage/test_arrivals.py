"""A storage tells as it goes how much of a file has arrived: what is acknowledged, never what is only sent."""

import hashlib
import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from gdp.core.errors import StorageError
from gdp.model.files import FileKind, StoredFile
from gdp.storage import sftp_wire as wire
from gdp.storage.contract import Storage
from gdp.storage.local import LocalStorage
from gdp.storage.sftp import SftpStorage
from gdp.storage.sftp_upload import _Content
from gdp.storage.shared_rate import SharedRate
from gdp.storage.staged import StagedFile
from gdp.storage.throttle import Throttled
from tests.sshd import Sshd, settings_for
from tests.storage.one_file import storage_on
from tests.storage.sftp_server import Mischief, SftpServer

NOISE = random.Random(7).randbytes(5_000_001)
FILE = StoredFile(FileKind.DATA, hashlib.sha256(NOISE).hexdigest())


def staged(path: str | None = None) -> tuple[StagedFile, list[int]]:
    """Return a file that waits to be stored, and the list in which it notes what it is told."""
    file, told = StagedFile(path), list[int]()
    file.append(NOISE)
    file.has_arrived = told.append
    return file, told


@pytest.fixture(params=["local", "sftp", "slowed"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    made: Storage = LocalStorage(tmp_path / "repository")
    if request.param == "sftp":
        server: Sshd = request.getfixturevalue("sshd")
        made = SftpStorage(settings_for(server, tmp_path))
    if request.param == "slowed":
        made = Throttled(made, upload=SharedRate(1e9), sleep=lambda _seconds: None)
    made.create_folders()
    yield made
    made.close()


def test_what_has_arrived_is_told_in_steps_up_to_the_whole(storage: Storage) -> None:
    """A pack takes minutes on a slow line, and nobody is to think that nothing moves."""
    file, told = staged()
    storage.write(FILE, file)

    assert told[-1] == len(NOISE)
    assert len(told) >= 5
    assert told == sorted(told)
    assert storage.read(FILE) == NOISE


def test_a_file_that_grew_in_the_repository_has_arrived_when_it_has_its_name(tmp_path: Path) -> None:
    """Nothing was to be sent."""
    storage = LocalStorage(tmp_path / "repository")
    storage.create_folders()
    (tmp_path / "repository" / "data" / FILE.name[:2]).mkdir(exist_ok=True)
    file, told = staged(f"{tmp_path}/repository/data/{FILE.name[:2]}/waiting")
    storage.write(FILE, file)

    assert told == [len(NOISE)]


def test_what_the_server_refused_has_not_arrived() -> None:
    """The disk was full at the second request: the first is all that may be counted."""
    server = SftpServer()
    storage = storage_on(server)
    storage.create_folders()
    server.mischief = Mischief(refused={wire.WRITE: wire.FAILURE})
    file, told = staged()
    with pytest.raises(StorageError):
        storage.write(FILE, file)

    assert told == []


class Session:
    """A conversation over a line with a certain rate, on which time passes by sending and by waiting for answers."""

    largest_write = 255 << 10

    def __init__(self, bytes_per_second: float) -> None:
        self.now, self.sizes, self.write_bytes = 0.0, list[int](), 32 << 10
        self._rate, self._answered_at, self._seen = bytes_per_second, list[float](), 0.0

    def clock(self) -> float:
        return self.now

    def send(self, _kind: int, _head: bytes, *pieces: memoryview) -> int:
        self.sizes.append(sum(map(len, pieces)))
        before = self._answered_at[-1] if self._answered_at else 0.0
        self._answered_at.append(max(before, self.now) + self.sizes[-1] / self._rate)
        self.now = max(self.now, self._answered_at[-1] - 1.0)  # a second of the line lies in buffers
        return len(self.sizes) - 1

    def take_answers(self) -> None:
        self._seen = self.now

    def has_answer(self, number: int) -> bool:
        return self._answered_at[number] <= self._seen

    def answer_to(self, number: int) -> wire.Answer:
        self.now = max(self.now, self._answered_at[number])
        return wire.Answer(wire.STATUS, [memoryview(bytes(4))])


@pytest.mark.parametrize("rate", [40_000, 400_000, 4_000_000, 1e9])
def test_requests_suit_the_line(rate: float) -> None:
    """A slow line is seen to move; on a fast one requests are as large as the server takes them, but for the first ones."""
    session, told = Session(rate), list[float]()
    for _pack in range(3):
        content = _Content(session, b"", lambda _count: told.append(session.now), session.clock)  # type: ignore[arg-type]
        content.send([NOISE])
        content.finish()
    last = session.sizes[-10:-1]

    assert min(last) >= 32 << 10
    assert max(last) <= max(32 << 10, rate * 0.4)
    if rate >= 4_000_000:
        assert set(last) == {255 << 10}
    assert max(after - before for before, after in itertools.pairwise(told)) <= max(1.0, 2 * (32 << 10) / rate)
