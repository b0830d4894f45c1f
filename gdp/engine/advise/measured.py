"""What the adviser measured. Values only, made by ``line``, ``census`` and ``sample``, read by ``estimate``."""

from dataclasses import dataclass, field

from gdp.core.chunker import MAX_BLOCK_BYTES, MIN_BLOCK_BYTES

BLOCK_CHOICES = tuple(MIN_BLOCK_BYTES << power for power in range((MAX_BLOCK_BYTES // MIN_BLOCK_BYTES).bit_length()))
CLASS_LIMITS = (MIN_BLOCK_BYTES // 2, 1 << 20, 16 << 20, None)
"""the largest file of each size class, in bytes; one of the first class is a single block whatever is chosen"""


@dataclass(frozen=True, slots=True)
class Line:
    """The way to the target."""

    bytes_per_second: float
    seconds_a_file: float
    """what each file costs beyond its bytes: open, sync, rename"""
    round_trip_seconds: float | None = None
    """None: not measured, the user told the speed"""


@dataclass(slots=True)
class ClassCount:
    """The files of a size class."""

    limit: int | None
    files: int = 0
    bytes: int = 0


@dataclass(slots=True)
class Census:
    """All files of the sources."""

    classes: list[ClassCount] = field(default_factory=lambda: [ClassCount(limit) for limit in CLASS_LIMITS])
    directories: int = 0

    @property
    def files(self) -> int:
        """How many there are."""
        return sum(each.files for each in self.classes)

    @property
    def bytes(self) -> int:
        """What they hold."""
        return sum(each.bytes for each in self.classes)


@dataclass(slots=True)
class Cut:
    """What became of a size class's sample when it was cut into blocks of one size."""

    read_bytes: int = 0
    repeated_bytes: int = 0
    """in blocks that the sample held before"""
    whole_bytes: int = 0
    """in blocks that were whole: a piece of a file may end within one"""
    blobs: int = 0
    """different whole blocks"""
    stored_bytes: int = 0
    """of different blocks: compressed and sealed"""

    def add(self, length: int, stored_bytes: int | None, *, is_whole: bool = True) -> None:
        """Count a block of so many bytes; ``stored_bytes`` is None for one that the sample held before."""
        self.read_bytes += length
        self.whole_bytes += length if is_whole else 0
        if stored_bytes is None:
            self.repeated_bytes += length
        else:
            self.blobs += is_whole
            self.stored_bytes += stored_bytes


def _cut_of_each_class() -> list[Cut]:
    return [Cut() for _ in CLASS_LIMITS]


@dataclass(slots=True)
class Sample:
    """What was read, and cut in every way."""

    read_bytes: int = 0
    unreadable: int = 0
    """files"""
    cuts: dict[int, list[Cut]] = field(default_factory=lambda: {size: _cut_of_each_class() for size in BLOCK_CHOICES})
    """block size -> a cut for each size class"""


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything that an estimate is made of."""

    census: Census
    sample: Sample
    line: Line | None
    """None: nobody knows how fast it is"""
    memory_bytes: int
    """of this computer"""
    processors: int
