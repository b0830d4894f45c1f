"""What is on its way: counted by many, added up by one, and sent one after the other where the line is slow."""

import os
import random
import threading
from pathlib import Path

import pytest

from gdp.core.ids import PackId
from gdp.core.packformat import MIN_PACK_BYTES, BlobKind, PackedBlob
from gdp.engine.archive.sending import PACK_SECONDS, UNKNOWN_RATE, Sending, Sent
from gdp.model.events import Progress
from gdp.repo.packer import FinishedPack, PackBody
from gdp.storage.shared_rate import SharedRate
from gdp.storage.throttle import Throttled
from tests.engine.archive.running import Archive, Ran

MB = 1_000_000


def pack_of(size: int, plain: int, kind: BlobKind = BlobKind.DATA) -> FinishedPack:
    """Return a pack that says to be so large; nobody looks into it."""
    return FinishedPack(PackId(bytes(32)), PackBody(), [PackedBlob(kind, bytes(32), 0, size, plain)], size)


class Clock:
    """Stands still until it is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_pack_on_its_way_counts_by_what_has_arrived_of_it() -> None:
    """On a slow line a pack takes minutes; nobody should see nothing for so long."""
    sending = Sending(2, 2)
    sending.count_found(0, 3 * MB)
    sending.count_found(1, 2 * MB)
    with sending.pack(0, 1, pack_of(MB, 2 * MB)) as pack:
        pack.has_arrived(MB // 4)

        assert sending.totals() == Sent(5 * MB, MB // 2, MB // 4, 0)
        assert sending.totals().waiting == 9 * MB // 2
    with sending.pack(1, 0, pack_of(MB, 2 * MB)):
        pass
    assert sending.totals() == Sent(5 * MB, 4 * MB, 2 * MB, 2 * MB)


def test_a_pack_that_is_sent_once_more_counts_from_its_beginning() -> None:
    """The line broke: what had arrived of it is of no use."""
    sending = Sending(1, 1)
    sending.count_found(0, MB)
    with pytest.raises(OSError, match="gone"), sending.pack(0, 0, pack_of(MB, MB)) as pack:  # noqa: PT012
        pack.has_arrived(MB // 2)
        pack.has_arrived(MB // 10)

        assert sending.totals().arrived == MB // 10
        raise OSError("gone")
    assert sending.totals().stored == 0


def test_what_other_processes_count_is_seen() -> None:
    """The workers send, the parent tells."""
    sending = Sending(1, 1)
    child = os.fork()
    if child == 0:
        sending.count_found(0, 7)
        os._exit(0)
    os.waitpid(child, 0)

    assert sending.totals().found == 7


def test_packs_are_as_large_as_wanted_until_the_line_is_known_to_be_slow() -> None:
    """A fast line must not pay for what a slow one needs. No pack is smaller than a user could choose."""
    sending = Sending(1, 1)
    sizes = []
    for rate in (0, 100 * MB, 200_000, 10):
        sending.expect(rate)
        sizes.append(sending.pack_bytes(16 << 20))

    assert sizes == [16 << 20, 16 << 20, 200_000 * PACK_SECONDS, MIN_PACK_BYTES]


def test_packs_are_smaller_where_a_run_has_little_time() -> None:
    """Several must arrive before it is ended, or the next run begins where this one did."""
    sizes = []
    for seconds in (None, 3600, 80, 8, 0):
        sending = Sending(1, 1, seconds)
        sending.expect(300_000)
        sizes.append(sending.pack_bytes(16 << 20))

    assert sizes == [9 * MB, 9 * MB, 3 * MB, MIN_PACK_BYTES, MIN_PACK_BYTES]


def test_a_run_that_may_be_ended_takes_an_unknown_line_for_a_slow_one_until_the_first_pack_is_there() -> None:
    """So the first run of all gets on, too; and a fast line costs it one small pack."""
    clock = Clock()
    sending = Sending(1, 1, 8 * 3600, clock=clock)
    sending.expect(0)
    first = sending.pack_bytes(16 << 20)
    said = sending.bytes_per_second
    with sending.pack(0, 0, pack_of(first, first)):
        clock.now += 0.1

    assert first == UNKNOWN_RATE * PACK_SECONDS
    assert said == 0, "it was not measured, and is nothing to remember"
    assert sending.pack_bytes(16 << 20) == 16 << 20
    assert sending.bytes_per_second == 10 * first


def test_only_what_files_hold_counts_as_kept() -> None:
    """Folders are stored last and are small: a run that has sent no more has got nowhere."""
    sending = Sending(1, 1)
    with sending.pack(0, 0, pack_of(MB, MB, BlobKind.TREE)):
        pass

    assert sending.totals() == Sent(0, MB, MB, 0)


def test_a_slow_line_is_measured_by_what_arrives() -> None:
    """Of all packs together: what one gets is multiplied by those that are under way."""
    clock = Clock()
    sending = Sending(1, 2, clock=clock)
    with sending.pack(0, 0, pack_of(10 * MB, 10 * MB)) as first, sending.pack(0, 1, pack_of(10 * MB, 10 * MB)):
        for second in range(12):
            clock.now = 100.0 + second
            first.has_arrived(10_000 * (second + 1))

        assert sending.bytes_per_second == 20_000


def test_a_line_that_has_become_fast_is_noticed_with_the_first_pack() -> None:
    """A laptop that comes home from the train."""
    clock = Clock()
    sending = Sending(1, 1, clock=clock)
    sending.expect(10_000)
    with sending.pack(0, 0, pack_of(4 * MB, 4 * MB)):
        clock.now += 0.1

    assert sending.bytes_per_second == 40 * MB


def test_on_a_slow_line_packs_take_turns() -> None:
    """Side by side all of them would be unfinished when the run has to end."""
    sending = Sending(1, 2)
    sending.expect(100_000)
    order: list[str] = []
    has_begun, may_end = threading.Event(), threading.Event()

    def first() -> None:
        with sending.pack(0, 0, pack_of(2 * MB, MB)):
            has_begun.set()
            may_end.wait(60)
            order.append("first")

    def second() -> None:
        has_begun.wait(60)
        with sending.pack(0, 1, pack_of(2 * MB, MB)):
            order.append("second")

    threads = [threading.Thread(target=each) for each in (first, second)]
    for thread in threads:
        thread.start()
    has_begun.wait(60)
    threads[1].join(0.3)
    may_end.set()
    for thread in threads:
        thread.join()

    assert order == ["first", "second"]


def test_on_a_fast_line_nobody_waits() -> None:
    """Each connection is bound by latency there, and many make up for it."""
    sending = Sending(8, 2)
    for rate in (0, 100 * MB):
        sending.expect(rate)
        with (
            sending.pack(0, 0, pack_of(16 * MB, MB)),
            sending.pack(0, 1, pack_of(16 * MB, MB)),
            sending.pack(1, 0, pack_of(16 * MB, MB)),
        ):
            pass

    assert sending.totals().stored == 6 * 16 * MB


@pytest.fixture
def slow_run(archive: Archive, source: Path) -> Ran:
    """A backup whose files are read at once, and sent in about three seconds."""
    (source / "noise").write_bytes(random.Random(1).randbytes(3 << 20))
    rate = SharedRate(1 << 20)
    return archive.backup("source", worker_storage=lambda storage: Throttled(storage, upload=rate))


def test_bytes_count_as_they_are_sent_and_not_pack_by_pack(slow_run: Ran) -> None:
    """The whole backup is a single pack: it is seen on its way many times."""
    told = [event for event in slow_run.events if isinstance(event, Progress)]
    sent = [event.bytes_sent or 0 for event in told]

    assert len({count for count in sent if 0 < count < 3 << 20}) > 5
    assert sent == sorted(sent)


def test_what_is_read_is_not_done_while_it_waits_to_be_sent(slow_run: Ran) -> None:
    """Else it said 100 % for as long as the line takes."""
    told = [event for event in slow_run.events if isinstance(event, Progress) and event.bytes_total]
    all_read = [event for event in told if event.bytes_done == event.bytes_total]

    assert all_read
    assert all_read[0].bytes_waiting
    assert all_read[0].bytes_safe < all_read[-1].bytes_safe
    assert all((event.bytes_sent or 0) < 3 << 20 for event in all_read if event.bytes_safe < (event.bytes_total or 0) // 2)


def test_a_dry_run_sends_nothing_and_waits_for_nothing(archive: Archive, source: Path) -> None:
    """What it would send counts as sent, so that it tells what it would come to."""
    (source / "noise").write_bytes(random.Random(1).randbytes(3 << 20))
    ran = archive.backup("source", dry_run=True)

    assert ran.summary.data_added > 3 << 20
    assert archive.packs() == []
