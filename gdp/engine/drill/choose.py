"""Draws files for a restore drill: small, middling and large ones in turn, as many of each as there are. Pure, given the chance.

A fair draw from each class of sizes in one pass, without knowing how many files there are (reservoir sampling, Vitter 1985).
"""

import random
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

from gdp.engine.browse.walk import Entry

CANDIDATES = 4  # drawn for each file that is wanted, since not all of them may fit
CLASS_BYTES = (64 << 10, 4 << 20)  # up to the first, up to the second, all others: one block, some blocks, many


@dataclass(frozen=True, slots=True)
class Choice:
    """What was drawn."""

    files: list[Entry]
    """by path"""
    too_large: int
    """files that alone are more than may be restored"""


def choose_files(entries: Iterable[Entry], most_files: int, most_bytes: int, chance: random.Random) -> Choice:
    """Return up to ``most_files`` files with something in them, of at most ``most_bytes`` all together."""
    drawn: list[list[Entry]] = [[] for _ in range(len(CLASS_BYTES) + 1)]
    seen = [0] * len(drawn)
    too_large, most_drawn = 0, CANDIDATES * most_files
    for entry in entries:
        size = entry.node.size
        if entry.node.type != "file" or not size:
            continue
        if size > most_bytes:
            too_large += 1
            continue
        kind = bisect_left(CLASS_BYTES, size)
        seen[kind] += 1
        if len(drawn[kind]) < most_drawn:
            drawn[kind].append(entry)
        elif (place := chance.randrange(seen[kind])) < most_drawn:
            drawn[kind][place] = entry
    for files in drawn:
        chance.shuffle(files)
    return Choice(sorted(_take_in_turn(drawn, most_files, most_bytes), key=lambda entry: entry.path), too_large)


def _take_in_turn(drawn: list[list[Entry]], most_files: int, most_bytes: int) -> list[Entry]:
    taken: list[Entry] = []
    while any(drawn) and len(taken) < most_files:
        for files in drawn:
            while files and len(taken) < most_files:
                entry = files.pop()
                if entry.node.size <= most_bytes:
                    taken.append(entry)
                    most_bytes -= entry.node.size
                    break
    return taken
