"""Which files a run dealt with: the first names, and how many there were in which folders. Values only; they travel as JSON."""

import msgspec

ACTIONS = ("new", "changed", "removed", "skipped")


class NamedFile(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of them."""

    path: str
    bytes: int = 0
    kind: str = "file"
    """a node type"""


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """A folder with some of them."""

    path: str
    files: int
    bytes: int = 0
    is_deep: bool = False
    """those in folders below are among them"""


class Changes(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was done to files in one way, such as "removed"."""

    files: int
    bytes: int = 0
    """the size of all of them"""
    names: tuple[NamedFile, ...] = ()
    """all, or the first of many"""
    places: tuple[Place, ...] = ()
    """the folders with the most of them"""
    other_places: int = 0
    """how many more folders there are"""
    other_files: int = 0
    """in those"""
