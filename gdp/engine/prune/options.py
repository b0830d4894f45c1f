"""What a prune is asked to do, what it plans, and what that amounts to. Facts only."""

import re
from collections.abc import Mapping

import msgspec

from gdp.core.errors import BadInput
from gdp.core.ids import PackId
from gdp.core.language import N_
from gdp.core.packformat import DEFAULT_PACK_BYTES
from gdp.engine.check.blob_marks import BlobMarks

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


class UnusedLimit(msgspec.Struct, frozen=True):
    """How much that nobody needs may stay in the repository, since removing the last of it costs the most copying."""

    percent: float | None = None
    """of the repository afterwards"""
    bytes: int | None = None
    """both None: any amount"""

    def allowed_bytes(self, used_bytes: int) -> float:
        """Return how many unused bytes may stay beside ``used_bytes`` used ones."""
        if self.percent is not None:
            return self.percent / (100 - self.percent) * used_bytes if self.percent < 100 else float("inf")
        return float("inf") if self.bytes is None else self.bytes


DEFAULT_UNUSED = UnusedLimit(percent=5.0)


class PruneOptions(msgspec.Struct, frozen=True):
    """How thorough to be."""

    max_unused: UnusedLimit = DEFAULT_UNUSED
    max_repack_bytes: int | None = None
    """None: no limit to what is copied in one run"""
    repack_small: bool = True
    """put packs together that are much smaller than most"""
    repack_cacheable_only: bool = False
    """copy packs of directories only"""
    repack_uncompressed: bool = False
    """compress what older versions stored as it was"""
    pack_bytes: int = DEFAULT_PACK_BYTES
    """size of new packs"""


class Tally(msgspec.Struct):
    """A number of blobs and their stored bytes."""

    blobs: int = 0
    bytes: int = 0

    def add(self, blobs: int, size: int) -> None:
        """Count some more."""
        self.blobs += blobs
        self.bytes += size


class PruneStats(msgspec.Struct):
    """What is in the repository and what becomes of it."""

    used: Tally = msgspec.field(default_factory=Tally)
    duplicate: Tally = msgspec.field(default_factory=Tally)
    """further copies of used blobs"""
    unused: Tally = msgspec.field(default_factory=Tally)
    repack: Tally = msgspec.field(default_factory=Tally)
    """in packs that are copied"""
    repack_removed: Tally = msgspec.field(default_factory=Tally)
    """in such packs, and not copied"""
    removed: Tally = msgspec.field(default_factory=Tally)
    """in packs that go as a whole"""
    unindexed_bytes: int = 0
    packs_used: int = 0
    packs_partly_used: int = 0
    packs_unused: int = 0
    packs_unindexed: int = 0
    packs_keep: int = 0
    packs_repack: int = 0
    packs_remove: int = 0

    @property
    def freed_bytes(self) -> int:
        """By how much the repository shrinks, apart from headers."""
        return self.repack_removed.bytes + self.removed.bytes + self.unindexed_bytes

    @property
    def unused_bytes_after(self) -> int:
        """What stays although nobody needs it."""
        return self.unused.bytes + self.duplicate.bytes - self.repack_removed.bytes - self.removed.bytes

    @property
    def remaining_bytes(self) -> int:
        """What stays."""
        return self.used.bytes + self.unused_bytes_after


class PrunePlan(msgspec.Struct, frozen=True):
    """What a prune will do, in this order."""

    remove_first: tuple[PackId, ...]
    """packs that no index lists"""
    repack: tuple[PackId, ...]
    """packs whose needed blobs are copied; then they are removed"""
    remove: tuple[PackId, ...]
    """packs of which nothing is needed"""
    ignore: tuple[PackId, ...]
    """packs that are missing and not needed; only the indexes still list them"""
    marks: BlobMarks
    """by blob, ``needed.Mark``: what must be copied"""
    stats: PruneStats
    used_bytes: Mapping[PackId, int]
    """what is needed of each pack to copy"""

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to do."""
        return not (self.remove_first or self.repack or self.remove or self.ignore)


def parse_bytes(text: str) -> int:
    """Return a size such as ``500M`` in bytes. Raises BadInput."""
    match = re.fullmatch(r"([0-9]+)([kmgt]?)", text.lower())
    if not match:
        raise BadInput(N_("{text!r} is no size"), N_("Write it as 500M or 10G."), text=text)
    return int(match[1]) * _UNITS[match[2]]


def parse_max_unused(text: str) -> UnusedLimit:
    """Return what ``--max-unused`` takes: ``5%``, ``500M``, ``unlimited``. Raises BadInput."""
    if text == "unlimited":
        return UnusedLimit()
    if match := re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)%", text):
        percent = float(match[1])
        if percent >= 100:
            raise BadInput(N_("{text} cannot be unused"), N_("Give less than 100%, or 'unlimited'."), text=text)
        return UnusedLimit(percent=percent)
    return UnusedLimit(bytes=parse_bytes(text))
