"""Remembers, on this computer, when each pack was last read back and found good, so that a sample takes what was not for long.

One file a repository, replaced as a whole:

======  ====  ==================================================================
offset  size  field
======  ====  ==================================================================
0       4     ``GVP1``
4       40    a pack: id (32), seconds since 1970 when it was read, u64; 0: it was damaged then
..      40    as many as there are
-4      4     CRC-32 of all before
======  ====  ==================================================================

Losing it costs nothing but the order in which packs are read.
"""

import contextlib
import os
import struct
import zlib
from collections.abc import Container, Mapping
from pathlib import Path

DAMAGED = 0
"""instead of a time"""
_MAGIC = b"GVP1"
_RECORD = struct.Struct("<32sQ")
_CHECKSUM = struct.Struct("<I")


class VerifiedPacks:
    """What is remembered of one repository."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[bytes, int]:
        """Return when packs were read last, seconds since 1970, or ``DAMAGED``; nothing when the file is gone or damaged."""
        try:
            raw = self._path.read_bytes()
        except OSError:
            return {}
        body, checksum = raw[: -_CHECKSUM.size], raw[-_CHECKSUM.size :]
        is_whole = body.startswith(_MAGIC) and (len(body) - len(_MAGIC)) % _RECORD.size == 0
        if not is_whole or _CHECKSUM.pack(zlib.crc32(body)) != checksum:
            return {}
        return dict(_RECORD.iter_unpack(body[len(_MAGIC) :]))

    def note(self, read: Mapping[bytes, int], there: Container[bytes]) -> None:
        """Note when packs were read, and forget those that are not ``there`` any more. A disk that refuses loses the note."""
        known = {pack: when for pack, when in (self.read() | dict(read)).items() if pack in there}
        body = _MAGIC + b"".join(_RECORD.pack(pack, when) for pack, when in known.items())
        temporary = self._path.with_name(f"{self._path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        with contextlib.suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(body + _CHECKSUM.pack(zlib.crc32(body)))
            temporary.replace(self._path)
            return
        with contextlib.suppress(OSError):
            temporary.unlink()
