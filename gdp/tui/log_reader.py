"""Reads the log of a run from its beginning on, a page at a time, however large it is and while it still grows. For a thread."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

import msgspec

from gdp.core.errors import GdpError
from gdp.core.language import N_
from gdp.tui.ports import Record

MOST_BYTES = 4 << 20  # looked through for one page, so that whoever waits sees that it goes on
_CHUNK_BYTES = 1 << 18
_DECODER = msgspec.json.Decoder(dict[str, object])

Fits = Callable[[Record], bool]


class LogReader:
    """One reading of a log.

    Args:
        path: the log; with ``.gz`` behind it where it was packed since.
        fits: which records are wanted.
        has: bytes of which a line must have one; empty: any line. What lacks them is not even decoded.
    """

    def __init__(self, path: Path, fits: Fits = lambda _record: True, has: tuple[bytes, ...] = ()) -> None:
        self._path, self._fits, self._has = path, fits, has
        self._offset = 0
        self._rest = b""
        self._lines: list[bytes] = []
        self.is_at_end = False
        """there is nothing more now; a run at work may add something"""

    def next_page(self, most: int) -> list[Record]:
        """Return the next records, in order: at most so many, and none where nothing fits for a while. Raises GdpError."""
        found: list[Record] = []
        try:
            with self._open() as stream:
                stream.seek(self._offset)
                while len(found) < most and (self._lines or self._read(stream)):
                    record = self._record(self._lines.pop()) if self._lines else None
                    if record is not None:
                        found.append(record)
        except FileNotFoundError as error:
            raise GdpError(
                N_("the log {path} is not there"), N_("Logs are kept for 90 days; the journal knows older runs."), path=self._path
            ) from error
        except (OSError, EOFError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise GdpError(N_("the log {path} cannot be read: {reason}"), path=self._path, reason=reason) from error
        return found

    def _read(self, stream: IO[bytes]) -> bool:
        """Read on; say whether there was something, and whether this page may look through more."""
        chunk = stream.read(_CHUNK_BYTES)
        self.is_at_end = not chunk
        self._offset += len(chunk)
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        self._lines = lines[::-1]
        return bool(chunk) and self._offset % MOST_BYTES >= len(chunk)

    def _open(self) -> IO[bytes]:
        packed = self._path.with_name(f"{self._path.name}.gz")
        if not self._path.exists() and packed.exists():
            return cast("IO[bytes]", gzip.open(packed, "rb"))
        return self._path.open("rb")

    def _record(self, line: bytes) -> Record | None:
        if self._has and not any(part in line for part in self._has):
            return None
        try:
            record = _DECODER.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return record if self._fits(record) else None


def is_error(record: Record) -> bool:
    """Say whether a record tells of something that went wrong."""
    kind = record.get("message_type")
    return kind in {"error", "exit_error"} or (kind == "step_end" and record.get("exit_code") != 0)


ERROR_MARKS = (b'"error"', b'"exit_error"', b'"step_end"')
"""of the lines that ``is_error`` may say yes to"""
