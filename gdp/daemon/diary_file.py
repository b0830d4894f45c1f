"""The diary of when nothing could begin, on the disk, so that a daemon knows how long none was there."""

import threading
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec

from gdp.daemon.silence import Diary, sign_of_life
from gdp.mail.files import make_folder, write_whole

WRITTEN_EVERY = timedelta(minutes=5)  # well below ``silence.GAP``; no disk is kept awake for it


class DiaryFile:
    """The open diary. A disk that refuses it costs reasons in summaries, nothing else. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._written: datetime | None = None
        self.diary = Diary()
        with suppress(OSError, msgspec.DecodeError):
            self.diary = msgspec.json.decode(path.read_bytes(), type=Diary)

    def note(self, now: datetime, *, is_paused: bool) -> Diary:
        """Note that the daemon lives, and return what is known by now."""
        with self._lock:
            self.diary = sign_of_life(self.diary, now, is_paused=is_paused)
            if self._written is None or not self._written <= now < self._written + WRITTEN_EVERY:
                self._write(now)
            return self.diary

    def note_told(self, day: date) -> None:
        """Note that a day was looked at and told."""
        with self._lock:
            self.diary = msgspec.structs.replace(self.diary, told=day)
            self._write(self._written)

    def _write(self, now: datetime | None) -> None:
        with suppress(OSError):
            make_folder(self._path.parent)
            write_whole(self._path, msgspec.json.encode(self.diary))
            self._written = now
