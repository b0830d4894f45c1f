"""Measures how fast a target takes files, with trial files that are removed again.

Whatever moment the run is killed in, what stays has the name of an unfinished file and is swept with those.
"""

import os
import secrets
import statistics
import threading
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from contextlib import closing, suppress

from gdp.core.errors import FileMissing, StorageError
from gdp.core.language import N_
from gdp.engine.advise.measured import Line
from gdp.model.events import Emit, Progress, StageBegan
from gdp.model.files import FileKind, StoredFile
from gdp.storage.contract import Storage
from gdp.storage.names import make_trial_file

TRIAL_BYTES = (256 << 10, 1 << 20, 4 << 20, 8 << 20)  # one after the other, until one takes long enough to tell the speed
LONG_ENOUGH_SECONDS = 1.5
_ROUND_TRIPS = 5
_SMALL_TRIALS = 3
_LEAST_SECONDS = 1e-6
_PIECE_BYTES = 64 << 10
_CLEAN_END_SECONDS = 5.0


class _StoppedError(StorageError):
    """The user wants no more; a storage that is told so in mid-write takes away what it has begun."""


class _TrialBytes(Collection[bytes]):
    """Bytes that no line can compress, and that end with an error when the user wants no more."""

    def __init__(self, size: int, stopped: threading.Event) -> None:
        self._pieces = [os.urandom(min(_PIECE_BYTES, size - start)) for start in range(0, size, _PIECE_BYTES)]
        self._stopped = stopped

    def __len__(self) -> int:
        return len(self._pieces)

    def __contains__(self, piece: object) -> bool:
        return piece in self._pieces

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            if self._stopped.is_set():
                raise _StoppedError("stopped")
            yield piece


def measure_line(storage: Storage, emit: Emit, clock: Callable[[], float] = time.monotonic) -> Line:
    """Return how fast the storage takes files. Raises StorageError when it takes none; never waits long for one out of reach."""
    emit(StageBegan(N_("measuring the line")))
    storage.hurry()
    _look(storage)  # connects, and may ask for a password
    stopped = threading.Event()
    # In a thread of its own: Ctrl-C in the middle of a message would make the connection useless for tidying up.
    with closing(_Thread(lambda: _measure(storage, emit, clock, stopped), stopped)) as thread:
        return thread.result()


class _Thread:
    """Runs a function which ends when it is told to."""

    def __init__(self, function: Callable[[], Line], stopped: threading.Event) -> None:
        self._stopped = stopped
        self._future: Future[Line] = Future()
        self._thread = threading.Thread(target=self._run, args=(function,), name="line", daemon=True)
        self._thread.start()

    def result(self) -> Line:
        """Wait for the end."""
        return self._future.result()

    def close(self) -> None:
        """Have it end. A dead line is not waited for."""
        self._stopped.set()
        self._thread.join(_CLEAN_END_SECONDS)

    def _run(self, function: Callable[[], Line]) -> None:
        try:
            self._future.set_result(function())
        except BaseException as error:  # noqa: BLE001 raised in the thread that waits
            self._future.set_exception(error)


def _measure(storage: Storage, emit: Emit, clock: Callable[[], float], stopped: threading.Event) -> Line:
    round_trip = statistics.median(_seconds(lambda: _look(storage), clock) for _ in range(_ROUND_TRIPS))
    _write_seconds(storage, 1, clock, stopped)  # what is done once for all writing is done now
    overhead = statistics.median(_write_seconds(storage, 1, clock, stopped) for _ in range(_SMALL_TRIALS))
    rate, sent = 0.0, 0
    for size in TRIAL_BYTES:
        seconds = _write_seconds(storage, size, clock, stopped)
        sent += size
        emit(Progress(bytes_done=sent))
        rate = size / max(seconds - overhead, seconds / 2, _LEAST_SECONDS)
        if seconds >= LONG_ENOUGH_SECONDS:
            break
    return Line(rate, overhead, round_trip)


def _look(storage: Storage) -> None:
    """Ask for a file that is not there: one round trip."""
    with suppress(FileMissing):
        storage.size(StoredFile(FileKind.KEYS, secrets.token_hex(32)))


def _write_seconds(storage: Storage, size: int, clock: Callable[[], float], stopped: threading.Event) -> float:
    data, file = _TrialBytes(size, stopped), make_trial_file()
    seconds = _seconds(lambda: storage.write(file, data), clock)
    with suppress(FileMissing):
        storage.remove(file)
    return seconds


def _seconds(action: Callable[[], None], clock: Callable[[], float]) -> float:
    began = clock()
    action()
    return clock() - began
