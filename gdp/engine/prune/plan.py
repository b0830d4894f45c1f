"""Which packs go, which are copied and which stay. Pure; what it returns is what ``--dry-run`` prints.

======================  ===================================================================
a pack                  what happens
======================  ===================================================================
in no index             removed first
nothing in it needed    removed
all needed              kept, unless mixed, a tree pack not compressed, or one of many small
partly needed           may be copied: the worst first, until little enough is unused
missing, needed         the prune is refused
======================  ===================================================================
"""

from collections.abc import Mapping

from gdp.core.errors import DamagedData
from gdp.core.ids import PackId
from gdp.core.language import N_
from gdp.core.packformat import BlobKind
from gdp.engine.check.blob_marks import BlobMarks
from gdp.engine.prune.needed import Mark, PackUse, measure_packs
from gdp.engine.prune.options import PruneOptions, PrunePlan, PruneStats
from gdp.repo.blob_index import BlobIndex

FEW_SMALL_PACKS = 10  # fewer are not worth the copying, and one alone would be copied by every prune
SMALLEST_USUAL_BYTES = 4 << 20
LARGE_ENOUGH = 0.8
_SMALL_PERCENTILE = 0.03
_REPAIR = N_("Run 'gdp repair index', then 'gdp check'.")


def plan_prune(
    index: BlobIndex, needed: BlobMarks, stored: Mapping[PackId, int], options: PruneOptions, *, format_version: int
) -> PrunePlan:
    """Return what to do. The marks of ``needed`` are changed: they become part of the plan.

    Args:
        index: where every blob lies.
        needed: the blobs that must stay, marked 0.
        stored: the packs in the repository with their sizes.
        options: how thorough to be.
        format_version: of the repository.

    Raises:
        DamagedData: something needed is missing, or has another size than the index says.
    """
    stats = PruneStats()
    uses = measure_packs(index, needed, stats)
    plan = _Planner(options, stats, format_version)
    plan.sort_out(uses, stored)
    plan.choose_repacks(_target_bytes(stored, options))
    if plan.repack:
        gone = plan.repack.keys() | plan.remove
        for pack, blob in index:
            if pack not in gone and pack not in plan.ignore and needed.get(blob.kind, blob.id) is not None:
                needed.mark(blob.kind, blob.id, Mark.SAFE)
    return PrunePlan(
        tuple(sorted(plan.unindexed)),
        tuple(sorted(plan.repack)),
        tuple(sorted(plan.remove)),
        tuple(sorted(plan.ignore)),
        needed,
        stats,
        {pack: use.used_bytes for pack, use in plan.repack.items()},
    )


class _Planner:
    def __init__(self, options: PruneOptions, stats: PruneStats, format_version: int) -> None:
        self._options, self._stats, self._format_version = options, stats, format_version
        self.unindexed: set[PackId] = set()
        self.remove: set[PackId] = set()
        self.ignore: set[PackId] = set()
        self.repack: dict[PackId, PackUse] = {}
        self._candidates: dict[PackId, PackUse] = {}
        self._whole: dict[PackId, PackUse] = {}

    def sort_out(self, uses: Mapping[PackId, PackUse], stored: Mapping[PackId, int]) -> None:
        """Put every pack into its class. Raises DamagedData for one that is needed and not as the index says."""
        self.unindexed = stored.keys() - uses.keys()
        self._stats.packs_unindexed = len(self.unindexed)
        self._stats.unindexed_bytes = sum(stored[pack] for pack in self.unindexed)
        for pack, use in uses.items():
            self._sort_out_one(pack, use, stored.get(pack))
        self._stats.packs_remove = len(self.remove)

    def _sort_out_one(self, pack: PackId, use: PackUse, size: int | None) -> None:
        if not use.used_blobs:
            (self.ignore if size is None else self.remove).add(pack)
            self._stats.removed.add(use.unused_blobs, use.unused_bytes)
            self._stats.packs_unused += size is not None
            return
        if size is None:
            raise DamagedData(N_("pack {pack} is needed and missing; nothing was removed"), _REPAIR, pack=pack.hex())
        if size != use.size:
            raise DamagedData(
                N_("pack {pack} has {size:byte|bytes}, but the index says {expected:byte|bytes}; nothing was removed"),
                _REPAIR, pack=pack.hex(), size=size, expected=use.size,
            )  # fmt: skip
        if use.unused_blobs:
            self._stats.packs_partly_used += 1
        else:
            self._stats.packs_used += 1
        self._classify_needed(pack, use)

    def _classify_needed(self, pack: PackId, use: PackUse) -> None:
        if self._options.repack_cacheable_only and use.kind == BlobKind.DATA:
            self._stats.packs_keep += 1
        elif use.unused_blobs or use.kind is None or self._must_compress(use):
            self._candidates[pack] = use
        else:
            self._whole[pack] = use

    def choose_repacks(self, target_bytes: float) -> None:
        """Decide which of the candidates are copied."""
        small = {pack: use for pack, use in self._whole.items() if use.size < target_bytes}
        if not self._options.repack_small or len(small) < FEW_SMALL_PACKS:
            small = {}
        self._stats.packs_keep += len(self._whole) - len(small)
        candidates = {**self._candidates, **small}
        allowed = self._options.max_unused.allowed_bytes(self._stats.used.bytes)
        for pack in sorted(candidates, key=lambda pack: _urgency(candidates[pack], target_bytes)):
            use = candidates[pack]
            is_urgent = use.kind != BlobKind.DATA or self._must_compress(use) or use.size < target_bytes
            little_unused = self._stats.unused_bytes_after < allowed
            if self._exceeds_limit(use) or (little_unused and not is_urgent):
                self._stats.packs_keep += 1
            else:
                self._choose(pack, use)
        self._stats.packs_repack = len(self.repack)

    def _choose(self, pack: PackId, use: PackUse) -> None:
        self.repack[pack] = use
        self._stats.repack.add(use.blobs, use.size)
        self._stats.repack_removed.add(use.unused_blobs, use.unused_bytes)

    def _exceeds_limit(self, use: PackUse) -> bool:
        limit = self._options.max_repack_bytes
        return limit is not None and self._stats.repack.bytes + use.size >= limit

    def _must_compress(self, use: PackUse) -> bool:
        wanted = use.kind == BlobKind.TREE or self._options.repack_uncompressed
        return self._format_version >= 2 and wanted and use.has_uncompressed


def _urgency(use: PackUse, target_bytes: float) -> tuple[bool, bool, float]:
    """Return a sort key: trees and mixed packs first, then small ones, then those with the most unused in them."""
    return use.kind == BlobKind.DATA, use.size >= target_bytes, -use.unused_bytes / use.used_bytes


def _target_bytes(stored: Mapping[PackId, int], options: PruneOptions) -> float:
    """Return the size below which a pack counts as small: much smaller than most, and than what we would write."""
    sizes = sorted(stored.values())
    usual = sizes[int(len(sizes) * _SMALL_PERCENTILE)] if sizes else 0
    return LARGE_ENOUGH * min(max(SMALLEST_USUAL_BYTES, usual), options.pack_bytes)
