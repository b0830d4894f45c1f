"""What the ticks of a file tree mean as sources and exclude patterns, and the way back. Pure.

A mark says that a path, with all below it, is ticked or not; the nearest mark at or above a path decides. Ticked paths with
nothing ticked above them are sources. What is not ticked in them is an anchored pattern. Where something in that is ticked
again, whatever lies beside the way to it is left out instead: ``/srv/*``, ``!/srv/a``. Both kinds of pattern rules read these
alike.
"""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

_SPECIAL = re.compile(r"[\\*?\[]")
_SPACE_AT_END = re.compile(r"\s+\Z")  # which gitignore would not count
_ESCAPED = re.compile(r"\\(.)|\[(\s)\]", re.DOTALL)
_ALL_IN = "/*"


class Tick(Enum):
    """How much of a path is backed up."""

    NONE = "◻"
    PARTLY = "◩"
    ALL = "◼"


@dataclass(frozen=True, slots=True)
class Ticks:
    """All ticks of a tree."""

    marks: Mapping[str, bool] = field(default_factory=dict)
    """by absolute path; none says what the one above it says already"""

    def is_ticked(self, path: str) -> bool:
        """Say whether what is new at a path would be backed up."""
        return next((self.marks[above] for above in _upwards(path) if above in self.marks), False)

    def state(self, path: str) -> Tick:
        """Return the sign for a path."""
        beginning = path.rstrip("/") + "/"
        if any(mark.startswith(beginning) and mark != path for mark in self.marks):
            return Tick.PARTLY
        return Tick.ALL if self.is_ticked(path) else Tick.NONE

    def toggled(self, path: str) -> "Ticks":
        """Return the ticks after a path was ticked, or its tick was taken away; what was partly ticked is ticked wholly."""
        beginning = path.rstrip("/") + "/"
        marks = {mark: value for mark, value in self.marks.items() if mark != path and not mark.startswith(beginning)}
        return _without_idle({**marks, path: self.state(path) is not Tick.ALL})

    def sources(self) -> tuple[str, ...]:
        """Return the paths that are backed up."""
        return tuple(path for path in sorted(self.marks) if self._is_source(path))

    def excludes(self) -> tuple[str, ...]:
        """Return the patterns that leave out what is not ticked in the sources, those of higher folders first."""
        unticked = [path for path, value in self.marks.items() if not value]
        patterns = [pattern for path in unticked for pattern in self._patterns_of(path)]
        return tuple(pattern for _depth, _order, pattern in sorted(patterns))

    def _patterns_of(self, path: str) -> Iterator[tuple[int, int, str]]:
        """Yield what leaves out a path that is not ticked, with its place among all patterns."""
        ways = self._ways_in(path)
        if not ways:
            yield _depth(path), 0, escape(path)
        for way in {way for each in ways for way in each[:-1]}:
            yield _depth(way) + 1, 0, escape(way) + _ALL_IN
        for kept in {way for each in ways for way in each[1:]}:
            yield _depth(kept), 1, f"!{escape(kept)}"

    def _is_source(self, path: str) -> bool:
        above = [mark for mark in _upwards(path)[1:] if mark in self.marks]
        return self.marks[path] and not above

    def _ways_in(self, path: str) -> list[list[str]]:
        """Return the ways from a path that is not ticked to those that are ticked in it next, both ends among them."""
        ways = []
        for mark, value in self.marks.items():
            between = _upwards(mark)[1:]
            if value and next((above for above in between if above in self.marks), None) == path:
                ways.append([path, *reversed(between[: between.index(path)]), mark])
        return ways


def read_ticks(paths: Sequence[str], patterns: Sequence[str]) -> tuple[Ticks, tuple[str, ...]]:
    """Return the ticks that sources and patterns mean, and the patterns that are no ticks. Together they mean the same.

    Where some pattern keeps what others leave out, their order counts; then ticks are only what stands before all others.
    """
    clean = sorted({_normal(path) for path in paths})
    tops = {path: True for path in clean if not any(above in clean for above in _upwards(path)[1:])}
    if any(pattern.startswith("!") for pattern in patterns):
        for count in range(_run_of_anchors(patterns), 0, -1):
            ticks = _without_idle({**tops, **_marks_of(patterns[:count])})
            if ticks.excludes() == tuple(patterns[:count]) and ticks.sources() == tuple(sorted(tops)):
                return ticks, tuple(patterns[count:])
        return Ticks(tops), tuple(patterns)
    anchors = {pattern: path for pattern in patterns if (path := _literal(pattern)) and _is_in(path, tops)}
    ticks = _without_idle({**tops, **dict.fromkeys(anchors.values(), False)})
    return ticks, tuple(pattern for pattern in patterns if pattern not in anchors)


def can_be_written(path: str) -> bool:
    """Say whether settings can hold a path: its name is UTF-8."""
    return path.isprintable() or not any("\ud800" <= letter <= "\udfff" for letter in path)


def escape(path: str) -> str:
    """Return the pattern that fits this path and no other."""
    escaped = _SPECIAL.sub(lambda match: f"\\{match[0]}", path)
    return _SPACE_AT_END.sub(lambda match: "".join(f"[{space}]" for space in match[0]), escaped)


def _literal(pattern: str) -> str | None:
    """Return the path that a pattern fits, if it is one path alone as ``escape`` writes it."""
    path = _ESCAPED.sub(lambda match: match[1] or match[2], pattern)
    return path if path.startswith("/") and path != "/" and _normal(path) == path and escape(path) == pattern else None


def _run_of_anchors(patterns: Sequence[str]) -> int:
    """Return how many patterns at the beginning look like ticks."""
    count = 0
    for pattern in patterns:
        if _literal(pattern.removeprefix("!").removesuffix(_ALL_IN)) is None:
            break
        count += 1
    return count


def _marks_of(patterns: Iterable[str]) -> dict[str, bool]:
    marks: dict[str, bool] = {}
    folders = {pattern.removesuffix(_ALL_IN) for pattern in patterns if pattern.endswith(_ALL_IN)}
    for pattern in patterns:
        text = pattern.removeprefix("!").removesuffix(_ALL_IN)
        path = _literal(text)
        if path is not None and not (pattern.startswith("!") and text in folders):
            marks[path] = pattern.startswith("!")
    kept = {pattern.removeprefix("!") for pattern in patterns if pattern.startswith("!")}
    return {path: value for path, value in marks.items() if value or escape(path) not in kept}


def _without_idle(marks: Mapping[str, bool]) -> Ticks:
    """Leave out marks that say what the next one above says."""
    kept: dict[str, bool] = {}
    for path in sorted(marks, key=_depth):
        if marks[path] is not Ticks(kept).is_ticked(path):
            kept[path] = marks[path]
    return Ticks(dict(sorted(kept.items())))


def _upwards(path: str) -> list[str]:
    """Return a path and every folder above it, the root last."""
    return list(_climb(path))


def _climb(path: str) -> Iterator[str]:
    while True:
        yield path
        if path == "/":
            return
        path = posixpath.dirname(path)


def _is_in(path: str, folders: Mapping[str, bool]) -> bool:
    return any(above in folders for above in _upwards(path)[1:])


def _normal(path: str) -> str:
    return posixpath.normpath(path).replace("//", "/")


def _depth(path: str) -> int:
    return len(path.rstrip("/").split("/"))
