"""gitignore's rules, read by pathspec; the root of the patterns is ``/``.

A path fits when the pattern ends where the path ends: whatever lies below a directory that fits is left out with it, without
being judged.
"""

import re

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.engine.patterns.verdict import Compiled
from gdp.model.exclusion import Pattern

_ANYWHERE = "^(?:.+/)?"  # what pathspec begins a pattern with that may stand in any folder
_END = "(?:(?P<ps_d>/)|$)"
_END_OF_FOLDER = "(?P<ps_d>/)"
_PLAIN_NAME = re.compile(r"(!?)([\w.+~@%,=-][\w.+~@%,= -]*[\w.+~@%,=-]|[\w.+~@%,=-])(/?)", re.ASCII)
_PLAIN_SUFFIX = re.compile(r"(!?)\*(\.[\w.+~@%,=-]+)(/?)", re.ASCII)


def compile_gitignore(pattern: Pattern, *, fits_below: bool = False) -> Compiled | None:
    """Return the pattern compiled, or None for a comment and the like. Raises BadInput.

    Args:
        fits_below: let it fit everything below a directory that fits as well.
    """
    simple = None if pattern.ignores_case or fits_below else _simple(pattern.text)
    if simple is not None:
        return simple
    regex, is_included = _read(pattern.text)
    if regex is None:
        return None
    ending = _with_ending(regex, fits_below=fits_below)
    is_negated = not is_included
    if ending.startswith(_ANYWHERE):
        rest = ending[len(_ANYWHERE) :]
        if not fits_below and "/" not in rest.replace("[^/]", "").removesuffix("/?\\Z").removesuffix("/\\Z"):
            return Compiled(is_negated, name_regex=rest, ignores_case=pattern.ignores_case)
    # pathspec's paths have no slash at the beginning, ours have one.
    rooted = "^/" + ending[1:] if ending.startswith("^") else ending
    return Compiled(is_negated, path_regex=rooted, ignores_case=pattern.ignores_case)


def may_be_below(pattern: str, folder: str) -> bool:
    """Say whether a path that fits may lie below ``folder`` (``/a/b``). Errs towards yes."""
    text = pattern.removeprefix("!").rstrip()
    if "/" not in text.rstrip("/") and not text.startswith("/"):
        return True
    fixed = []
    for part in text.strip("/").split("/"):
        if re.search(r"[*?\[\\]", part):
            break
        fixed.append(part)
    wanted, given = fixed, [part for part in folder.split("/") if part]
    shared = min(len(wanted), len(given))
    return [part.lower() for part in wanted[:shared]] == [part.lower() for part in given[:shared]]


def _simple(text: str) -> Compiled | None:
    """Return the most frequent kinds, which need no regular expression."""
    if match := _PLAIN_NAME.fullmatch(text):
        return Compiled(bool(match[1]), name=match[2].encode(), only_directories=bool(match[3]))
    if match := _PLAIN_SUFFIX.fullmatch(text):
        return Compiled(bool(match[1]), suffix=match[2].encode(), only_directories=bool(match[3]))
    return None


def _read(text: str) -> tuple[str | None, bool]:
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern  # start-up time

    try:
        read = GitIgnoreSpecPattern(text)
    except ValueError as error:
        raise BadInput(N_("the pattern {pattern!r} makes no sense"), pattern=text) from error
    return (read.regex.pattern if read.regex else None), bool(read.include)


def _with_ending(regex: str, *, fits_below: bool) -> str:
    """Return pathspec's regular expression with an end of our own: the path's, or anywhere below."""
    if regex.endswith(_END):
        return regex.removesuffix(_END) + ("(?:/|\\Z)" if fits_below else "/?\\Z")
    if regex.endswith(_END_OF_FOLDER):
        return regex.removesuffix(_END_OF_FOLDER) + ("/" if fits_below else "/\\Z")
    if regex.endswith("/"):  # ``folder/**``: what is in it, but not the folder itself
        return regex + "(?=.)"
    return regex
