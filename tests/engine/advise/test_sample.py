"""What the adviser reads of the sources, and what it finds in it."""

import os
import random
from itertools import count
from pathlib import Path

import pytest

from gdp.core.compress import Compression
from gdp.core.language import complete
from gdp.engine.advise.census import (
    LONGEST_RUN_BYTES,
    Chooser,
    Piece,
    count_sources,
    join,
    share_budget,
)
from gdp.engine.advise.estimate import estimate
from gdp.engine.advise.measured import BLOCK_CHOICES
from gdp.engine.advise.sample import read_sample
from gdp.engine.archive.options import BackupOptions
from gdp.model.events import Event, Note, Progress, ignore_events
from tests.engine.advise.sources import MIB, measure, text

KIB = 1 << 10


def noise(size: int, seed: int = 1) -> bytes:
    """Return what nothing can compress."""
    return random.Random(seed).randbytes(size)


def test_files_are_counted_by_size_class(tmp_path: Path) -> None:
    """An empty file counts as a file."""
    for name, size in {"empty": 0, "a": 1, "b": 64 * KIB, "c": 64 * KIB + 1, "d": 2 * MIB, "e": 17 * MIB}.items():
        with (tmp_path / name).open("wb") as stream:
            stream.truncate(size)

    census = measure(tmp_path).census
    assert [each.files for each in census.classes] == [3, 1, 1, 1]
    assert [each.bytes for each in census.classes] == [1 + 64 * KIB, 64 * KIB + 1, 2 * MIB, 17 * MIB]
    assert census.directories == 1


def test_excludes_and_limits_of_a_backup_hold(tmp_path: Path) -> None:
    """What is not backed up must not be in the estimate."""
    for name in ("taken", "left-out", "huge"):
        (tmp_path / name).write_bytes(noise(2000 if name == "huge" else 1000))
    options = BackupOptions(
        sources=[os.fsencode(tmp_path)], excludes=lambda path, _is_folder: path.endswith(b"left-out"), exclude_larger_than=1500
    )

    census, pieces = count_sources(options, ignore_events)
    assert census.files == 1
    assert [Path(os.fsdecode(piece.path)).name for piece in pieces] == ["taken"]


def test_a_copy_is_stored_once(tmp_path: Path) -> None:
    """Of small files and of large ones."""
    for name, size in {"small": 10 * KIB, "large": 3 * MIB}.items():
        (tmp_path / name).write_bytes(noise(size))
        (tmp_path / f"{name}-copy").write_bytes(noise(size))

    for cuts in measure(tmp_path).sample.cuts.values():
        assert [cut.repeated_bytes for cut in cuts] == [10 * KIB, 0, 3 * MIB, 0]
        assert sum(cut.stored_bytes for cut in cuts) == pytest.approx(10 * KIB + 3 * MIB, rel=0.001)


def test_small_blocks_find_repetitions_that_large_ones_miss(tmp_path: Path) -> None:
    """That is what the table is there to show."""
    repeated = noise(900 * KIB)
    (tmp_path / "file").write_bytes(b"".join(repeated + noise(700 * KIB, seed) for seed in range(2, 10)))

    costs = estimate(measure(tmp_path)).costs
    assert costs[128 * KIB, 16 * MIB].stored_bytes < 0.85 * costs[4 * MIB, 16 * MIB].stored_bytes


def test_what_compresses_is_counted_compressed(tmp_path: Path) -> None:
    """With the compression that the backup will have."""
    (tmp_path / "log").write_bytes(text(2 * MIB, random.Random(1)))
    sizes = {
        compression: estimate(measure(tmp_path, compression=compression)).costs[MIB, 16 * MIB].stored_bytes
        for compression in Compression
    }

    assert sizes[Compression.MAX] < sizes[Compression.AUTO] < sizes[Compression.OFF] / 2
    assert sizes[Compression.OFF] == pytest.approx(2 * MIB, rel=0.01)


def test_nothing_there_costs_nothing(tmp_path: Path) -> None:
    """An empty folder, and one with empty files."""
    (tmp_path / "empty").touch()
    measured = measure(tmp_path)

    assert measured.sample.read_bytes == 0
    assert all(cost.stored_bytes < 1000 for cost in estimate(measured).costs.values())


def test_what_cannot_be_read_is_noted_and_skipped(tmp_path: Path) -> None:
    """Many are not named one by one. Gone since the walk: root may read everything."""
    for number in range(9):
        (tmp_path / f"file-{number}").write_bytes(noise(1000, number))
    _, pieces = count_sources(BackupOptions(sources=[os.fsencode(tmp_path)]), ignore_events)
    for number in range(8):
        (tmp_path / f"file-{number}").unlink()
    events: list[Event] = []

    sample = read_sample(pieces, Compression.AUTO, events.append)
    notes = [complete(event.template, event.facts, "en") for event in events if isinstance(event, Note)]
    assert (sample.unreadable, sample.read_bytes) == (8, 1000)
    assert len(notes) == 6
    assert "is not in the sample: No such file or directory" in notes[0]
    assert notes[-1] == "3 more files could not be read for the sample"


def test_a_file_that_became_a_link_or_a_fifo_is_not_followed_or_waited_for(tmp_path: Path) -> None:
    """Between walk and reading anything may happen."""
    (tmp_path / "link").write_bytes(noise(1000))
    (tmp_path / "fifo").write_bytes(noise(1001))
    _, pieces = count_sources(BackupOptions(sources=[os.fsencode(tmp_path)]), ignore_events)
    for name in ("link", "fifo"):
        (tmp_path / name).unlink()
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "fifo")

    sample = read_sample(pieces, Compression.AUTO, ignore_events)
    assert (sample.unreadable, sample.read_bytes) == (2, 0)


def test_reading_ends_when_its_time_is_over(tmp_path: Path) -> None:
    """What was read until then is the sample."""
    for number in range(10):
        (tmp_path / f"file-{number}").write_bytes(noise(1000, number))
    _, pieces = count_sources(BackupOptions(sources=[os.fsencode(tmp_path)]), ignore_events)
    seconds = count()

    sample = read_sample(pieces, Compression.AUTO, ignore_events, most_seconds=4, clock=lambda: float(next(seconds)))
    assert sample.read_bytes == 3000


def test_a_sample_keeps_within_its_bytes_and_tells_how_far_it_is(tmp_path: Path) -> None:
    """A piece more at most."""
    for number in range(100):
        (tmp_path / f"file-{number}").write_bytes(noise(10_000, number))
    events: list[Event] = []

    sample = measure(tmp_path, sample_bytes=300_000, emit=events.append).sample
    assert 300_000 <= sample.read_bytes <= 310_000

    with (tmp_path / "large").open("wb") as stream:
        stream.truncate(10 * MIB)
    measure(tmp_path, emit=events.append)
    last = [event for event in events if isinstance(event, Progress)][-1]
    assert 0 < last.bytes_done <= (last.bytes_total or 0)


def test_a_chooser_keeps_a_bounded_number_of_pieces() -> None:
    """Millions of tiny files must not fill the memory."""
    chooser = Chooser(1 << 40, b"salt", most_pieces=50)
    for number in range(10_000):
        chooser.offer(Piece(0, b"%d" % number, 0, 1, is_end=True), b"%d" % number)

    assert len(chooser.within(1 << 40)) == 50


def test_copies_are_chosen_together() -> None:
    """Else a sample of a tenth would find a hundredth of the copies."""
    chooser = Chooser(100, b"salt")
    for place in (b"here/", b"there/"):
        for number in range(1000):
            chooser.offer(Piece(0, place + b"%d" % number, 0, 1, is_end=True), b"%d" % number)

    names = [piece.path.rpartition(b"/")[2] for piece in chooser.within(100)]
    assert len(names) == 100
    assert len(set(names)) <= 51


def test_a_budget_is_shared_in_proportion_with_something_for_everybody() -> None:
    """A few documents beside a large disk image are looked at too."""
    assert share_budget([10, 0, 100, 10_000], 800) == [10, 0, 100, 690]
    assert share_budget([10, 0, 20, 0], 800) == [10, 0, 20, 0]
    assert share_budget([1000, 0, 0, 3000], 800) == pytest.approx([240, 0, 0, 560], abs=5)


def test_places_side_by_side_are_read_as_one() -> None:
    """Repetitions across their borders are found then; but not without end, since one is read whole."""
    half = LONGEST_RUN_BYTES // 2
    pieces = [Piece(3, b"a", half, half, is_end=False), Piece(3, b"b", 0, 5, is_end=True), Piece(3, b"a", 0, half, is_end=False)]

    assert join(pieces) == [Piece(3, b"a", 0, 2 * half, is_end=False), pieces[1]]
    assert len(join([*pieces, Piece(3, b"a", 2 * half, 1, is_end=True)])) == 3


def test_every_block_size_is_tried(tmp_path: Path) -> None:
    """On the same bytes."""
    (tmp_path / "file").write_bytes(noise(20 * MIB))
    cuts = measure(tmp_path).sample.cuts

    assert {sum(cut.read_bytes for cut in cuts[block]) for block in BLOCK_CHOICES} == {20 * MIB}
    blobs = [cuts[block][3].blobs for block in BLOCK_CHOICES]
    assert blobs == sorted(blobs, reverse=True)
    assert blobs[0] > 10 * blobs[-1]
