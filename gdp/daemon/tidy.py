"""Removes what is too old to be asked for: runs in the journal, and their logs sooner."""

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from gdp.daemon.journal import Journal

KEEP_RUNS = timedelta(days=400)  # a year, and a look back at the same season
KEEP_LOGS = timedelta(days=90)


def tidy(journal: Journal, home: Path, logs: Path, now: datetime) -> None:
    """Remove them. Raises JournalError."""
    gone = [home / name for name in journal.forget_before(now - KEEP_RUNS)]
    oldest = (now - KEEP_LOGS).timestamp()
    for path in logs.glob("*.jsonl"):
        with suppress(OSError):
            if path.stat().st_mtime < oldest:
                gone.append(path)
    for path in gone:
        with suppress(OSError):
            path.unlink()
