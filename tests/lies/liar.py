"""A storage that answers wrongly, in every process of a run. It lies about one kind of file only, so that the rest works."""

import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from gdp.bootstrap import storages
from gdp.model.files import FileKind, StoredFile
from gdp.repo import lock_files
from gdp.storage.contract import Buffer
from gdp.storage.local import LocalStorage

Read = Callable[[bytes], bytes]
Listing = Callable[[list[tuple[str, int]]], list[tuple[str, int]]]


def _same(content: bytes) -> bytes:
    return content


def _truthful(listing: list[tuple[str, int]]) -> list[tuple[str, int]]:
    return listing


def flipped(content: bytes) -> bytes:
    """Return content with one bit turned in the middle."""
    half = len(content) // 2
    return content[:half] + bytes((content[half] ^ 4,)) + content[half + 1 :] if content else content


def shortened(content: bytes) -> bytes:
    """Return less than was asked for, without saying so."""
    return content[: len(content) // 2]


def lengthened(content: bytes) -> bytes:
    """Return more than was asked for."""
    return content + b"more"


def zeroed(content: bytes) -> bytes:
    """Return what a disk has that lost its data but not the length."""
    return bytes(len(content))


def emptied(content: bytes) -> bytes:
    """Return nothing."""
    del content
    return b""


LIES: tuple[Read, ...] = (flipped, shortened, lengthened, zeroed, emptied)


@dataclass(frozen=True)
class Liar:
    """What is told instead of the truth about files of one kind."""

    kind: FileKind
    read: Read = _same
    written: Read = _same
    """what is stored of what is written; the writer hears nothing of it"""
    listed: Listing = _truthful
    size: Callable[[int], int] = int
    is_written: bool = True
    only_first: Path | None = None
    """a file that does not exist yet: lie in the first read only, as a bad line does"""

    def install(self) -> None:
        """Let every local storage of this process and its children lie."""
        liar = self

        class Lying(LocalStorage):
            def list(self, kind: FileKind) -> Iterator[tuple[str, int]]:
                found = list(super().list(kind))
                return iter(liar.listed(found) if kind is liar.kind else found)

            def size(self, file: StoredFile) -> int:
                return liar.size(super().size(file)) if file.kind is liar.kind else super().size(file)

            def read(self, file: StoredFile, offset: int = 0, length: int | None = None) -> bytes:
                content = super().read(file, offset, length)
                return liar.read(content) if file.kind is liar.kind and liar._lies_now() else content

            def write(self, file: StoredFile, parts: Collection[Buffer]) -> None:
                if file.kind is not liar.kind:
                    super().write(file, parts)
                elif liar.is_written:
                    super().write(file, [liar.written(b"".join(parts))])

        storages.LocalStorage = Lying  # type: ignore[attr-defined]  # a name of its own there
        lock_files.SETTLE_SECONDS = 0.0

    def _lies_now(self) -> bool:
        if self.only_first is None:
            return True
        try:
            os.close(os.open(self.only_first, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True
