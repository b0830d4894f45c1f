"""The line is measured with files of which nothing stays, however the run ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator
from itertools import count
from pathlib import Path

import pytest

from gdp.core.errors import StorageDenied, StorageUnreachable
from gdp.engine.advise.line import measure_line
from gdp.model.events import Event, Progress, ignore_events
from gdp.model.files import FileKind, StoredFile
from gdp.storage.contract import Buffer, Storage
from gdp.storage.leftovers import sweep_leftovers
from gdp.storage.local import LocalStorage
from gdp.storage.names import is_temporary_name
from gdp.storage.sftp import SftpStorage
from gdp.storage.wrapper import StorageWrapper
from tests.conftest import PROJECT
from tests.sshd import run_sshd, settings_for
from tests.storage.memory import MemoryStorage

LOCK = StoredFile(FileKind.LOCKS, "a" * 64)


@pytest.fixture(params=["local", "sftp"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Storage, Path]]:
    """A storage without a repository, and the folder it lies in."""
    root = tmp_path / "repository"
    root.mkdir()
    if request.param == "local":
        yield LocalStorage(root), root
        return
    with run_sshd(tmp_path / "sshd") as server:
        storage = SftpStorage(settings_for(server, tmp_path))
        yield storage, root
        storage.close()


class Slow(StorageWrapper):
    """A storage whose clock goes on with what is done."""

    def __init__(self, seconds_a_byte: float, seconds_a_file: float, seconds_a_look: float) -> None:
        super().__init__(MemoryStorage())
        self.now = 0.0
        self._byte, self._file, self._look = seconds_a_byte, seconds_a_file, seconds_a_look

    def size(self, file: StoredFile) -> int:
        self.now += self._look
        return super().size(file)

    def write(self, file: StoredFile, parts: Collection[Buffer]) -> None:
        self.now += self._file + sum(len(part) for part in parts) * self._byte
        super().write(file, parts)


class Interrupting(StorageWrapper):
    """A storage in whose n-th write something happens when half of it was read."""

    def __init__(self, inner: Storage, number: int, happens: Callable[[], None]) -> None:
        super().__init__(inner)
        self._numbers, self._at, self._happens = count(1), number, happens

    def write(self, file: StoredFile, parts: Collection[Buffer]) -> None:
        happens = self._happens if next(self._numbers) == self._at else lambda: None
        super().write(file, Halfway(parts, happens))


class Halfway(Collection[Buffer]):
    """Parts of a file, in the middle of which something happens."""

    def __init__(self, parts: Collection[Buffer], happens: Callable[[], None]) -> None:
        self._parts, self._happens = parts, happens
        self._passes = 0

    def __len__(self) -> int:
        return len(self._parts)

    def __contains__(self, part: object) -> bool:
        return part in self._parts

    def __iter__(self) -> Iterator[Buffer]:
        self._passes += 1
        for number, part in enumerate(self._parts):
            if self._passes > 1 and number == len(self._parts) // 2:  # the first pass only counts bytes
                self._happens()
            yield part


def everything_in(folder: Path) -> list[str]:
    """Return the names of all that lies in a folder."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_speed_and_waits_are_told_apart() -> None:
    """A megabyte a second, a third of a second for each file: what a small trial takes is not the line's speed."""
    storage = Slow(1e-6, 0.3, 0.05)

    line = measure_line(storage, ignore_events, lambda: storage.now)

    assert line.bytes_per_second == pytest.approx(1e6, rel=0.01)
    assert line.seconds_a_file == pytest.approx(0.3, abs=0.001)
    assert line.round_trip_seconds == pytest.approx(0.05)


def test_a_slow_line_is_sent_little_and_a_fast_one_some_megabytes() -> None:
    """Measuring must not take minutes, nor be guesswork."""
    sent = []
    for seconds_a_byte in (1e-5, 1e-8):
        events: list[Event] = []
        storage = Slow(seconds_a_byte, 0.0, 0.0)
        measure_line(storage, events.append, lambda storage=storage: storage.now)  # type: ignore[misc]
        sent.append(max(event.bytes_done for event in events if isinstance(event, Progress)))

    assert sent == [256 << 10, (256 << 10) + (13 << 20)]


def test_nothing_stays(place: tuple[Storage, Path]) -> None:
    """Not even a folder: the repository is only to be made."""
    storage, root = place

    assert measure_line(storage, ignore_events).bytes_per_second > 0
    assert everything_in(root) == []


def test_nothing_stays_after_ctrl_c_in_mid_write(place: tuple[Storage, Path]) -> None:
    """The write is told to stop and takes away what it had begun."""
    storage, root = place
    interrupting = Interrupting(storage, 6, lambda: os.kill(os.getpid(), signal.SIGINT))

    with pytest.raises(KeyboardInterrupt):
        measure_line(interrupting, ignore_events)

    assert everything_in(root) == []


def test_what_a_killed_run_leaves_is_swept(tmp_path: Path) -> None:
    """In mid-write, and between writing and removing: prune takes both for unfinished files of ours, which they are."""
    root = tmp_path / "repository"
    storage = LocalStorage(root)
    storage.create_folders()
    storage.write(LOCK, [b"lock"])
    for moment in ("write", "remove"):
        subprocess.run([sys.executable, "-c", _KILLED, str(root), moment], cwd=PROJECT, check=False)

    left = [name for name in everything_in(root) if "temp" in name]
    assert len(left) == 2
    assert all(is_temporary_name(name) for name in left)
    assert sweep_leftovers(storage, LOCK, older_than_seconds=-3600) == 2


def test_a_target_that_cannot_be_reached_is_said_soon() -> None:
    """It is not waited for like in a nightly run."""

    def fail(_operation: str, _file: StoredFile | None) -> None:
        raise StorageUnreachable("no route")

    storage = MemoryStorage(fail)
    with pytest.raises(StorageUnreachable):
        measure_line(storage, ignore_events)

    assert storage.is_hurried


def test_a_target_that_takes_no_files_is_said() -> None:
    """What goes wrong in the measuring thread comes to whoever waits."""

    def fail(operation: str, _file: StoredFile | None) -> None:
        if operation == "write":
            raise StorageDenied("read only")

    with pytest.raises(StorageDenied):
        measure_line(MemoryStorage(fail), ignore_events)


_KILLED = """
import os, signal, sys
from pathlib import Path
from gdp.engine.advise.line import measure_line
from gdp.model.events import ignore_events
from gdp.storage.local import LocalStorage
from tests.engine.advise.test_line import Interrupting

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

storage = LocalStorage(Path(sys.argv[1]))
if sys.argv[2] == "write":
    storage = Interrupting(storage, 6, die)
else:
    storage.remove = die
measure_line(storage, ignore_events)
"""
