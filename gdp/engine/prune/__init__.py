"""Removes from a repository what no snapshot needs. A plan first, which can be shown; then the plan is carried out."""

from gdp.engine.prune.act import prepare_prune, prune
from gdp.engine.prune.options import PruneOptions, PrunePlan, PruneStats, UnusedLimit, parse_bytes, parse_max_unused
from gdp.engine.prune.plan import plan_prune

__all__ = [
    "PruneOptions",
    "PrunePlan",
    "PruneStats",
    "UnusedLimit",
    "parse_bytes",
    "parse_max_unused",
    "plan_prune",
    "prepare_prune",
    "prune",
]
