"""What a search through backups and a comparison of two say. Pure."""

from collections.abc import Mapping
from datetime import datetime, tzinfo

from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.tui.ports import Record
from gdp.tui.standing import Level
from gdp.tui.views.restore import moment_of
from gdp.tui.words import short_moment

_CHANGES = {
    "+": (Level.GOOD, N_("added")),
    "-": (Level.ERROR, N_("removed")),
    "M": (Level.BUSY, N_("changed")),
    "T": (Level.ATTENTION, N_("another type")),
    "U": (Level.IDLE, N_("only times or owner")),
    "?": (Level.ERROR, N_("perhaps damaged")),
}


def match_cells(match: Record, snapshots: Mapping[str, Record], now: datetime, zone: tzinfo | None) -> list[str]:
    """Return a row of what was found: path, size, when it was changed, which backup it is in."""
    size, changed = match.get("size"), match.get("mtime")
    backup = snapshots.get(str(match.get("snapshot")), {})
    return [
        str(match.get("path", "")),
        figures.size(size) if isinstance(size, int) else "",
        short_moment(moment_of(changed), now, zone) if isinstance(changed, str) else "",
        short_moment(moment_of(str(backup["time"])), now, zone) if "time" in backup else str(match.get("snapshot", ""))[:8],
    ]


def change_words(change: Record) -> tuple[Level, str]:
    """Return how a path differs between two backups."""
    modifier = str(change.get("modifier", ""))
    level, words = _CHANGES.get("?" if "?" in modifier else modifier[:1], (Level.IDLE, modifier))
    return level, translate(words)
