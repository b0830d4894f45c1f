"""The builds of the Backup Manager that the operator laid into the data folder, for customers to download."""

import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import file_digest
from pathlib import Path

from server.domain.errors import NotFound
from server.domain.sentence import N_

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True, slots=True)
class Download:
    """One file."""

    name: str
    size: int
    """bytes"""
    sha256: str


class Downloads:
    """The files of one folder; what is hidden, a link or a folder does not count."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> tuple[Download, ...]:
        """Return them by name; none where there is no folder yet."""
        if not self.folder.is_dir():
            return ()
        return tuple(self._look(path) for path in sorted(self.folder.iterdir()) if _counts(path))

    def path(self, name: str) -> Path:
        """Return where a file lies. Raises NotFound."""
        path = self.folder / name
        if not _NAME.fullmatch(name) or not _counts(path):
            raise NotFound(N_("There is no such download."))
        return path.resolve()

    def _look(self, path: Path) -> Download:
        state = path.stat()
        return Download(path.name, state.st_size, _digest(path, state.st_size, state.st_mtime_ns))


def _counts(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and _NAME.fullmatch(path.name) is not None


@lru_cache(maxsize=64)
def _digest(path: Path, _size: int, _changed: int) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
