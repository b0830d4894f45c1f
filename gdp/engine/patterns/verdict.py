"""From patterns to a yes or no for each path. The last pattern that fits decides; one that begins with ``!`` says no.

Patterns of one kind that follow each other are joined, so that a path costs a few lookups however many patterns there are.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

import msgspec

Judge = Callable[[bytes, bool], bool]
"""(absolute path, is a directory) -> a pattern fits. Directories above were judged before and not left out."""


class Compiled(msgspec.Struct, frozen=True):
    """One pattern, ready to be joined with others. Only one of the fields that say where it fits is set."""

    is_negated: bool
    name: bytes = b""
    """the whole name of a file or directory"""
    suffix: bytes = b""
    """the end of a name"""
    name_regex: str = ""
    """fits the beginning of a name; a directory's name ends with ``/``"""
    path_regex: str = ""
    """fits somewhere in a path that begins with ``/``; a directory's ends with ``/``"""
    only_directories: bool = False
    ignores_case: bool = False


def join(patterns: Iterable[Compiled]) -> Judge:
    """Return what judges by all patterns together."""
    runs = [(is_negated, _Run(list(run))) for is_negated, run in groupby(patterns, key=lambda item: item.is_negated)]
    if len(runs) == 1 and not runs[0][0]:
        return runs[0][1].fits
    newest_first = tuple((not is_negated, run.fits) for is_negated, run in reversed(runs))

    def judge(path: bytes, is_directory: bool) -> bool:  # noqa: FBT001 the protocol of the walkers, called for every file
        for verdict, fits in newest_first:
            if fits(path, is_directory):
                return verdict
        return False

    return judge


class _Run:
    """Patterns of which any may fit."""

    def __init__(self, patterns: Sequence[Compiled]) -> None:
        anything = [item for item in patterns if not item.only_directories]
        self._names = frozenset(item.name for item in anything if item.name)
        self._suffixes = tuple(item.suffix for item in anything if item.suffix)
        self._directory_names = frozenset(item.name for item in patterns if item.name)
        self._directory_suffixes = tuple(item.suffix for item in patterns if item.suffix)
        self._name_regexes = _alternatives([(item.name_regex, item.ignores_case) for item in patterns if item.name_regex])
        self._path_regexes = _alternatives([(item.path_regex, item.ignores_case) for item in patterns if item.path_regex])

    def fits(self, path: bytes, is_directory: bool) -> bool:  # noqa: FBT001 see ``join``
        """Say whether any of the patterns fits."""
        name = path[path.rfind(b"/") + 1 :]
        if is_directory:
            if name in self._directory_names or name.endswith(self._directory_suffixes):
                return True
        elif name in self._names or name.endswith(self._suffixes):
            return True
        if self._name_regexes:
            text = name.decode("utf-8", "surrogateescape") + ("/" if is_directory else "")
            if any(regex.match(text) for regex in self._name_regexes):
                return True
        if self._path_regexes:
            text = path.decode("utf-8", "surrogateescape") + ("/" if is_directory else "")
            return any(regex.search(text) for regex in self._path_regexes)
        return False


def _alternatives(regexes: Sequence[tuple[str, bool]]) -> tuple[re.Pattern[str], ...]:
    """Return one regular expression for those that mind the case, and one for those that do not."""
    joined = []
    for ignores_case in (False, True):
        chosen = [f"(?:{regex})" for regex, ignores in regexes if ignores is ignores_case]
        if chosen:
            joined.append(re.compile("|".join(chosen), re.DOTALL | (re.IGNORECASE if ignores_case else 0)))
    return tuple(joined)
