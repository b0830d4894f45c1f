"""What the screen of a running job says."""

from collections.abc import Iterator, Sequence

from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.model.runs import Kind
from gdp.tui.ports import Record

_LEVELS = "▁▂▃▄▅▆▇█"
_READS = {Kind.BACKUP: N_("read {done} of {total}"), Kind.RESTORE: N_("restored {done} of {total}")}
_READ = {Kind.BACKUP: N_("read {done}"), Kind.RESTORE: N_("restored {done}")}
_SOON = 60  # seconds


def share(progress: Record) -> float | None:
    """Return how much is done, 0 to 1; None while the whole is not known."""
    done = progress.get("percent_done")
    is_known = "total_bytes" in progress or "total_files" in progress
    return min(1.0, max(0.0, float(done))) if is_known and isinstance(done, int | float) else None


def bar(done: float, cells: int) -> tuple[str, str]:
    """Return the done and the open part of a bar, together so many characters wide."""
    full = int(done * cells)
    tip = "╸" if full < cells and done > 0 else ""
    return "━" * full + tip, "━" * (cells - full - len(tip))


def sparkline(rates: Sequence[float]) -> str:
    """Return rates as bars of different height; their highest fills the line."""
    top = max(rates, default=0.0)
    if not top:
        return ""
    return "".join(_LEVELS[min(len(_LEVELS) - 1, int(one / top * len(_LEVELS)))] for one in rates)


def speed(rate: str, progress: Record, *, is_sent: bool) -> str:
    """Return how fast it is, and what: a backup sends, or only reads where nothing is new."""
    if "bytes_sent" not in progress:
        return rate
    return translate(N_("sends {rate}") if is_sent else N_("reads {rate}")).format(rate=rate)


def left(progress: Record) -> str:
    """Return how much and how long it takes still: ``64 %   about 12 min left``; empty parts are left out."""
    done = share(progress)
    parts = [f"{min(99, int(done * 100))} %"] if done is not None else []
    seconds = progress.get("seconds_remaining")
    if isinstance(seconds, int | float) and done is not None:
        if seconds < _SOON:
            parts.append(translate(N_("less than a minute left")))
        else:
            parts.append(translate(N_("about {duration} left")).format(duration=figures.rough_duration(seconds)))
    return "   ".join(parts)


def amounts(kind: Kind, progress: Record, width: int) -> str:
    """Return what was dealt with so far: bytes, files, what is new and sent, as far as the job tells; broken between two."""
    lines = [""]
    for part in _amounts(kind, progress):
        joined = f"{lines[-1]} · {part}" if lines[-1] else part
        if len(joined) <= width:
            lines[-1] = joined
        else:
            lines.append(part)
    return "\n".join(lines)


def stage(progress: Record) -> str:
    """Return what the job does now, in words."""
    return translate(str(progress.get("during", "")))


def current_file(progress: Record) -> str:
    """Return the file that is worked on; empty where nobody knows."""
    files = progress.get("current_files")
    return str(files[0]) if isinstance(files, list) and files else ""


def shorten(path: str, width: int) -> str:
    """Return a path that fits, without its middle: the beginning says which source, the end which file."""
    if len(path) <= width:
        return path
    behind = max(1, width * 2 // 3)
    return f"{path[: max(0, width - behind - 1)]}…{path[-behind:]}"


def _amounts(kind: Kind, progress: Record) -> Iterator[str]:
    if kind not in _READS:
        if done := progress.get("files_done"):
            total = progress.get("total_files")
            count = figures.count(int(done))
            yield count if total is None else _of(N_("{done} of {total}"), count, figures.count(int(total)))
        return
    done_bytes, total_bytes = int(progress.get("bytes_done", 0)), progress.get("total_bytes")
    if total_bytes is None:
        yield translate(_READ[kind]).format(done=figures.size(done_bytes))
    else:
        yield _of(_READS[kind], figures.size(done_bytes), figures.size(int(total_bytes)))
    files, all_files = int(progress.get("files_done", 0)), progress.get("total_files")
    if all_files is None:
        yield fill(N_("{files:file|files}"), {"files": files})
    else:
        yield fill(N_("{done} of {files:file|files}"), {"done": figures.count(files), "files": int(all_files)})
    for name, words in (("bytes_new", N_("new {size}")), ("bytes_sent", N_("sent {size}"))):
        if name in progress:
            yield translate(words).format(size=figures.size(int(progress[name])))
    if waiting := int(progress.get("bytes_waiting", 0)):
        yield translate(N_("{size} wait to be sent")).format(size=figures.size(waiting))


def _of(template: str, done: str, total: str) -> str:
    return translate(template).format(done=done, total=total)
