"""What a check is asked to do, and what it found. Facts only."""

import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gdp.core.errors import BadInput
from gdp.core.ids import PackId
from gdp.core.language import N_
from gdp.model.events import Note, Problem

MOST_PARTS = 256  # a part is chosen by the first byte of a pack's name
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}

Finding = Problem | Note
"""A Problem is an error; a Note is a hint, with which the repository is still sound."""


@dataclass(frozen=True, slots=True)
class Part:
    """Every pack of the ``number``-th of ``of`` parts; checking all parts one after the other checks everything."""

    number: int
    of: int


@dataclass(frozen=True, slots=True)
class Share:
    """A random share of the packs."""

    percent: float


@dataclass(frozen=True, slots=True)
class Amount:
    """Random packs of about this many bytes."""

    bytes: int


Subset = Part | Share | Amount
ALL_PACKS = Part(1, 1)


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """How deep to look."""

    read_data: Subset | None = None
    """None: no pack is read but those of directories. ``ALL_PACKS``: every byte."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What was found and how much was looked at."""

    errors: tuple[Problem, ...] = ()
    hints: tuple[Note, ...] = ()
    damaged_packs: tuple[str, ...] = ()
    """what to give to ``repair packs``"""
    snapshots: int = 0
    trees: int = 0
    packs: int = 0
    blobs: int = 0
    packs_read: int = 0
    bytes_read: int = 0
    sampled: tuple[str, ...] = ()
    """the packs that were read, where it was a sample and nothing else"""

    @property
    def ok(self) -> bool:
        """Say whether no error was found; hints do not count."""
        return not self.errors


@dataclass(slots=True)
class Findings:
    """Collects what the parts of a check find."""

    all: list[Finding] = field(default_factory=list)
    damaged_packs: list[str] = field(default_factory=list)

    @property
    def errors(self) -> list[Problem]:
        """What makes the repository damaged."""
        return [finding for finding in self.all if isinstance(finding, Problem)]

    @property
    def hints(self) -> list[Note]:
        """What does not."""
        return [finding for finding in self.all if isinstance(finding, Note)]

    def add(self, finding: Finding) -> None:
        """Add an error or a hint."""
        self.all.append(finding)

    def add_all(self, findings: Iterable[Finding]) -> None:
        """Add some."""
        self.all.extend(findings)


def error(template: str, **facts: object) -> Problem:
    """Return a finding that makes the repository damaged."""
    return Problem(template, facts)


def hint(template: str, **facts: object) -> Note:
    """Return a finding with which the repository is still sound."""
    return Note(template, facts)


def parse_subset(text: str) -> Subset:
    """Return what ``--read-data-subset`` means: ``2/5``, ``5%`` or ``10G``. Raises BadInput."""
    if match := re.fullmatch(r"([0-9]+)/([0-9]+)", text):
        part = Part(int(match[1]), int(match[2]))
        if 1 <= part.number <= part.of <= MOST_PARTS:
            return part
    elif match := re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)%", text):
        if 0 < float(match[1]) <= 100:
            return Share(float(match[1]))
    elif (match := re.fullmatch(r"([0-9]+)([kmgt]?)", text.lower())) and int(match[1]):
        return Amount(int(match[1]) * _UNITS[match[2]])
    raise BadInput(
        N_("{text!r} is no part of the data"),
        N_("Give a part such as 1/10 (at most 256 parts), a share such as 5%, or a size such as 10G."),
        text=text,
    )


def is_in_part(pack: PackId, part: Part) -> bool:
    """Say whether a pack belongs to a part; needs to know no other pack."""
    return pack[0] % part.of == part.number - 1


def select_packs(packs: Mapping[PackId, int], subset: Subset, chance: random.Random) -> list[PackId]:
    """Return the packs to read, given all packs with their sizes; at least one where there are any."""
    ordered = sorted(packs)
    if isinstance(subset, Part):
        return [pack for pack in ordered if is_in_part(pack, subset)]
    share = subset.percent / 100 if isinstance(subset, Share) else subset.bytes / max(1, sum(packs.values()))
    count = min(len(ordered), max(1, int(len(ordered) * share)))
    return chance.sample(ordered, count) if ordered else []
