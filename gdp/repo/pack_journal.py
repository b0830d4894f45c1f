"""Remembers, on this computer, packs on their way into the repository, so that a killed run need not send them again.

A pack is noted before it is sent and forgotten once an index file lists it. After a kill, what was noted and arrived whole is
adopted into an index. One append-only file a process, each line a record:

======  ====  ============================================
offset  size  field
======  ====  ============================================
0       4     length of the payload, u32
4       4     CRC-32 of the payload, u32
8       n     payload: marshal of (pack id, size, blobs)
======  ====  ============================================

A record cut off by the kill ends the file. Losing the journal costs time, never data; so where the disk takes no more of it, the
run goes on without.
"""

import fcntl
import marshal
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gdp.core.ids import BlobId, PackId
from gdp.core.packformat import PackedBlob
from gdp.repo.packer import FinishedPack

_FRAME = struct.Struct("<II")


class NotedPack(NamedTuple):
    """A pack that some run began to store."""

    id: PackId
    size: int
    blobs: list[PackedBlob]


class PackJournal:
    """The journal files of one repository, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor: int | None = None
        self._is_full = False

    def note(self, pack: FinishedPack) -> None:
        """Note a pack that is about to be sent, as long as the disk takes it."""
        if self._is_full:
            return
        try:
            self._note(pack)
        except OSError:
            self._is_full = True

    def _note(self, pack: FinishedPack) -> None:
        if self._descriptor is None:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            name = f"{os.getpid()}-{os.urandom(4).hex()}.packs"
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
            self._descriptor = os.open(self._folder / name, flags, 0o600)
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)  # a file nobody holds belongs to a run that ended
        payload = marshal.dumps((bytes(pack.id), pack.size, [tuple(blob) for blob in pack.blobs]))
        record = _FRAME.pack(len(payload), zlib.crc32(payload)) + payload
        self._is_full = os.write(self._descriptor, record) < len(record)

    def noted(self) -> Iterator[NotedPack]:
        """Yield the packs that runs noted which have ended since."""
        for path in self._files():
            yield from _read_records(path.read_bytes())

    def clear(self) -> None:
        """Forget what ended runs noted: all their packs are in an index now, or are not there."""
        for path in self._files():
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close this process's file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _files(self) -> list[Path]:
        """Return the files of runs that have ended, our own among them once it is closed."""
        return [path for path in sorted(self._folder.glob("*.packs")) if _is_abandoned(path)] if self._folder.is_dir() else []


def _is_abandoned(path: Path) -> bool:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _read_records(raw: bytes) -> Iterator[NotedPack]:
    position = 0
    while position + _FRAME.size <= len(raw):
        length, checksum = _FRAME.unpack_from(raw, position)
        payload = raw[position + _FRAME.size : position + _FRAME.size + length]
        if len(payload) != length or zlib.crc32(payload) != checksum:
            return
        pack_id, size, blobs = marshal.loads(payload)
        yield NotedPack(PackId(pack_id), size, [PackedBlob(kind, BlobId(blob), *place) for kind, blob, *place in blobs])
        position += _FRAME.size + length
