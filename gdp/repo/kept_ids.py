"""What a repository's index files list, kept on this computer, so that a backup need not decode them. Always rebuildable.

It holds for certain index files, whose names are their hashes: while each of them is still listed, and whole, what they say is
known. One file a repository:

======  ====  ==========================================================================
offset  size  field
======  ====  ==========================================================================
0       4     length of the header, u32
4       n     header: marshal of (version, names, packs, slots, id_count), see ``KeptIndex``
..      12    offset in the row of tables, u64, and length, u32, of the piece that follows
..      m     a piece of the tables of ``SharedIds``; as many pieces as there are
-4      4     CRC-32 of all before
======  ====  ==========================================================================
"""

import contextlib
import itertools
import marshal
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gdp.repo.shared_ids import SharedIds

_VERSION = 1
_LENGTH = struct.Struct("<I")
_PIECE = struct.Struct("<QI")


class KeptIndex(NamedTuple):
    """What is kept beside the ids."""

    names: list[str]
    """the index files"""
    packs: list[bytes]
    """all that they list"""
    slots: int
    """of the first table, see SharedIds.attach"""
    id_count: int
    """how many ids, as far as known"""


class KeptIds:
    """The kept ids of one repository."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def save(self, kept: KeptIndex, known: SharedIds) -> None:
        """Keep a set as it is now."""
        temporary = self._path.with_name(f"{self._path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        header = marshal.dumps((_VERSION, *kept))
        pieces = itertools.chain.from_iterable((_PIECE.pack(place, len(piece)), piece) for place, piece in known.pieces())
        # A full disk must not stop a backup: without this file the next one is slower.
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                checksum = 0
                for part in itertools.chain((_LENGTH.pack(len(header)), header), pieces):
                    checksum = zlib.crc32(part, checksum)
                    file.write(part)
                file.write(_LENGTH.pack(checksum))
            temporary.replace(self._path)
            return
        with contextlib.suppress(OSError):
            temporary.unlink()

    def restore(self, listed: set[str], known: SharedIds) -> KeptIndex | None:
        """Fill an empty set; None, and an empty set, when nothing is kept, or not for index files that are all listed."""
        try:
            raw = memoryview(self._path.read_bytes())
            body, checksum = raw[: -_LENGTH.size], _LENGTH.unpack(raw[-_LENGTH.size :])[0]
            if zlib.crc32(body) != checksum:
                return None
            start = _LENGTH.size + _LENGTH.unpack_from(body)[0]
            version, *facts = marshal.loads(body[_LENGTH.size : start])
        except (OSError, struct.error, ValueError, EOFError, TypeError):
            return None
        kept = KeptIndex(*facts) if version == _VERSION else None
        if kept is None or not set(kept.names) <= listed:
            return None
        known.restore(kept.slots, _pieces(body[start:]))
        return kept


def _pieces(body: memoryview) -> Iterator[tuple[int, memoryview]]:
    position = 0
    while position < len(body):
        place, length = _PIECE.unpack_from(body, position)
        position += _PIECE.size
        yield place, body[position : position + length]
        position += length
