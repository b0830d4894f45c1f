"""Makes a damaged repository usable again, keeping all that can still be read."""

from gdp.engine.repair.index import IndexRepair, repair_index
from gdp.engine.repair.packs import PackRepair, repair_packs
from gdp.engine.repair.snapshots import RepairedSnapshot, repair_snapshots

__all__ = ["IndexRepair", "PackRepair", "RepairedSnapshot", "repair_index", "repair_packs", "repair_snapshots"]
