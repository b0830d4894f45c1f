"""What ``gdp scan`` says while it works, and what the source picker says of it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from gdp.core import figures
from gdp.core.errors import GdpError
from gdp.core.language import N_, translate
from gdp.core.sentences import error_text, fill
from gdp.tui.ports import Record
from gdp.tui.standing import Level, Standing

_FOUND = N_("{folders:folder|folders}, {files:file|files}")
_HITS = N_("hits {what}, {size}")


class Stage(Enum):
    """How far the count is."""

    NOTHING = auto()
    """nothing is chosen"""
    RUNS = auto()
    DONE = auto()
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class Found:
    """So many."""

    files: int = 0
    folders: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Counting:
    """All that is known of what a backup would read."""

    stage: Stage = Stage.NOTHING
    total: Found = Found()
    current: str = ""
    """the folder that is being looked at"""
    sources: Mapping[str, Found] = field(default_factory=dict)
    hits: Mapping[str, Found] = field(default_factory=dict)
    """by pattern"""
    senseless: frozenset[str] = frozenset()
    """patterns that make no sense"""
    problems: int = 0
    problem: str = ""
    """the first of them, or why the count failed"""
    kernel_file_systems: int = 0
    """how many of them are left out"""


def words_of(paths: Sequence[str], patterns: Sequence[str], options: Sequence[str]) -> tuple[str, ...]:
    """Return the words of the command that counts.

    Args:
        options: what else is left out, such as ``--exclude-caches``.
    """
    return ("scan", *options, *(f"--exclude={pattern}" for pattern in patterns), "--", *paths)


def after(counting: Counting, record: Record) -> Counting:
    """Return what is known after one more object of the command."""
    match record.get("message_type"):
        case "status":
            current = next(iter(record.get("current_files", ())), "")
            return replace(counting, total=Found(record["files_done"], 0, record["bytes_done"]), current=current)
        case "source":
            return replace(counting, sources={**counting.sources, record["path"]: _found(record)})
        case "pattern":
            return replace(counting, hits={**counting.hits, record["pattern"]: _found(record)})
        case "summary":
            kernels = record.get("skipped", {}).get("kernel_file_systems", 0)
            return replace(counting, stage=Stage.DONE, total=_found(record), current="", kernel_file_systems=kernels)
        case "error":
            said = f"{record.get('item', '')}: {record['error']['message']}"
            return replace(counting, problems=counting.problems + 1, problem=counting.problem or said)
        case _:
            return counting


def after_failure(counting: Counting, error: GdpError) -> Counting:
    """Return what is known after the command failed; a pattern that makes no sense is remembered."""
    pattern = error.facts.get("pattern")
    if isinstance(pattern, str):
        return replace(counting, senseless=counting.senseless | {pattern}, stage=Stage.FAILED, problem=error_text(error))
    return replace(counting, stage=Stage.FAILED, problem=error_text(error))


def total_lines(counting: Counting) -> Iterator[str]:
    """Yield what a backup would read, a line each."""
    total = counting.total
    match counting.stage:
        case Stage.NOTHING:
            yield translate(N_("Nothing is chosen yet."))
        case Stage.FAILED:
            yield counting.problem
        case Stage.RUNS:
            yield fill(N_("{files:file|files} so far"), {"files": total.files})
            yield f"{figures.size(total.bytes)} …"
        case Stage.DONE:
            yield fill(_FOUND, {"folders": total.folders, "files": total.files})
            yield figures.size(total.bytes)
            if counting.kernel_file_systems:
                words = N_("without {count:file system|file systems} of the kernel")
                yield fill(words, {"count": counting.kernel_file_systems})


def problem_line(counting: Counting) -> str:
    """Return what could not be read; empty: everything could."""
    if not counting.problems or counting.stage is Stage.FAILED:
        return ""
    more = counting.problems - 1
    return counting.problem + (fill(N_(" (and {count:other|others})"), {"count": more}) if more else "")


def of_pattern(pattern: str, counting: Counting) -> Standing:
    """Return what a pattern hits, and whether that is worth a look."""
    if pattern in counting.senseless:
        return Standing(Level.ERROR, translate(N_("makes no sense")))
    hit = counting.hits.get(pattern)
    if hit is None:
        waits = counting.stage is Stage.RUNS
        return Standing(Level.IDLE, translate(N_("is being counted")) if waits else "")
    if not hit.files and not hit.folders:
        return Standing(Level.ATTENTION, translate(N_("keeps nothing") if pattern.startswith("!") else N_("hits nothing")))
    if pattern.startswith("!"):
        return Standing(Level.GOOD, translate(N_("keeps {what}")).format(what=_what(hit)))
    words = translate(_HITS).format(what=_what(hit), size=figures.size(hit.bytes))
    if counting.stage is Stage.DONE and not counting.total.files:
        return Standing(Level.ATTENTION, translate(N_("{words}: no file is left")).format(words=words))
    return Standing(Level.GOOD, words)


def _what(hit: Found) -> str:
    """Return folders where a pattern hits folders, else files."""
    return fill(N_("{count:folder|folders}") if hit.folders else N_("{count:file|files}"), {"count": hit.folders or hit.files})


def _found(record: Record) -> Found:
    return Found(record["files"], record["folders"], record["bytes"])
