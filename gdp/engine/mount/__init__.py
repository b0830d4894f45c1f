"""Snapshots as a read-only file system. The FUSE library is needed only by ``serve``, which alone imports it."""

from gdp.engine.mount.serve import mount

__all__ = ["mount"]
