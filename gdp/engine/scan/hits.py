"""What each exclude pattern leaves out: asked by the walk in place of the patterns, it answers as they do, and counts.

A path counts for the pattern that decides about it, the last that fits. What lies in a folder that is left out counts with the
folder, but for other file systems in it: those are often left out because they are endless (``/proc``) or slow.
"""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gdp.engine.patterns.selector import make_excludes
from gdp.engine.patterns.verdict import Judge
from gdp.model.exclusion import Pattern, PatternRules


@dataclass(slots=True)
class Hit:
    """What one pattern hits; one that begins with ``!`` hits what it keeps from being left out."""

    pattern: Pattern
    files: int = 0
    """everything that is no folder"""
    folders: int = 0
    """those that are left out by name; the ones in them are not counted"""
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Rule:
    hit: Hit
    fits: Judge
    is_negated: bool


class CountedExcludes:
    """Says whether a path is left out, as ``make_excludes`` does, and counts why. Raises BadInput for a pattern without sense.

    Args:
        on_folder: is told of each folder that is looked through only to be counted.
    """

    def __init__(self, patterns: Sequence[Pattern], rules: PatternRules, on_folder: Callable[[bytes], None]) -> None:
        self.hits = [Hit(pattern) for pattern in patterns]
        self._judge = make_excludes(patterns, rules)
        newest_first = [rule for hit in reversed(self.hits) if (rule := _rule(hit, rules))]
        self._lists = [[rule for rule in newest_first if rule.hit.pattern.ignores_case is either] for either in (False, True)]
        self._keeps = any(rule.is_negated for rule in newest_first)
        self._on_folder = on_folder

    def __call__(self, path: bytes, is_directory: bool) -> bool:  # noqa: FBT001 the walk's protocol
        if self._judge is None:
            return False
        is_left_out = self._judge(path, is_directory)
        if is_left_out:
            self._count(self._decider(path, is_directory, keeps=False), path, is_directory=is_directory)
        elif self._keeps:
            self._count(self._decider(path, is_directory, keeps=True), path, is_directory=is_directory)
        return is_left_out

    def _decider(self, path: bytes, is_directory: bool, *, keeps: bool) -> _Rule | None:  # noqa: FBT001
        """Return the rule that decided so."""
        for rules in self._lists:
            rule = next((rule for rule in rules if rule.fits(path, is_directory)), None)
            if rule is not None and rule.is_negated is keeps:
                return rule
        return None

    def _count(self, rule: _Rule | None, path: bytes, *, is_directory: bool) -> None:
        if rule is None:
            return
        hit = rule.hit
        if not is_directory:
            hit.files += 1
            hit.bytes += _file_bytes(path)
            return
        hit.folders += 1
        if not rule.is_negated:
            for size in self._sizes_below(path):
                hit.files += 1
                hit.bytes += size

    def _sizes_below(self, folder: bytes) -> Iterator[int]:
        """Yield the size of everything that is no folder, 0 for what is no file, on the folder's parent's file system."""
        try:
            device = os.lstat(os.path.dirname(folder)).st_dev
        except OSError:
            return  # gone, or out of reach: it counts as an empty folder
        waiting = [folder]
        while waiting:
            path = waiting.pop()
            self._on_folder(path)
            try:
                if os.lstat(path).st_dev != device:
                    continue
                with os.scandir(path) as entries:
                    for entry in entries:
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append(entry.path)
                        else:
                            yield _file_bytes(entry.path)
            except OSError:
                continue


def _rule(hit: Hit, rules: PatternRules) -> _Rule | None:
    """Return the pattern by itself; a negated one by what it fits. None for a comment and the like."""
    text = hit.pattern.text
    is_negated = text.startswith("!")
    alone = make_excludes([Pattern(text.removeprefix("!"), hit.pattern.ignores_case)] if text != "!" else [], rules)
    return _Rule(hit, alone, is_negated) if alone else None


def _file_bytes(path: bytes) -> int:
    try:
        status = os.lstat(path)
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0
