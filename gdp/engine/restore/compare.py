"""Compares what lies in a file with a block of the snapshot. Reads only."""

import hashlib
import os
from collections.abc import Iterator

from gdp.engine.restore.messages import Place, plain_bytes

_READ_BYTES = 1 << 20


def holds(descriptor: int, place: Place, offset: int) -> bool:
    """Say whether a file has a place's block at ``offset``."""
    wanted = plain_bytes(place)
    digest = hashlib.sha256()
    for part in _read_parts(descriptor, wanted, offset):
        digest.update(part)
        wanted -= len(part)
    return not wanted and digest.digest() == place[4]


def _read_parts(descriptor: int, length: int, offset: int) -> Iterator[bytes]:
    while length and (part := os.pread(descriptor, min(length, _READ_BYTES), offset)):
        yield part
        offset += len(part)
        length -= len(part)
