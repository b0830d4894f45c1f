"""The log file of one run: JSON lines as the engine wrote them, and what the set's commands said."""

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec

MOST_ITEM_BYTES = 64 << 20  # of lines that name single files; problems are always written
_ITEM, _STEP_END = "verbose_status", "step_end"
_STATUS = "status"  # comes every second: only the last one of a process is kept, which says how far it came


class RunLog:
    """An open log. A disk that refuses it ends no run: what is lost is the log."""

    def __init__(self, path: Path) -> None:
        self._item_bytes = 0
        self._status = b""
        self.lost_items = 0
        """how many files it does not name, since there are too many"""
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._stream = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600), "ab")
        except OSError:
            self._stream = open(os.devnull, "ab")  # noqa: SIM115 closed by __exit__

    def __enter__(self) -> "RunLog":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self._stream.close()
        except OSError:
            return

    def write(self, record: Mapping[str, Any], now: datetime) -> None:
        """Write one line."""
        kind = record.get("message_type")
        line = msgspec.json.encode({"at": now, **record}) + b"\n"
        if kind == _STATUS:
            self._status = line
            return
        if kind == _STEP_END:
            line, self._status = self._status + line, b""
        if kind == _ITEM:
            if self._item_bytes + len(line) > MOST_ITEM_BYTES:
                self.lost_items += 1
                return
            self._item_bytes += len(line)
        try:
            self._stream.write(line)
            self._stream.flush()
        except OSError:
            return
