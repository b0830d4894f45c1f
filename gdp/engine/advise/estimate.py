"""What each choice of block sizes will cost. Pure: measurements in, a table out; ``recommend`` chooses from it."""

from dataclasses import dataclass
from typing import NamedTuple

from gdp.core.crypto import OVERHEAD_BYTES
from gdp.core.packformat import COMPRESSED_ENTRY_BYTES, LENGTH_FIELD_BYTES
from gdp.engine.advise.measured import BLOCK_CHOICES, ClassCount, Cut, Measured

PACK_CHOICES = (4 << 20, 16 << 20, 64 << 20, 128 << 20)
MEMORY_BYTES_A_BLOB = 100  # the bound that tests/memory holds the shared set of ids to, at the worst moment of its growth
INDEX_BYTES_A_BLOB = 45  # of index files at the target: an id and a pack's share do not compress
TREE_BYTES_A_FILE = 68  # a file's name and metadata, compressed; 50,000 small files took 3.4 MB
UPLOADS_AT_ONCE = 2  # of a worker; while one pack is being finished, the next is on its way
WORK_SECONDS_A_BYTE = 4.7e-9  # of a processor, see docs/performance.md
WORK_SECONDS_A_FILE = 80e-6
_PACK_OVERHEAD = OVERHEAD_BYTES + LENGTH_FIELD_BYTES


class Cost(NamedTuple):
    """What a choice of block size and transfer block size costs."""

    block_bytes: int
    pack_bytes: int
    stored_bytes: int
    """everything at the target after the first backup"""
    blobs: int
    packs: int
    index_memory_bytes: int
    """while a backup runs"""
    restore_bytes: int
    """fetched to restore one file of average size on a new computer: index, a pack of directories, the file"""
    upload_seconds: float | None
    """of the first backup: what the line needs, or the processors if that is more; None: the line was not measured"""
    waiting_seconds: float | None
    """the part of it that is lost since the line stands still between packs"""


@dataclass(frozen=True, slots=True)
class Estimate:
    """The costs of every choice."""

    costs: dict[tuple[int, int], Cost]
    """(block size, transfer block size) -> cost"""
    total_bytes: int
    repeated_part: float
    """of the sample, at the smallest block size; 0 to 1"""
    read_part: float
    """how much of the sources the sample was; 0 to 1"""
    single_block_part: float
    """of all bytes, in files that are one block whatever is chosen; 0 to 1"""


class _Data(NamedTuple):
    stored_bytes: float
    blobs: float


def estimate(measured: Measured) -> Estimate:
    """Return what each choice costs."""
    census, sample = measured.census, measured.sample
    costs = {}
    for block_bytes in BLOCK_CHOICES:
        parts = [_scaled(count, cut, block_bytes) for count, cut in zip(census.classes, sample.cuts[block_bytes], strict=True)]
        data = _Data(sum(part.stored_bytes for part in parts), sum(part.blobs for part in parts))
        for pack_bytes in PACK_CHOICES:
            costs[block_bytes, pack_bytes] = _cost(measured, data, block_bytes, pack_bytes)
    total = census.bytes
    smallest = sample.cuts[BLOCK_CHOICES[0]]
    return Estimate(
        costs,
        total,
        repeated_part=_part(sum(cut.repeated_bytes for cut in smallest), sum(cut.read_bytes for cut in smallest)),
        read_part=_part(sample.read_bytes, total),
        single_block_part=_part(census.classes[0].bytes, total),
    )


def _scaled(count: ClassCount, cut: Cut, block_bytes: int) -> _Data:
    """Return what a whole size class is stored as. One of which nothing could be read counts as it is."""
    if not count.bytes:
        return _Data(0, 0)
    if not cut.read_bytes:
        blobs = max(count.files, count.bytes / block_bytes)
        return _Data(count.bytes + blobs * OVERHEAD_BYTES, blobs)
    blobs = cut.blobs / cut.whole_bytes * count.bytes if cut.whole_bytes else count.bytes / block_bytes
    return _Data(cut.stored_bytes / cut.read_bytes * count.bytes, blobs)


def _cost(measured: Measured, data: _Data, block_bytes: int, pack_bytes: int) -> Cost:
    census = measured.census
    tree_bytes = (census.files + census.directories) * TREE_BYTES_A_FILE
    blobs = data.blobs + census.directories
    in_packs = data.stored_bytes + tree_bytes + blobs * COMPRESSED_ENTRY_BYTES
    packs = _count(data.stored_bytes, pack_bytes) + _count(tree_bytes, pack_bytes)
    index_bytes = blobs * INDEX_BYTES_A_BLOB
    stored = in_packs + packs * _PACK_OVERHEAD + index_bytes
    one_file = data.stored_bytes / census.files if census.files else 0
    upload, waiting = _upload_seconds(measured, stored, packs)
    return Cost(
        block_bytes,
        pack_bytes,
        round(stored),
        round(blobs),
        packs,
        round(blobs * MEMORY_BYTES_A_BLOB),
        round(index_bytes + min(tree_bytes, pack_bytes) + one_file),
        upload,
        waiting,
    )


def _upload_seconds(measured: Measured, stored_bytes: float, packs: int) -> tuple[float | None, float | None]:
    line, census = measured.line, measured.census
    if line is None:
        return None, None
    work = (census.bytes * WORK_SECONDS_A_BYTE + census.files * WORK_SECONDS_A_FILE) / measured.processors
    sending = stored_bytes / line.bytes_per_second
    upload = max(work, sending + packs * line.seconds_a_file / UPLOADS_AT_ONCE)
    return upload, upload - max(work, sending)


def _count(stored_bytes: float, pack_bytes: int) -> int:
    return -(-round(stored_bytes) // pack_bytes)


def _part(part: int, whole: int) -> float:
    return min(1.0, part / whole) if whole else 0.0
