"""Makes new snapshots out of old ones, with other contents or facts. The old ones stay unless they are told to go."""

from gdp.engine.rewrite.run import RewriteOptions, Rewritten, rewrite_snapshots

__all__ = ["RewriteOptions", "Rewritten", "rewrite_snapshots"]
