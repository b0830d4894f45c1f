"""The rate the user allows is what the line sees. Measured where the bytes arrive, with a clock that only sleeping moves."""

import itertools
import os
from collections.abc import Collection

import pytest

from gdp.model.files import FileKind, StoredFile
from gdp.storage.contract import Buffer
from gdp.storage.shared_rate import SharedRate
from gdp.storage.throttle import Throttled
from tests.storage.memory import MemoryStorage

WINDOW_SECONDS = 10.0
FILE = StoredFile(FileKind.DATA, "a" * 64)


class Clock:
    """Time that passes by sleeping, a little more than asked for, as with real sleep."""

    def __init__(self, late_seconds: float = 0.0) -> None:
        self.now = 5000.0
        self.late_seconds = late_seconds

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds + self.late_seconds


class Meter(MemoryStorage):
    """A server that notes when bytes come and go."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.moved: list[tuple[float, int]] = []

    def write(self, file: StoredFile, parts: Collection[Buffer]) -> None:
        pieces: list[bytes] = []
        for part in parts:
            self.moved.append((self._clock.now, len(part)))
            pieces.append(bytes(part))
        super().write(file, pieces)

    def read(self, file: StoredFile, offset: int = 0, length: int | None = None) -> bytes:
        data = super().read(file, offset, length)
        self.moved.append((self._clock.now, len(data)))
        return data

    def rates(self) -> list[float]:
        """Return the bytes a second of every whole window."""
        begin, end = self.moved[0][0], self.moved[-1][0]
        found = []
        while begin + WINDOW_SECONDS <= end:
            count = sum(size for at, size in self.moved if begin <= at < begin + WINDOW_SECONDS)
            found.append(count / WINDOW_SECONDS)
            begin += 0.7
        return found


@pytest.mark.parametrize("rate", [3_000, 50_000, 1_000_000])
@pytest.mark.parametrize("late_seconds", [0.0, 0.002])
def test_an_upload_keeps_to_the_rate_in_every_ten_seconds(rate: int, late_seconds: float) -> None:
    """An office telephones over the same line; an average over the night helps nobody."""
    clock = Clock(late_seconds)
    meter = Meter(clock)
    storage = Throttled(meter, upload=SharedRate(rate, clock=clock), sleep=clock.sleep)
    data = bytes(rate * 31)
    storage.write(FILE, [data[: rate * 9], data[rate * 9 :]])

    assert meter.rates() == pytest.approx([rate] * len(meter.rates()), rel=0.1)
    assert len(meter.rates()) > 10
    assert meter.files[FILE] == data


@pytest.mark.parametrize("rate", [100_000, 1_000_000])
def test_a_download_keeps_to_the_rate_in_every_ten_seconds(rate: int) -> None:
    """The monthly restore drill runs in office hours, too."""
    clock = Clock(0.001)
    meter = Meter(clock)
    meter.files[FILE] = bytes(range(250)) * (rate * 31 // 250)
    storage = Throttled(meter, download=SharedRate(rate, clock=clock), sleep=clock.sleep)

    assert storage.read(FILE) == meter.files[FILE]
    assert meter.rates() == pytest.approx([rate] * len(meter.rates()), rel=0.1)


def test_several_files_share_one_rate() -> None:
    """The limit is for the computer, not for each file."""
    clock = Clock()
    meter = Meter(clock)
    rate = SharedRate(100_000, clock=clock)
    storages = [Throttled(meter, upload=rate, sleep=clock.sleep) for _ in range(2)]
    begin = clock.now
    for number in range(20):
        storages[number % 2].write(StoredFile(FileKind.DATA, f"{number:064x}"), [bytes(50_000)])

    assert clock.now - begin == pytest.approx(10.0, rel=0.1)


def test_the_rate_may_change_while_a_file_is_on_its_way() -> None:
    """At eight o'clock the night's full speed ends, wherever the upload is."""
    clock = Clock()
    rate = SharedRate(1_000_000, clock=clock)

    class Changing(Meter):
        def write(self, file: StoredFile, parts: Collection[Buffer]) -> None:
            count = 0
            for part in parts:
                count += len(part)
                self.moved.append((clock.now, len(part)))
                if count >= 1_000_000:
                    rate.bytes_per_second = 100_000

    begin = clock.now
    Throttled(Changing(clock), upload=rate, sleep=clock.sleep).write(FILE, [bytes(2_000_000)])

    assert clock.now - begin == pytest.approx(1 + 10, rel=0.1)


def test_a_limit_by_time_of_day_is_asked_for_again_and_again() -> None:
    """Office hours end while a first backup runs for days. Asked for a value, for a turn, and once a second at most."""
    clock = Clock()
    asked: list[float] = []

    def by_time() -> float:
        asked.append(clock.now)
        return 100_000.0 if clock.now < begin + 10 else 0.0

    begin = clock.now
    rate = SharedRate(by_time=by_time, clock=clock)
    meter = Meter(clock)
    storage = Throttled(meter, upload=rate, sleep=clock.sleep)
    storage.write(FILE, [bytes(2_000_000)])

    assert clock.now - begin == pytest.approx(10.0, abs=2)
    assert rate.bytes_per_second == 0.0
    assert all(later - earlier >= 1 for earlier, later in itertools.pairwise(asked))


def test_no_limit_costs_nothing() -> None:
    """Without a limit the parts go down as they are, so that the storage may send large requests."""
    seen: list[int] = []

    class Looking(MemoryStorage):
        def write(self, file: StoredFile, parts: Collection[Buffer]) -> None:
            seen.extend(len(part) for part in parts)

    storage = Throttled(Looking(), upload=SharedRate(0), download=None)
    storage.write(FILE, [bytes(10**6), bytes(5)])

    assert seen == [10**6, 5]


def test_a_pause_is_not_caught_up_with_a_burst() -> None:
    """After an hour of idleness the line is not flooded for the hour's worth."""
    clock = Clock()
    rate = SharedRate(1000, clock=clock)
    rate.take(10)
    clock.now += 3600

    assert rate.take(1000) == 0
    assert rate.take(1000) == pytest.approx(0.9)


def test_processes_forked_later_share_the_rate() -> None:
    """Small files are uploaded by several processes at once."""
    clock = Clock()
    rate = SharedRate(1000, clock=clock)
    child = os.fork()
    if child == 0:
        rate.take(5000)
        os._exit(0)
    os.waitpid(child, 0)

    assert rate.take(1) == pytest.approx(4.9)


def test_a_killed_process_does_not_hold_the_lock() -> None:
    """One worker out of memory must not stop the others for ever."""
    rate = SharedRate(1000)
    child = os.fork()
    if child == 0:
        rate._shared.locked().__enter__()  # as if it died in the middle of take()
        os._exit(1)
    os.waitpid(child, 0)

    assert rate.take(1) == 0.0


def test_changing_the_rate_is_seen_by_other_processes() -> None:
    """The parent knows the time of day, the workers send."""
    rate = SharedRate(1000)
    child = os.fork()
    if child == 0:
        rate.bytes_per_second = 77
        os._exit(0)
    os.waitpid(child, 0)

    assert rate.bytes_per_second == 77


def test_a_retried_write_is_paced_again() -> None:
    """The parts may be iterated more than once."""
    clock = Clock()

    class Twice(MemoryStorage):
        def write(self, file: StoredFile, parts: Collection[Buffer]) -> None:
            assert b"".join(parts) == b"".join(parts)

    begin = clock.now
    Throttled(Twice(), upload=SharedRate(1000, clock=clock), sleep=clock.sleep).write(FILE, [bytes(10_000)])

    assert clock.now - begin == pytest.approx(20, rel=0.1)
