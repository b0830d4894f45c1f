"""Chooses block size and transfer block size from an estimate, and says why. Pure."""

from typing import NamedTuple

from gdp.core.chunker import DEFAULT_BLOCK_BYTES
from gdp.core.language import N_
from gdp.core.packformat import DEFAULT_PACK_BYTES
from gdp.engine.advise.estimate import PACK_CHOICES, Cost, Estimate
from gdp.engine.advise.measured import BLOCK_CHOICES, Line, Measured
from gdp.model.sizes import typed_size

MEMORY_PART = 1 / 8  # of this computer's memory may be taken by the index
WORTH_PART = 0.02  # of what is stored: less is not worth another block size than the usual one
ONE_BLOCK_PART = 0.9  # of all bytes: then the block size hardly matters
WAITING_PART = 0.05  # of the upload may be spent between packs
WAITING_SECONDS = 60.0  # and so much in any case: nobody notices less in a first backup
LONGEST_PACK_SECONDS = 60.0  # what a line that breaks down costs at most

NOTHING_THERE = N_("There is nothing in the sources to judge by, so it is the usual {block}.")
TOO_MUCH_MEMORY = N_(
    "With blocks of {usual} the index would take {memory} of memory, more than this computer should spare; with {block} it "
    "takes less."
)
STORES_LESS = N_("Blocks of {block} store {saved} ({part} %) less than the usual {usual}.")
SMALL_FILES = N_(
    "{part} % of the data is in files so small that each is one block whatever is chosen, so it is the usual {block}."
)
NO_DIFFERENCE = N_("No other block size stores {part} % less, so it is the usual {block}.")
UNKNOWN_LINE = N_("How fast the line is was not measured, so it is the usual transfer block of {pack}.")
SLOW_LINE = N_("On this line {usual} would take {minutes:minute|minutes}, lost when it is interrupted; {pack} is sent sooner.")
BUSY_LINE = N_("With the usual transfer block of {pack} hardly any time is lost between one file and the next.")
WAITING_LINE = N_(
    "With the usual {usual} the line would stand still {part} % of the time, waiting for answers; {pack} waits less."
)


class ByteCount(int):
    """A fact that is shown as a size."""


class Percent(float):
    """A fact that is shown as a number of per cent, 0 to 100."""


class Reason(NamedTuple):
    """A sentence and its facts."""

    template: str
    facts: dict[str, object]


class Recommendation(NamedTuple):
    """What to choose."""

    block_bytes: int
    pack_bytes: int
    block_reason: Reason
    pack_reason: Reason


def recommend(measured: Measured, estimate: Estimate) -> Recommendation:
    """Return the best choice and why it is that.

    The block size: of those whose index fits into an eighth of the memory, the one that stores least; the usual one, or the one
    nearest to it, where that saves less than two per cent. The transfer block size: the usual one; larger where the line would
    stand still for more than a minute and a twentieth of the time; smaller where a pack would take longer than a minute.
    """
    rows = [estimate.costs[size, DEFAULT_PACK_BYTES] for size in BLOCK_CHOICES]
    block, block_reason = _block(measured, estimate, rows)
    packs = [estimate.costs[block.block_bytes, size] for size in PACK_CHOICES]
    pack, pack_reason = _pack(measured.line, packs)
    return Recommendation(block.block_bytes, pack.pack_bytes, block_reason, pack_reason)


def _block(measured: Measured, estimate: Estimate, rows: list[Cost]) -> tuple[Cost, Reason]:
    usual = next(row for row in rows if row.block_bytes == DEFAULT_BLOCK_BYTES)
    if not estimate.total_bytes:
        return usual, Reason(NOTHING_THERE, _named(usual))
    allowed_bytes = measured.memory_bytes * MEMORY_PART
    affordable = [row for row in rows if row.index_memory_bytes <= allowed_bytes] or rows[-1:]
    least = min(row.stored_bytes for row in affordable)
    good = [row for row in affordable if row.stored_bytes <= least * (1 + WORTH_PART)]
    chosen = min(good, key=lambda row: (_steps(row), -row.block_bytes))
    names: dict[str, object] = {**_named(chosen), "usual": typed_size(usual.block_bytes)}
    if usual not in affordable:
        return chosen, Reason(TOO_MUCH_MEMORY, {**names, "memory": ByteCount(usual.index_memory_bytes)})
    if chosen is not usual:
        part = Percent(100 * (1 - chosen.stored_bytes / usual.stored_bytes))
        return chosen, Reason(STORES_LESS, {**names, "saved": ByteCount(usual.stored_bytes - chosen.stored_bytes), "part": part})
    if estimate.single_block_part >= ONE_BLOCK_PART:
        return chosen, Reason(SMALL_FILES, {**names, "part": Percent(100 * estimate.single_block_part)})
    return chosen, Reason(NO_DIFFERENCE, {**names, "part": Percent(100 * WORTH_PART)})


def _pack(line: Line | None, rows: list[Cost]) -> tuple[Cost, Reason]:
    usual = next(row for row in rows if row.pack_bytes == DEFAULT_PACK_BYTES)
    if line is None:
        return usual, Reason(UNKNOWN_LINE, _named(usual))
    seconds = {row.pack_bytes: row.pack_bytes / line.bytes_per_second for row in rows}
    quick = [row for row in rows if seconds[row.pack_bytes] <= LONGEST_PACK_SECONDS] or rows[:1]
    if usual not in quick:
        minutes = round(seconds[usual.pack_bytes] / 60)
        return quick[-1], Reason(SLOW_LINE, {**_named(quick[-1]), "usual": typed_size(usual.pack_bytes), "minutes": minutes})
    enough = [row for row in quick if row.pack_bytes >= usual.pack_bytes and not _waits_long(row)]
    chosen = enough[0] if enough else quick[-1]
    if chosen is usual:
        return usual, Reason(BUSY_LINE, _named(usual))
    part = Percent(100 * _waiting_part(usual))
    return chosen, Reason(WAITING_LINE, {**_named(chosen), "usual": typed_size(usual.pack_bytes), "part": part})


def _named(row: Cost) -> dict[str, object]:
    return {"block": typed_size(row.block_bytes), "pack": typed_size(row.pack_bytes)}


def _steps(row: Cost) -> int:
    """Return how far a block size is from the usual one."""
    return abs(row.block_bytes.bit_length() - DEFAULT_BLOCK_BYTES.bit_length())


def _waits_long(row: Cost) -> bool:
    return (row.waiting_seconds or 0.0) > WAITING_SECONDS and _waiting_part(row) > WAITING_PART


def _waiting_part(row: Cost) -> float:
    return row.waiting_seconds / row.upload_seconds if row.upload_seconds and row.waiting_seconds is not None else 0.0
