"""Patterns that gitignore and restic read differently, and how to write what was probably meant. Pure."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence

from gdp.core.language import N_
from gdp.model.events import Note
from gdp.model.exclusion import Pattern, PatternRules

_GITIGNORE_SAYS = {
    "comment": N_("the pattern {pattern!r} is a comment by gitignore's rules and leaves nothing out; write {other!r}"),
    "anchored": N_(
        "the pattern {pattern!r} means {anchored!r} and nothing else by gitignore's rules; by restic's it fits in every folder: "
        "write {other!r} for that"
    ),
    "folder": N_("the pattern {pattern!r} means folders only by gitignore's rules; by restic's files as well: write {other!r}"),
    "inside": N_(
        "the pattern {pattern!r} keeps the empty folder by gitignore's rules; by restic's it goes as well: write {other!r}"
    ),
    "class": N_("in the pattern {pattern!r} '[!' means any other character by gitignore's rules; by restic's '!' is one of them"),
    "dots": N_("the pattern {pattern!r} fits nothing by gitignore's rules, since no path contains '.' or '..'; write {other!r}"),
}
_RESTIC_SAYS = {
    "comment": N_("the pattern {pattern!r} names a file by restic's rules; by gitignore's it is a comment"),
    "anchored": N_("the pattern {pattern!r} fits in every folder by restic's rules; by gitignore's it means {anchored!r} only"),
    "folder": N_("the pattern {pattern!r} means files and folders by restic's rules; by gitignore's folders only"),
    "inside": N_("the pattern {pattern!r} leaves out the folder itself by restic's rules; gitignore's keep it, empty"),
    "class": N_("in the pattern {pattern!r} '!' is one of the characters by restic's rules; write '[^' for any other character"),
    "dots": N_("the pattern {pattern!r} means {other!r} by restic's rules; by gitignore's it fits nothing"),
}


def tell_differences(patterns: Sequence[Pattern], rules: PatternRules) -> Iterator[Note]:
    """Yield a Note for each pattern that the other rules would read differently, once each."""
    said = _GITIGNORE_SAYS if rules is PatternRules.GITIGNORE else _RESTIC_SAYS
    for text in dict.fromkeys(pattern.text for pattern in patterns):
        for kind, other in _differences(text):
            facts: dict[str, object] = {"pattern": text, "other": other, "anchored": "/" + text.removeprefix("!")}
            yield Note(said[kind], facts)


def _differences(text: str) -> Iterable[tuple[str, str]]:
    """Yield what kind of difference there is, and the pattern for what the other rules mean."""
    sign, body = ("!", text[1:]) if text.startswith("!") else ("", text)
    if text.startswith("#"):
        yield "comment", f"\\{text}"
        return
    if any(part in {".", ".."} for part in body.split("/")):
        yield "dots", sign + posixpath.normpath(body)
        return
    inner = body.rstrip("/")
    if "/" in inner and not inner.startswith(("/", "**/")):
        yield "anchored", f"{sign}**/{body}"
    if body.endswith("/") and inner:
        yield "folder", sign + inner
    if inner.endswith("/**") and inner != "/**":
        yield "inside", sign + inner.removesuffix("/**")
    if re.search(r"(?<!\\)\[!", body):
        yield "class", text
