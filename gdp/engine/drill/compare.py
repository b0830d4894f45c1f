"""Compares a file that was restored on trial: with the snapshot's blocks, and with its source where that is as it was then."""

import os
import stat
from enum import StrEnum
from pathlib import Path

from gdp.core.errors import DamagedData
from gdp.engine.restore.compare import holds
from gdp.engine.restore.messages import plain_bytes
from gdp.engine.restore.outgoing import find_blocks
from gdp.model.node import Node
from gdp.repo.blob_index import BlobIndex

_READ_BYTES = 1 << 20
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class SourceState(StrEnum):
    """What became of a file's source."""

    SAME = "same"
    CHANGED = "changed"
    """it has another size or time of change by now, so there is nothing to compare with"""
    GONE = "gone"
    """it is not there, or cannot be read"""
    UNLIKE = "unlike"
    """size and time of change are those of the snapshot, but not the contents"""
    ELSEWHERE = "elsewhere"
    """it is not on this computer"""


def is_as_stored(path: Path, node: Node, index: BlobIndex) -> bool:
    """Say whether a file holds exactly the blocks that the snapshot names, each with the hash that is its name."""
    try:
        descriptor = os.open(path, _OPEN)
    except OSError:
        return False
    try:
        offset = 0
        for place in find_blocks(index, node.content or []):
            if not holds(descriptor, place, offset):
                return False
            offset += plain_bytes(place)
        return os.fstat(descriptor).st_size == offset
    except (OSError, DamagedData):
        return False
    finally:
        os.close(descriptor)


def compare_with_source(path: Path, node: Node, source: bytes) -> SourceState:
    """Compare a restored file with the one it was made from."""
    try:
        descriptor = os.open(source, _OPEN)
    except OSError:
        return SourceState.GONE
    try:
        if not _is_as_then(descriptor, node):
            return SourceState.CHANGED
        is_same = _are_alike(path, descriptor)
        if not _is_as_then(descriptor, node):  # it was written to meanwhile
            return SourceState.CHANGED
    except OSError:
        return SourceState.GONE
    finally:
        os.close(descriptor)
    return SourceState.SAME if is_same else SourceState.UNLIKE


def _is_as_then(descriptor: int, node: Node) -> bool:
    found = os.fstat(descriptor)
    return stat.S_ISREG(found.st_mode) and (found.st_size, found.st_mtime_ns) == (node.size, node.mtime_ns)


def _are_alike(path: Path, descriptor: int) -> bool:
    with path.open("rb") as restored, os.fdopen(os.dup(descriptor), "rb") as source:
        while part := restored.read(_READ_BYTES):
            if source.read(len(part)) != part:
                return False
        return not source.read(1)
