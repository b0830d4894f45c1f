"""A backup that was ended before anything that lasts had been sent: the engine says so, reports and screens know it."""

from collections.abc import Mapping

from gdp.core.language import N_

NOTHING_KEPT = N_("interrupted before a single transfer block was sent whole: nothing of this run is kept")


def kept_nothing(summary: Mapping[str, object]) -> bool:
    """Say whether a run's last word was that."""
    return summary.get("template") == NOTHING_KEPT
