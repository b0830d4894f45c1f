"""What backup, restore, find and rewrite ask: is this path left out, is it wanted, may something below it be wanted?"""

from collections.abc import Callable, Sequence

from gdp.engine.patterns import gitignore, restic
from gdp.engine.patterns.verdict import Compiled, Judge, join
from gdp.model.exclusion import Pattern, PatternRules

Selects = Callable[[bytes, bool], tuple[bool, bool]]
"""(absolute path, is a directory) -> (it is wanted, something below it may be)"""


def make_excludes(patterns: Sequence[Pattern], rules: PatternRules) -> Judge | None:
    """Return what says whether a path is left out, or None when there are no patterns. Raises BadInput.

    Patterns that mind the case and those that do not are two lists; a path is left out when either says so.
    """
    judges = [
        judge
        for ignores_case in (False, True)
        if (judge := _joined([item for item in patterns if item.ignores_case is ignores_case], rules))
    ]
    if len(judges) < 2:
        return judges[0] if judges else None
    first, second = judges
    return lambda path, is_directory: first(path, is_directory) or second(path, is_directory)


def make_selects(*, includes: Sequence[Pattern] = (), excludes: Sequence[Pattern] = (), rules: PatternRules) -> Selects | None:
    """Return what says which paths are wanted, or None when all are. Raises BadInput.

    With ``includes`` only what fits one of them, or lies below it; never what ``excludes`` leave out.
    """
    excluded = make_excludes(excludes, rules)
    wanted = _make_includes(includes, rules) if includes else None
    if excluded is None:
        return wanted
    left_out = excluded

    def selects(path: bytes, is_directory: bool) -> tuple[bool, bool]:  # noqa: FBT001 the walkers' protocol
        if left_out(path, is_directory):
            return False, False
        return wanted(path, is_directory) if wanted else (True, is_directory)

    return selects


def make_finds(patterns: Sequence[Pattern], rules: PatternRules) -> Selects | None:
    """Return what says which paths fit by themselves, wherever they lie; None when all do. Raises BadInput."""
    compiled = [
        restic.compile_restic(pattern, fits_below=False) if rules is PatternRules.RESTIC else gitignore.compile_gitignore(pattern)
        for pattern in patterns
    ]
    if not compiled:
        return None
    fits = join(item for item in compiled if item is not None)
    return lambda path, is_directory: (fits(path, is_directory), is_directory)


def _joined(patterns: Sequence[Pattern], rules: PatternRules, *, fits_below: bool = False) -> Judge | None:
    compiled: list[Compiled] = []
    for pattern in patterns:
        if rules is PatternRules.RESTIC:
            compiled.append(restic.compile_restic(pattern))
        elif (item := gitignore.compile_gitignore(pattern, fits_below=fits_below)) is not None:
            compiled.append(item)
    return join(compiled) if compiled else None


def _make_includes(patterns: Sequence[Pattern], rules: PatternRules) -> Selects:
    fits = _joined(patterns, rules, fits_below=True)
    leads_to = _ways_down(patterns, rules)

    def selects(path: bytes, is_directory: bool) -> tuple[bool, bool]:  # noqa: FBT001 the walkers' protocol
        is_wanted = fits is not None and fits(path, is_directory)
        return is_wanted, is_directory and (is_wanted or leads_to(path.decode("utf-8", "surrogateescape")))

    return selects


def _ways_down(patterns: Sequence[Pattern], rules: PatternRules) -> Callable[[str], bool]:
    """Return what says whether a wanted path may lie below a folder."""
    positive = [pattern for pattern in patterns if not pattern.text.startswith("!")]
    if rules is PatternRules.GITIGNORE:
        return lambda folder: any(gitignore.may_be_below(pattern.text, folder) for pattern in positive)
    regexes = [restic.may_be_below_regex(pattern) for pattern in positive]
    return lambda folder: any(regex is None or regex.fullmatch(folder) for regex in regexes)
