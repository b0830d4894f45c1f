"""Shows how far a run is: a bar on a terminal, a plain line a minute elsewhere, JSON once a second, or nothing.

All take their clock and stream as arguments and keep no thread: they draw when an event arrives.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol, TextIO

from gdp.cli.estimate import Estimator
from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.model.events import Progress

BAR_SECONDS = 0.1
LINE_SECONDS = 60.0
RECORD_SECONDS = 1.0
_BAR_CELLS = 24
_NEARLY_ALL = 0.999
_NARROWEST = 60  # columns below which the bar itself is left out
_CLEAR = "\r\x1b[K"


class ProgressView(Protocol):
    """Is told of stages and progress, and shows them as often as suits it."""

    def begin(self, stage: str, *, counts_files: bool = True) -> None:
        """Note that a stage, named in the user's language, begins; else it counts packs, snapshots and the like."""

    def update(self, progress: Progress) -> None:
        """Note how far the stage is."""

    def clear(self) -> None:
        """Make room for a line of text."""


class NoProgress:
    """Shows nothing."""

    def begin(self, stage: str, *, counts_files: bool = True) -> None:
        """See ProgressView."""

    def update(self, progress: Progress) -> None:
        """See ProgressView."""

    def clear(self) -> None:
        """See ProgressView."""


class _Paced(ABC):
    """Shows the newest progress no more often than every so many seconds, and knows when a stage will end."""

    pace_seconds = 0.0
    shows_first = True
    """whether the first progress of a stage is shown at once"""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.stage, self.counts_files = "", True
        self.began = self._shown = clock()
        self._estimator = Estimator()

    def begin(self, stage: str, *, counts_files: bool = True) -> None:
        self.stage, self.counts_files = stage, counts_files
        self.began = now = self.clock()
        self._estimator = Estimator()
        if self.shows_first:
            self._shown = now - self.pace_seconds

    def update(self, progress: Progress) -> None:
        now = self.clock()
        done, total = _leading(progress)
        self._estimator.observe(now, done)
        if now - self._shown >= self.pace_seconds:
            self._shown = now
            self.show(progress, self._estimator.remaining_seconds(now, done, total))

    @abstractmethod
    def show(self, progress: Progress, remaining: float | None) -> None:
        """Show it now."""

    def clear(self) -> None:  # noqa: B027 - nothing to do is the rule here, not an omission
        """Nothing is in the way of a line of text."""


class Bar(_Paced):
    """One line of a terminal, redrawn ten times a second at most."""

    pace_seconds = BAR_SECONDS

    def __init__(self, stream: TextIO, clock: Callable[[], float], width: Callable[[], int]) -> None:
        super().__init__(clock)
        self._stream, self._width = stream, width
        self._drawn = False

    def begin(self, stage: str, *, counts_files: bool = True) -> None:
        super().begin(stage, counts_files=counts_files)
        self._draw(stage)

    def show(self, progress: Progress, remaining: float | None) -> None:
        done = fraction(progress)
        bar = f"{draw_bar(done)} " if done is not None and self._width() >= _NARROWEST else ""
        self._draw(f"{self.stage}  {bar}{describe(progress, remaining, counts_files=self.counts_files)}")

    def clear(self) -> None:
        if self._drawn:
            self._drawn = False
            self._stream.write(_CLEAR)
            self._stream.flush()

    def _draw(self, text: str) -> None:
        columns = max(10, self._width() - 1)
        self._drawn = True
        self._stream.write(_CLEAR + (text if len(text) <= columns else text[: columns - 1] + "…"))
        self._stream.flush()


class MinuteLines(_Paced):
    """A plain line a minute: for log files and mails of cron."""

    pace_seconds = LINE_SECONDS
    shows_first = False

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self._stream = stream

    def show(self, progress: Progress, remaining: float | None) -> None:
        self._stream.write(f"{self.stage}: {describe(progress, remaining, counts_files=self.counts_files)}\n")
        self._stream.flush()


class Records(_Paced):
    """A JSON object a second, with restic's fields."""

    pace_seconds = RECORD_SECONDS
    shows_first = False

    def __init__(self, write: Callable[[dict[str, object]], None], clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self._write = write

    def show(self, progress: Progress, remaining: float | None) -> None:
        record: dict[str, object] = {
            "message_type": "status",
            "seconds_elapsed": int(self.clock() - self.began),
            "percent_done": fraction(progress) or 0,
            "files_done": progress.files_done,
            "bytes_done": progress.bytes_done,
        }
        if remaining is not None:
            record["seconds_remaining"] = int(remaining)
        if progress.files_total is not None:
            record["total_files"] = progress.files_total
        if progress.bytes_total is not None:
            record["total_bytes"] = progress.bytes_total
        if progress.current:
            record["current_files"] = [progress.current]
        stored = {
            "bytes_new": progress.bytes_new, "bytes_waiting": progress.bytes_waiting, "bytes_sent": progress.bytes_sent
        }  # fmt: skip
        record |= {name: number for name, number in stored.items() if number is not None}
        self._write(record)


def fraction(progress: Progress) -> float | None:
    """Return how much is done, 0 to 1, or None while the total is not known. Never 1 while something waits to be sent."""
    done, total = _leading(progress)
    if not total:
        return None
    return min(_NEARLY_ALL if progress.bytes_waiting else 1.0, done / total)


def describe(progress: Progress, remaining: float | None, *, counts_files: bool = True) -> str:
    """Return the progress in words: ``64 %, about 12 min left, 117.2 GB of 182.4 GB, 261,004 of 418,203 files, 3.1 GB sent``."""
    parts = []
    done = fraction(progress)
    if done is not None:
        parts.append(f"{int(done * 100)} %")
    if remaining is not None:
        parts.append(_left(remaining))
    if progress.bytes_done or progress.bytes_total:
        parts.append(_of(figures.size(progress.bytes_done), progress.bytes_total, figures.size))
    if progress.files_done or progress.files_total:
        count = _files if counts_files else figures.count
        total = progress.files_total
        parts.append(count(progress.files_done) if total is None else _of(figures.count(progress.files_done), total, count))
    if progress.bytes_sent or progress.bytes_waiting:
        parts.append(translate(N_("{size} sent")).format(size=figures.size(progress.bytes_sent or 0)))
    return ", ".join(parts)


def _left(seconds: float) -> str:
    if seconds < 60:
        return translate(N_("less than a minute left"))
    return translate(N_("about {duration} left")).format(duration=figures.rough_duration(seconds))


def _files(number: int) -> str:
    return fill(N_("{files:file|files}"), {"files": number})


def draw_bar(done: float, cells: int = _BAR_CELLS) -> str:
    """Return a bar of ``cells`` characters."""
    full = int(done * cells)
    tip = "╸" if full < cells else ""
    return "━" * full + tip + "─" * (cells - full - len(tip))


def _leading(progress: Progress) -> tuple[int, int | None]:
    """Return the quantity that says best how far it is: bytes where their total is known, else files.

    Bytes that were read and wait to be sent are not done: on a slow line they are what takes the time.
    """
    if progress.bytes_total:
        return progress.bytes_safe, progress.bytes_total
    return progress.files_done, progress.files_total


def _of(done: str, total: int | None, write: Callable[[int], str]) -> str:
    return translate(N_("{done} of {total}")).format(done=done, total=write(total)) if total is not None else done
