"""What a tree of a snapshot's files shows of each: name, figures, and which of two backups have it. Pure."""

from dataclasses import dataclass

from gdp.tui.standing import Level

OLDER, NEWER = "o", "n"
Figures = tuple[tuple[str, str], ...]
"""pieces of text, each with the name of its colour; empty: that of the text"""


@dataclass(frozen=True, slots=True)
class Item:
    """A file or folder."""

    path: str
    """as the command line names it; a folder's without a slash at its end"""
    name: str
    is_folder: bool = False
    figures: Figures = ()
    """stand at the right"""
    sign: str = ""
    """how it differs, in front of the name"""
    level: Level = Level.IDLE
    """the colour of the sign"""
    sides: str = OLDER + NEWER
    """which of two backups have it"""


@dataclass(frozen=True, slots=True)
class More:
    """What is left of a folder that has more than anybody would scroll through."""

    items: tuple[Item, ...]
