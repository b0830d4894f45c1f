"""Walks the directories of a snapshot in stored order, each before what lies in it. Bounded against hostile trees."""

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

from gdp.core.errors import DamagedData, HostileData
from gdp.core.ids import BlobId
from gdp.core.language import N_
from gdp.model.events import Emit, Problem
from gdp.model.node import Node
from gdp.repo.repository import Repository

DEEPEST_FOLDER = 2000  # no real tree comes near


class Entry(NamedTuple):
    """A node and where it lies."""

    path: bytes
    """with a leading slash"""
    node: Node


Enters = Callable[[Entry], bool]
"""Says whether to look into a directory"""


class _Level(NamedTuple):
    prefix: bytes
    tree: bytes
    nodes: Iterator[Node]


def walk(repo: Repository, tree: bytes, emit: Emit, *, prefix: bytes = b"", enters: Enters | None = None) -> Iterator[Entry]:
    """Yield everything below a tree. A directory that cannot be read is told as a Problem, and the walk goes on.

    Names are as stored, also those no file system allows: nothing is written here. Raises DamagedData when the first tree cannot
    be read.
    """
    levels = [_Level(prefix, tree, iter(repo.load_tree(tree)))]
    while levels:
        level = levels[-1]
        node = next(level.nodes, None)
        if node is None:
            levels.pop()
            continue
        try:
            entry = Entry(level.prefix + b"/" + node.raw_name, node)
        except DamagedData as error:
            emit(problem_of(error, level.prefix))
            continue
        yield entry
        if node.type == "dir" and (enters is None or enters(entry)):
            try:
                levels.append(_enter(repo, entry, levels))
            except DamagedData as error:
                emit(problem_of(error, entry.path))


def subtree_of(node: Node) -> BlobId:
    """Return a directory's tree. Raises DamagedData when it has none."""
    if node.subtree is None:
        raise DamagedData(N_("the directory {name!r} has no contents"), name=node.name)
    return BlobId.from_hex(node.subtree)


def problem_of(error: DamagedData, path: bytes) -> Problem:
    """Return the event that tells of damage in a directory."""
    return Problem(error.template, error.facts, os.fsdecode(path), error.hint_template)


def _enter(repo: Repository, entry: Entry, levels: list[_Level]) -> _Level:
    tree = subtree_of(entry.node)
    if len(levels) > DEEPEST_FOLDER or any(level.tree == tree for level in levels):
        raise HostileData(N_("a directory contains itself or is nested too deep; it was not entered"))
    return _Level(entry.path, tree, iter(repo.load_tree(tree)))
