"""What a cause of trouble is: a heading for all the files it hit, and a next step for somebody who runs no servers."""

from enum import Enum, auto

import msgspec


class Weight(Enum):
    """How much a cause matters."""

    GRAVE = auto()
    """something is not backed up"""
    MILD = auto()
    """it is, or will be by the next run"""
    HARMLESS = auto()
    """nobody has to look at it: the next run makes up for one that was left out for it, or it changed nothing"""


class Cause(msgspec.Struct, frozen=True):
    """One entry of the catalogue."""

    title: str
    """a template of its own sentence, in English; ``{count}`` files have it"""
    step: str
    """what to do next"""
    several: str = ""
    """the title when there are several files; empty: it is no matter of files"""
    weight: Weight = Weight.GRAVE
    is_resumed: bool = False
    """a run that it ended lost nothing: the next one finds all that was sent"""
