"""The rules by which block sizes are estimated and recommended, on measurements made up for each."""

from dataclasses import replace

import pytest

from gdp.engine.advise import recommend as reasons
from gdp.engine.advise.estimate import PACK_CHOICES, estimate
from gdp.engine.advise.measured import BLOCK_CHOICES, Census, Cut, Line, Measured, Sample
from gdp.engine.advise.recommend import Recommendation, recommend

KIB, MIB, GIB, TIB = 1 << 10, 1 << 20, 1 << 30, 1 << 40
DSL = Line(1_250_000, 0.1, 0.03)


def measured(
    sizes: dict[int, int], stored_parts: dict[int, float] | None = None, *, line: Line | None = DSL, memory_bytes: int = 16 * GIB
) -> Measured:
    """Return measurements of sources.

    Args:
        sizes: size class -> bytes in it; a thousand files, all of them sampled.
        stored_parts: block size -> how much of the large files' bytes is stored; 1 where nothing is said.
    """
    census, sample = Census(directories=10), Sample()
    for size_class, size in sizes.items():
        census.classes[size_class].files, census.classes[size_class].bytes = 1000, size
        sample.read_bytes += size
        for block, cuts in sample.cuts.items():
            part = (stored_parts or {}).get(block, 1.0) if size_class else 1.0
            cuts[size_class] = Cut(size, 0, size, max(1000, size // block) if size_class else 1000, int(size * part))
    return Measured(census, sample, line, memory_bytes, processors=2)


def advise(facts: Measured) -> Recommendation:
    """Return what is recommended."""
    return recommend(facts, estimate(facts))


def test_nothing_to_judge_by_gives_the_usual_sizes() -> None:
    """An empty folder is no reason for anything."""
    advice = advise(measured({}))

    assert (advice.block_bytes, advice.pack_bytes) == (MIB, 16 * MIB)
    assert advice.block_reason.template == reasons.NOTHING_THERE


def test_small_files_give_the_usual_size_and_say_that_it_hardly_matters() -> None:
    """A small file is one block whatever is chosen."""
    advice = advise(measured({0: 9 * GIB, 1: GIB // 2}))

    assert advice.block_bytes == MIB
    assert advice.block_reason.template == reasons.SMALL_FILES


def test_a_difference_not_worth_it_leaves_the_usual_size() -> None:
    """The usual one is the one that is tried most."""
    advice = advise(measured({3: 100 * GIB}, {128 * KIB: 0.99}))

    assert advice.block_bytes == MIB
    assert advice.block_reason.template == reasons.NO_DIFFERENCE


def test_smaller_blocks_are_chosen_where_they_find_repetitions() -> None:
    """That is what small blocks are for; of sizes that are as good the one nearest to the usual."""
    advice = advise(measured({3: 100 * GIB}, {128 * KIB: 0.7, 256 * KIB: 0.705, 512 * KIB: 0.9}))

    assert advice.block_bytes == 256 * KIB
    assert advice.block_reason.template == reasons.STORES_LESS
    assert advice.block_reason.facts["part"] == pytest.approx(29.5, abs=0.2)


def test_larger_blocks_are_chosen_where_the_index_would_fill_the_memory() -> None:
    """A small NAS with a large disk: 20 TiB in blocks of 1M are 20 million, 2 GB of memory."""
    advice = advise(measured({3: 20 * TIB}, {128 * KIB: 0.5}, memory_bytes=8 * GIB))

    assert advice.block_bytes == 2 * MIB
    assert advice.block_reason.template == reasons.TOO_MUCH_MEMORY


def test_where_no_index_fits_the_largest_blocks_are_chosen() -> None:
    """Something must be said all the same."""
    assert advise(measured({3: 500 * TIB}, memory_bytes=GIB)).block_bytes == 4 * MIB


def test_an_unknown_line_gives_the_usual_transfer_block_and_no_times() -> None:
    """Nothing is made up."""
    facts = measured({3: GIB}, line=None)

    assert advise(facts).pack_reason.template == reasons.UNKNOWN_LINE
    assert {cost.upload_seconds for cost in estimate(facts).costs.values()} == {None}


def test_a_slow_line_gets_small_transfer_blocks() -> None:
    """An interruption wastes the one that was on its way."""
    advice = advise(measured({3: GIB}, line=Line(100_000, 0.1)))

    assert advice.pack_bytes == 4 * MIB
    assert advice.pack_reason.template == reasons.SLOW_LINE


def test_a_line_that_waits_between_files_gets_large_transfer_blocks() -> None:
    """20 MB/s and a second for each file: 16M take as long to send as to be waited for, 128M not."""
    advice = advise(measured({3: 10 * GIB}, line=Line(20_000_000, 1.0)))

    assert advice.pack_bytes == 128 * MIB
    assert advice.pack_reason.template == reasons.WAITING_LINE


def test_waiting_does_not_count_where_the_processors_take_longer() -> None:
    """On a local disk a larger transfer block saves nothing."""
    advice = advise(measured({3: 10 * GIB}, line=Line(2_000_000_000, 0.01)))

    assert advice.pack_bytes == 16 * MIB
    assert advice.pack_reason.template == reasons.BUSY_LINE


def test_there_is_a_cost_for_every_choice_and_larger_blocks_take_less_memory() -> None:
    """A table with a hole in it would be no table."""
    costs = estimate(measured({3: GIB})).costs

    assert set(costs) == {(block, pack) for block in BLOCK_CHOICES for pack in PACK_CHOICES}
    memory = [costs[block, 16 * MIB].index_memory_bytes for block in BLOCK_CHOICES]
    assert memory == sorted(memory, reverse=True)


def test_a_sample_of_a_tenth_counts_ten_times() -> None:
    """What was read stands for what was not."""
    whole = measured({3: 10 * GIB}, {MIB: 0.5})
    tenth = measured({3: GIB}, {MIB: 0.5})
    scaled = estimate(replace(tenth, census=whole.census)).costs[MIB, 16 * MIB]

    expected = estimate(whole).costs[MIB, 16 * MIB]
    assert scaled.stored_bytes == pytest.approx(expected.stored_bytes, rel=0.01)
    assert scaled.blobs == pytest.approx(expected.blobs, rel=0.05)


def test_a_size_class_of_which_nothing_could_be_read_counts_as_it_is() -> None:
    """Better too much than nothing."""
    facts = measured({3: GIB})
    cost = estimate(replace(facts, sample=Sample())).costs[MIB, 16 * MIB]

    assert GIB < cost.stored_bytes < 1.01 * GIB
