"""Copies blobs into new packs, and snapshots into other repositories."""

from gdp.engine.copy.run import Copied, copy_snapshots

__all__ = ["Copied", "copy_snapshots"]
