"""What became different from one backup to another, folder by folder, with counts and sizes. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.tui.ports import Record
from gdp.tui.standing import Level
from gdp.tui.views.items import NEWER, OLDER, Figures, Item

_ADDED, _REMOVED, _CHANGED = "+", "-", "M"
_LEVELS = {
    _ADDED: Level.GOOD, _REMOVED: Level.ERROR, _CHANGED: Level.BUSY, "T": Level.ATTENTION, "U": Level.IDLE, "?": Level.ERROR,
}  # fmt: skip
_SIDES = {_ADDED: NEWER, _REMOVED: OLDER}


@dataclass(slots=True)
class Changed:
    """A path that differs, or a folder in which something does."""

    path: str = ""
    name: str = ""
    is_folder: bool = True
    modifier: str = ""
    """as ``gdp diff`` tells it; empty: only what lies in it differs"""
    old_bytes: int | None = None
    new_bytes: int | None = None
    counts: dict[str, int] = field(default_factory=dict)
    """how many files in it were added (``+``), removed (``-``) and changed (``M``)"""
    bytes: int = 0
    """of those files: their new size, that of removed ones the old"""
    below: dict[str, "Changed"] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many files differ."""
        return sum(self.counts.values())


def tree_of(changes: Iterable[Record], text: str = "") -> Changed:
    """Return the root of everything that differs, or of the paths that have a text in them, whatever the case."""
    root, wanted = Changed(), text.casefold()
    for change in changes:
        path = str(change.get("path", ""))
        if not wanted or wanted in path.casefold():
            _add(root, path, change)
    return root


def items_of(folder: Changed) -> Iterator[Item]:
    """Yield what is shown in a folder, folders first."""
    for one in sorted(folder.below.values(), key=lambda one: (not one.is_folder, one.name.casefold())):
        kind = "?" if "?" in one.modifier else one.modifier[:1]
        yield Item(
            path=one.path,
            name=f"{one.name}/" if one.is_folder else one.name,
            is_folder=bool(one.below),
            figures=_figures(one),
            sign=one.modifier or " ",
            level=_LEVELS.get(kind, Level.IDLE),
            sides=_SIDES.get(kind, OLDER + NEWER),
        )


def counts_in_words(root: Changed) -> str:
    """Return how many files were added, removed and changed."""
    words = {_ADDED: N_("added: {count}"), _REMOVED: N_("removed: {count}"), _CHANGED: N_("changed: {count}")}
    return " · ".join(
        translate(template).format(count=figures.count(root.counts[kind]))
        for kind, template in words.items()
        if root.counts.get(kind)
    )


def find_folder(root: Changed, path: str) -> Changed:
    """Return the folder at a path that ``items_of`` gave."""
    for name in filter(None, path.split("/")):
        root = root.below[name]
    return root


def single_way(root: Changed) -> Iterator[str]:
    """Yield the folders that one would open anyway, since each has nothing beside it."""
    while len(root.below) == 1:
        (root,) = root.below.values()
        if root.below:
            yield root.path


def every_folder(root: Changed) -> Iterator[str]:
    """Yield the folders in which something differs."""
    for one in root.below.values():
        if one.below:
            yield one.path
            yield from every_folder(one)


def _add(root: Changed, path: str, change: Record) -> None:
    modifier, is_folder = str(change.get("modifier", "")), path.endswith("/")
    old, new = change.get("old_size"), change.get("size")
    kind = modifier[:1] if modifier[:1] in _SIDES else _CHANGED
    size = next((one for one in (new, old) if isinstance(one, int)), 0)
    names = [name for name in path.split("/") if name]
    at = root
    for depth, name in enumerate(names):
        if not is_folder:
            at.counts[kind] = at.counts.get(kind, 0) + 1
            at.bytes += size
        below = at.below.get(name)
        if below is None:
            below = at.below[name] = Changed(f"{at.path}/{name}", name)
        at = below
        if depth == len(names) - 1:
            at.modifier, at.is_folder, at.old_bytes, at.new_bytes = modifier, is_folder or bool(at.below), old, new


def _figures(one: Changed) -> Figures:
    if not one.is_folder:
        sizes = [figures.size(size) for size in (one.old_bytes, one.new_bytes) if size is not None]
        if one.old_bytes == one.new_bytes:
            sizes = sizes[:1]
        return ((" → ".join(sizes), "idle"),)
    counted = [
        (f"{kind}{figures.count(number)}" if (number := one.counts.get(kind)) else "", _LEVELS[kind].style)
        for kind in (_ADDED, _REMOVED, _CHANGED)
    ]
    return (
        (*((f"{words:>8}", colour) for words, colour in counted), (f"{figures.size(one.bytes):>10}", "idle")) if one.total else ()
    )
