"""A storage that repeats what failed because the line was down. Never repeats what cannot succeed.

Only StorageUnreachable is repeated. Each operation stays what it was: a write whose answer was lost finds its file and is
done; a removal whose answer was lost finds nothing and is done.
"""

import random
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from gdp.core.errors import FileMissing, StorageUnreachable
from gdp.core.language import N_
from gdp.model.files import FileKind, FileRange, StoredFile
from gdp.storage.contract import Buffer, Storage
from gdp.storage.wrapper import StorageWrapper

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetryRules:
    """How long to go on."""

    total_seconds: float = 900.0
    """From the first failure on. A quarter of an hour survives a router's restart and a provider's nightly cut."""
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 60.0
    """The waits double up to this."""
    hurried_seconds: float = 5.0
    """Instead of ``total_seconds`` once the run is over: long enough for a hiccup, and nobody watches a dead line for longer."""


@dataclass(frozen=True, slots=True)
class Retry:
    """An operation failed and is about to be repeated."""

    operation: str
    """``read``, ``write``, ...: the method's name."""
    path: str
    """What it was about, relative to the repository's root."""
    attempt: int
    """Which attempt failed: 1, 2, ..."""
    wait_seconds: float
    error: StorageUnreachable


OnRetry = Callable[[Retry], None]


class Retrying(StorageWrapper):
    """A Storage that repeats the operations of another one.

    Args:
        inner: the storage that may be out of reach.
        rules: how long.
        on_retry: is told before each wait.
        clock: seconds, monotonic.
        sleep: waits so many seconds; what it raises (an interruption) ends the operation. Else the wait ends early when
            another thread calls ``hurry``.
        chance: a random number in [0, 1): many clients must not come back in the same second.
    """

    def __init__(
        self,
        inner: Storage,
        rules: RetryRules = RetryRules(),
        *,
        on_retry: OnRetry | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        super().__init__(inner)
        self._rules = rules
        self._on_retry = on_retry
        self._clock = clock
        self._is_hurried = threading.Event()
        self._sleep = sleep or self._wait
        self._chance = chance

    def create_folders(self) -> None:
        self._repeat("create_folders", "", self._inner.create_folders)

    def list(self, kind: FileKind) -> Iterator[tuple[str, int]]:
        return iter(self._repeat("list", str(kind), lambda: list(self._inner.list(kind))))

    def size(self, file: StoredFile) -> int:
        return self._repeat("size", file.path, lambda: self._inner.size(file))

    def read(self, file: StoredFile, offset: int = 0, length: int | None = None) -> bytes:
        return self._repeat("read", file.path, lambda: self._inner.read(file, offset, length))

    def read_small(self, files: Sequence[StoredFile]) -> Sequence[bytes | None]:
        return self._repeat("read", files[0].path, lambda: self._inner.read_small(files)) if files else []

    def read_ranges(self, ranges: Sequence[FileRange]) -> Sequence[bytes | None]:
        return self._repeat("read", ranges[0].file.path, lambda: self._inner.read_ranges(ranges)) if ranges else []

    def write(self, file: StoredFile, parts: Collection[Buffer]) -> None:
        self._repeat("write", file.path, lambda: self._inner.write(file, parts))

    def remove(self, file: StoredFile) -> None:
        attempts = 0

        def attempt() -> None:
            nonlocal attempts
            attempts += 1
            try:
                self._inner.remove(file)
            except FileMissing:
                if attempts == 1:
                    raise

        self._repeat("remove", file.path, attempt)

    def hurry(self) -> None:
        self._is_hurried.set()
        self._inner.hurry()

    def close(self) -> None:
        self._inner.close()

    def _repeat(self, operation: str, path: str, attempt: Callable[[], T]) -> T:
        first_failure: float | None = None
        number = 0
        while True:
            try:
                return attempt()
            except StorageUnreachable as error:
                number += 1
                now = self._clock()
                first_failure = now if first_failure is None else first_failure
                wait = self._wait_after(number)
                if now + wait - first_failure > self._patience_seconds:
                    raise self._gave_up(error, number, now - first_failure) from error
                if self._on_retry is not None:
                    self._on_retry(Retry(operation, path, number, wait, error))
            self._sleep(wait)

    @property
    def _patience_seconds(self) -> float:
        rules = self._rules
        return min(rules.total_seconds, rules.hurried_seconds) if self._is_hurried.is_set() else rules.total_seconds

    def _wait(self, seconds: float) -> None:
        if self._is_hurried.is_set():
            time.sleep(seconds)
        else:
            self._is_hurried.wait(seconds)

    def _wait_after(self, failures: int) -> float:
        """Return the wait after so many failures, in seconds: doubled each time, then shortened by chance up to a half."""
        wait = min(self._rules.first_wait_seconds * 2.0 ** min(failures - 1, 32), self._rules.longest_wait_seconds)
        return wait * (1.0 - self._chance() / 2)

    def _gave_up(self, error: StorageUnreachable, attempts: int, seconds: float) -> StorageUnreachable:
        return StorageUnreachable(
            N_(
                "{location} stayed out of reach: {attempts:attempt|attempts} in {minutes:minute|minutes}; "
                "the last one said: {reason}"
            ),
            error.hint_template or N_("Check the network and whether the server is running."),
            **error.facts | {
                "location": self.location, "attempts": attempts, "minutes": round(seconds / 60), "reason": str(error),
            },
        )  # fmt: skip
