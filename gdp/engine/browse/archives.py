"""Nodes as members of tar and zip archives that are written to a pipe."""

import os
import stat
import tarfile
import time
import zipfile
from collections.abc import Iterable
from typing import BinaryIO, Protocol

from gdp.core.errors import DamagedData
from gdp.core.language import N_
from gdp.engine.browse.walk import Entry
from gdp.model.node import Node

ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # earlier times have no form in a zip archive
ZIP_LAST_YEAR = 2107
_SECOND_NS = 1_000_000_000
_TAR_TYPES = {
    "dir": tarfile.DIRTYPE,
    "symlink": tarfile.SYMTYPE,
    "fifo": tarfile.FIFOTYPE,
    "dev": tarfile.BLKTYPE,
    "chardev": tarfile.CHRTYPE,
}


class ArchiveWriter(Protocol):
    """Takes a directory's entries in order."""

    def add_file(self, entry: Entry, blocks: Iterable[bytes], first_link: bytes | None) -> None:
        """Add a file, or a hard link to one that was added before under ``first_link``."""

    def add_other(self, entry: Entry) -> bool:
        """Add an entry without content; return whether the archive can hold it."""

    def close(self) -> None:
        """Write what ends the archive. Leaves the stream open."""


class TarWriter:
    """A pax archive: any name, nanoseconds, extended attributes as GNU tar and star read them."""

    def __init__(self, stream: BinaryIO) -> None:
        self._tar = tarfile.open(  # noqa: SIM115 - closed by ``close``
            fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT, encoding="utf-8", errors="surrogateescape"
        )

    def add_file(self, entry: Entry, blocks: Iterable[bytes], first_link: bytes | None) -> None:
        """See ArchiveWriter."""
        info = _tar_info(entry)
        if first_link is not None:
            info.type, info.linkname = tarfile.LNKTYPE, _text(first_link)
            self._tar.addfile(info)
            return
        info.size = entry.node.size
        self._tar.addfile(info, _Blocks(blocks, info.size, entry))  # type: ignore[arg-type]

    def add_other(self, entry: Entry) -> bool:
        """See ArchiveWriter."""
        kind = _TAR_TYPES.get(entry.node.type)
        if kind is None:
            return False
        info = _tar_info(entry)
        info.type = kind
        if entry.node.type == "symlink":
            info.linkname = _text(entry.node.target)
        elif entry.node.device:
            info.devmajor, info.devminor = os.major(entry.node.device), os.minor(entry.node.device)
        self._tar.addfile(info)
        return True

    def close(self) -> None:
        """See ArchiveWriter."""
        self._tar.close()


class ZipWriter:
    """A deflated zip archive: files, directories and symbolic links; names that are not UTF-8 are spelled out."""

    def __init__(self, stream: BinaryIO) -> None:
        self._zip = zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED)

    def add_file(self, entry: Entry, blocks: Iterable[bytes], first_link: bytes | None) -> None:
        """See ArchiveWriter. A zip archive has no hard links; the content is written again."""
        info = _zip_info(entry.path, entry.node, stat.S_IFREG)
        info.compress_type = zipfile.ZIP_DEFLATED
        with self._zip.open(info, "w", force_zip64=True) as member:
            for block in blocks:
                member.write(block)

    def add_other(self, entry: Entry) -> bool:
        """See ArchiveWriter."""
        if entry.node.type == "dir":
            self._zip.writestr(_zip_info(entry.path + b"/", entry.node, stat.S_IFDIR), b"")
        elif entry.node.type == "symlink":
            self._zip.writestr(_zip_info(entry.path, entry.node, stat.S_IFLNK), entry.node.target)
        else:
            return False
        return True

    def close(self) -> None:
        """See ArchiveWriter."""
        self._zip.close()


class _Blocks:
    """Blocks as a file of a known size, for tarfile, which asks for so many bytes at a time."""

    def __init__(self, blocks: Iterable[bytes], size: int, entry: Entry) -> None:
        self._blocks, self._left, self._entry = iter(blocks), size, entry
        self._rest = memoryview(b"")

    def read(self, size: int) -> bytes:
        """Return exactly ``size`` bytes. Raises DamagedData when there are not so many, or more than announced."""
        pieces = []
        self._left -= size
        while size:
            if not self._rest:
                block = next(self._blocks, None)
                if block is None:
                    raise self._wrong_size()
                self._rest = memoryview(block)
            piece, self._rest = self._rest[:size], self._rest[size:]
            pieces.append(piece)
            size -= len(piece)
        if not self._left and (self._rest or any(self._blocks)):
            raise self._wrong_size()
        return b"".join(pieces)

    def _wrong_size(self) -> DamagedData:
        return DamagedData(N_("the file {path} has another size than its entry says"), path=_text(self._entry.path))


def _tar_info(entry: Entry) -> tarfile.TarInfo:
    path, node = entry
    info = tarfile.TarInfo(_text(path))
    info.mode = node.permissions
    info.uid, info.gid, info.uname, info.gname = node.uid, node.gid, node.user, node.group
    seconds, nanoseconds = divmod(node.mtime_ns, _SECOND_NS)
    info.mtime = seconds
    headers: dict[str, str] = {}
    if nanoseconds:
        sign = "-" if node.mtime_ns < 0 else ""
        seconds, nanoseconds = divmod(abs(node.mtime_ns), _SECOND_NS)
        headers["mtime"] = f"{sign}{seconds}.{nanoseconds:09d}"
    for attribute in node.extended_attributes or ():
        headers[f"SCHILY.xattr.{attribute.name}"] = _text(attribute.raw)
    info.pax_headers = headers
    return info


def _zip_info(path: bytes, node: Node, kind: int) -> zipfile.ZipInfo:
    name = path.decode("utf-8", "backslashreplace")
    date = time.localtime(max(0, node.mtime_ns // _SECOND_NS))[:6]
    info = zipfile.ZipInfo(name, date if ZIP_EPOCH[0] <= date[0] <= ZIP_LAST_YEAR else ZIP_EPOCH)
    info.external_attr = (kind | node.permissions) << 16 | (0x10 if kind == stat.S_IFDIR else 0)
    info.create_system = 3  # Unix, so that permissions and links are understood
    return info


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
