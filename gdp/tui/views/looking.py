"""What a search through backups says. Pure."""

from collections.abc import Mapping
from datetime import datetime, tzinfo

from gdp.core import figures
from gdp.tui.ports import Record
from gdp.tui.views.restore import moment_of
from gdp.tui.words import one_line, short_moment


def match_cells(match: Record, snapshots: Mapping[str, Record], now: datetime, zone: tzinfo | None) -> list[str]:
    """Return a row of what was found: name, size, when it was changed, the newest backup that has it so, and its folder."""
    size, changed = match.get("size"), match.get("mtime")
    backup = snapshots.get(str(match.get("snapshot")), {})
    folder, _slash, name = str(match.get("path", "")).rpartition("/")
    return [
        one_line(name) + ("/" if match.get("type") == "dir" else ""),
        figures.size(size) if isinstance(size, int) else "",
        short_moment(moment_of(changed), now, zone) if isinstance(changed, str) else "",
        short_moment(moment_of(str(backup["time"])), now, zone) if "time" in backup else str(match.get("snapshot", ""))[:8],
        one_line(folder or "/"),
    ]


def version_of(match: Record) -> tuple[object, ...]:
    """Return what tells one version of a file from another; a folder has only one, since its time changes with every entry."""
    path = match.get("path")
    return (path,) if match.get("type") == "dir" else (path, match.get("size"), match.get("mtime"))
