"""Remembers, on this computer, how fast the line to a repository was, so that the next run knows it from the beginning."""

import os
from contextlib import suppress
from pathlib import Path

_ALIKE = 1.5  # what differs less is no news


class LineSpeed:
    """One number in a file. Losing it costs a little time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = 0

    def read(self) -> int:
        """Return bytes a second; 0 when nobody knows."""
        try:
            self._known = max(0, int(self._path.read_text("ascii")))
        except (OSError, ValueError):
            self._known = 0
        return self._known

    def note(self, bytes_per_second: int) -> None:
        """Remember it, unless it is about what is known or nobody knows, and if this computer lets us."""
        low, high = sorted((bytes_per_second, self._known))
        if not bytes_per_second or (low and high < low * _ALIKE):
            return
        self._known = bytes_per_second
        temporary = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            temporary.write_text(str(bytes_per_second), "ascii")
            temporary.replace(self._path)
