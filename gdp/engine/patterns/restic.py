"""restic's rules: each component as Go's ``filepath.Match`` has it, ``**`` for any number of components.

A relative pattern may begin at any component, and a path fits when the pattern fits it or a directory above it.
Source: restic's documentation ("Excluding Files") and the behaviour of restic 0.19.
"""

import posixpath
import re

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.engine.patterns.verdict import Compiled
from gdp.model.exclusion import Pattern

_SPECIAL = re.compile(r"[\\\[*?]")


def compile_restic(pattern: Pattern, *, fits_below: bool = True) -> Compiled:
    """Return the pattern compiled. Raises BadInput.

    Args:
        fits_below: let it fit everything below what fits as well, as restic does.
    """
    text, is_negated = _split_negation(pattern.text)
    parts = _components(pattern.text, text)
    begin = "\\A" if text.startswith("/") else ""
    regex = (
        begin + _join_components([_component(pattern.text, part) for part in parts]) + ("(?:/|\\Z)" if fits_below else "/?\\Z")
    )
    return Compiled(is_negated, path_regex=regex, ignores_case=pattern.ignores_case)


def may_be_below_regex(pattern: Pattern) -> re.Pattern[str] | None:
    """Return what a folder (``/a/b``) must fit so that something below it may fit; None: any folder."""
    text, _ = _split_negation(pattern.text)
    if not text.startswith("/"):
        return None
    regex = "(?:/.*)?"
    parts = _components(pattern.text, text)
    for part in reversed(parts[: parts.index("**")] if "**" in parts else parts):
        regex = f"(?:/{_component(pattern.text, part)}{regex})?"
    return re.compile(f"(?:{regex}|/)", re.DOTALL | (re.IGNORECASE if pattern.ignores_case else 0))


def _split_negation(text: str) -> tuple[str, bool]:
    return (text[1:], True) if text.startswith("!") else (text, False)


def _components(shown: str, text: str) -> list[str]:
    if not text:
        raise BadInput(N_("the pattern {pattern!r} makes no sense"), pattern=shown)
    return [part for part in posixpath.normpath(text).split("/") if part]


def _join_components(regexes: list[str]) -> str:
    """Return the components joined; ``**`` stands for no component, one or several."""
    return "".join("(?:/[^/]+)*" if regex == "**" else f"/{regex}" for regex in regexes) or "/"


def _component(shown: str, part: str) -> str:
    """Return one component as a regular expression; ``**`` stays itself. Raises BadInput."""
    if part == "**" or not _SPECIAL.search(part):
        return part if part == "**" else re.escape(part)
    if not part.strip("*"):
        return "[^/]+"  # no name is empty: what comes behind the slash of a folder is none
    regex, place = "", 0
    while place < len(part):
        character = part[place]
        place += 1
        if character == "*":
            regex += "[^/]*"
        elif character == "?":
            regex += "[^/]"
        elif character == "[":
            group, place = _character_class(shown, part, place)
            regex += group
        else:
            if character == "\\":
                character, place = _escaped(shown, part, place)
            regex += re.escape(character)
    return regex


def _character_class(shown: str, part: str, place: int) -> tuple[str, int]:
    """Return ``[a-z]`` as a regular expression, and where it ends. Raises BadInput."""
    is_negated = part[place : place + 1] == "^"
    place += is_negated
    ranges: list[str] = []
    while part[place : place + 1] != "]" or not ranges:
        low, place = _class_character(shown, part, place)
        high = low
        if part[place : place + 1] == "-":
            high, place = _class_character(shown, part, place + 1)
        if low <= high:
            ranges.append(f"{re.escape(low)}-{re.escape(high)}")
        else:
            ranges.append("")  # Go takes it, and it fits nothing
    inside = "".join(ranges)
    if not inside:
        return ("[^/]" if is_negated else "(?!)"), place + 1
    return f"(?!/)[{'^' if is_negated else ''}{inside}]", place + 1


def _class_character(shown: str, part: str, place: int) -> tuple[str, int]:
    character = part[place : place + 1]
    if character == "\\":
        return _escaped(shown, part, place + 1)
    if character in {"", "-", "]"}:
        raise BadInput(N_("in the pattern {pattern!r} a bracket is not closed"), pattern=shown)
    return character, place + 1


def _escaped(shown: str, part: str, place: int) -> tuple[str, int]:
    if place >= len(part):
        raise BadInput(N_("the pattern {pattern!r} ends with a backslash"), pattern=shown)
    return part[place], place + 1
