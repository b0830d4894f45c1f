"""A line that comes back within a quarter of an hour must not cost a backup; what cannot succeed must not cost the wait."""

import threading
from collections.abc import Callable

import pytest

from gdp.core.errors import (
    FileMissing,
    GdpError,
    HostKeyMismatch,
    Interrupted,
    LoginRefused,
    StorageDenied,
    StorageFull,
    StorageUnreachable,
)
from gdp.model.files import FileKind, StoredFile
from gdp.storage.retry import Retry, Retrying, RetryRules
from tests.storage.memory import MemoryStorage

FILE = StoredFile(FileKind.DATA, "a" * 64)


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def failing(times: int, error: Callable[[], GdpError]) -> MemoryStorage:
    """Return a storage whose first so many calls fail before they do anything."""
    left = [times]

    def before(_operation: str, _file: StoredFile | None) -> None:
        if left[0]:
            left[0] -= 1
            raise error()

    return MemoryStorage(before)


def unreachable() -> GdpError:
    return StorageUnreachable("the line broke", "wait for the provider")


def retrying(inner: MemoryStorage, clock: Clock, events: list[Retry], rules: RetryRules | None = None) -> Retrying:
    return Retrying(inner, rules or RetryRules(), on_retry=events.append, clock=clock, sleep=clock.sleep, chance=lambda: 0.0)


def test_waits_double_up_to_a_minute() -> None:
    """Quick for a hiccup, gentle on a server that is starting up."""
    clock, events = Clock(), list[Retry]()
    retrying(failing(9, unreachable), clock, events).write(FILE, [b"x"])

    assert clock.waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert [event.attempt for event in events] == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert (events[0].operation, events[0].path) == ("write", FILE.path)


def test_after_a_quarter_of_an_hour_it_gives_up_and_says_how_hard_it_tried() -> None:
    """The report must show that it was the line, and for how long."""
    clock, events = Clock(), list[Retry]()
    with pytest.raises(StorageUnreachable) as caught:
        retrying(failing(1000, unreachable), clock, events).read(FILE)

    assert 800 < clock.now - 1000 <= 900
    assert f"{len(clock.waits) + 1} attempts" in str(caught.value)
    assert "14 minutes" in str(caught.value)
    assert "the line broke" in str(caught.value)
    assert caught.value.hint == "wait for the provider"


@pytest.mark.parametrize("kind", [FileMissing, StorageDenied, StorageFull, LoginRefused, HostKeyMismatch, Interrupted])
def test_what_cannot_succeed_is_not_repeated(kind: type[GdpError]) -> None:
    """A wrong password repeated for a quarter of an hour locks the account."""
    clock, events = Clock(), list[Retry]()
    storage = retrying(failing(1, lambda: kind("no")), clock, events)

    with pytest.raises(kind):
        storage.read(FILE)
    assert clock.waits == []
    assert events == []


def test_chance_shortens_the_wait_by_up_to_a_half() -> None:
    """A thousand clients that lost the same server must not come back in the same second."""
    clock = Clock()
    storage = Retrying(failing(3, unreachable), clock=clock, sleep=clock.sleep, chance=lambda: 0.999)
    storage.create_folders()

    assert clock.waits == pytest.approx([0.5, 1.0, 2.0], rel=0.01)


def test_a_removal_whose_answer_was_lost_is_done() -> None:
    """At the second attempt the file is gone: that is what was wanted."""
    inner = MemoryStorage()
    inner.write(FILE, [b"x"])

    class Losing(MemoryStorage):
        def remove(self, file: StoredFile) -> None:
            inner.remove(file)
            raise StorageUnreachable("the answer was lost")

    clock = Clock()
    Retrying(Losing(), clock=clock, sleep=clock.sleep).remove(FILE)

    assert inner.files == {}


def test_a_file_that_was_never_there_is_still_missing() -> None:
    """Only a removal of ours explains its absence."""
    with pytest.raises(FileMissing):
        Retrying(MemoryStorage()).remove(FILE)


def test_a_listing_that_breaks_half_way_starts_again_and_repeats_nothing() -> None:
    """A name seen twice would be counted twice, a name missed would be uploaded again."""

    class Breaking(MemoryStorage):
        attempts = 0

        def list(self, kind: FileKind):  # type: ignore[no-untyped-def]  # a generator, unlike the original
            self.attempts += 1
            yield "a" * 64, 1
            if self.attempts == 1:
                raise StorageUnreachable("half way")
            yield "b" * 64, 2

    clock = Clock()

    assert list(Retrying(Breaking(), clock=clock, sleep=clock.sleep).list(FileKind.DATA)) == [("a" * 64, 1), ("b" * 64, 2)]


def test_a_hurried_storage_gives_up_after_seconds() -> None:
    """A run that has failed gives back its lock or leaves it; a hiccup may pass."""
    clock, events = Clock(), list[Retry]()
    storage = retrying(failing(1000, unreachable), clock, events)
    storage.hurry()
    with pytest.raises(StorageUnreachable):
        storage.remove(FILE)

    assert clock.waits == [1, 2]
    assert isinstance(storage.inner, MemoryStorage)
    assert storage.inner.is_hurried


def test_hurry_ends_a_wait_that_has_begun() -> None:
    """The thread that refreshes the lock may just have begun to wait for a minute; the run's end waits for the thread."""
    waiting = threading.Event()
    storage = Retrying(
        failing(1000, unreachable),
        RetryRules(10_000.0, 1000.0, 1000.0),
        on_retry=lambda _retry: waiting.set(),
        chance=lambda: 0.0,
    )
    ended: list[Exception] = []

    def write() -> None:
        try:
            storage.write(FILE, [b"x"])
        except StorageUnreachable as error:
            ended.append(error)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    assert waiting.wait(60)
    storage.hurry()
    thread.join(60)

    assert len(ended) == 1


def test_an_interruption_ends_the_waiting() -> None:
    """Ctrl-C during a wait of a minute must work at once."""

    def sleep(_seconds: float) -> None:
        raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        Retrying(failing(5, unreachable), sleep=sleep).read(FILE)


def test_it_says_where_the_inner_storage_is_and_closes_it() -> None:
    """A decorator is not seen from outside."""
    inner = MemoryStorage()
    storage = Retrying(inner)
    storage.close()

    assert storage.location == inner.location
    assert inner.is_closed
