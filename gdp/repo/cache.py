"""A storage that keeps index files, snapshots and packs of trees on the local disk as well. Always rebuildable.

Files are kept as stored, encrypted. What is read is checked by the reader as if it came from the server; a kept file that fails
is dropped with ``forget`` and fetched again.
"""

import contextlib
import os
import threading
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from gdp.model.files import FileKind, StoredFile
from gdp.storage.contract import Buffer, Storage
from gdp.storage.wrapper import StorageWrapper

_KEPT_KINDS = (FileKind.INDEX, FileKind.SNAPSHOTS)
_BATCH_FILES = 32
_BATCH_BYTES = 8 << 20  # of a batch, which is in memory at once
_FETCHES = 16  # files that may be on their way at the same time


class CachedStorage(StorageWrapper):
    """Wraps a storage that is slower than the local disk."""

    def __init__(self, inner: Storage, folder: Path) -> None:
        super().__init__(inner)
        self._folder = folder
        self._tree_packs: set[str] = set()
        self._fetching = [threading.Lock() for _ in range(_FETCHES)]
        """by the hash of the name: who wants a file that another thread fetches waits for it"""

    def expect_trees(self, packs: Iterable[str]) -> None:
        """Name packs that hold trees; they are kept whole when read or written."""
        self._tree_packs.update(packs)

    def forget(self, file: StoredFile) -> bool:
        """Drop a kept file; return whether there was one."""
        with contextlib.suppress(FileNotFoundError):
            self._path(file).unlink()
            return True
        return False

    def keep_only(self, kind: FileKind, names: Collection[str]) -> None:
        """Drop kept files of a kind that the repository does not list any more."""
        folder = self._folder / kind
        if folder.is_dir():
            for entry in os.scandir(folder):
                if entry.name not in names:
                    Path(entry.path).unlink(missing_ok=True)

    def fetch(self, kind: FileKind, listed: Iterable[tuple[str, int]]) -> None:
        """Keep those of the listed files (name, size) that are not kept so far: in few round trips instead of two each."""
        batch: list[StoredFile] = []
        batch_bytes = 0
        for name, size in listed:
            file = StoredFile(kind, name)
            if self._path(file).exists():
                continue
            if batch and (len(batch) >= _BATCH_FILES or batch_bytes + size > _BATCH_BYTES):
                self._fetch_all(batch)
                batch, batch_bytes = [], 0
            batch.append(file)
            batch_bytes += size
        self._fetch_all(batch)

    def read(self, file: StoredFile, offset: int = 0, length: int | None = None) -> bytes:
        """See Storage. A kept file is read from the local disk."""
        if not self._is_kept(file):
            return self._inner.read(file, offset, length)
        if (found := self._read_kept(file, offset, length)) is not None:
            return found
        with self._fetching[hash(file.name) % _FETCHES]:
            if (found := self._read_kept(file, offset, length)) is not None:
                return found
            whole = self._inner.read(file)
            if not self._store(file, [whole]):
                self._tree_packs.discard(file.name)  # else every directory in it would fetch all of it
        return whole[offset:] if length is None else whole[offset : offset + length]

    def write(self, file: StoredFile, parts: Collection[Buffer]) -> None:
        """See Storage."""
        self._inner.write(file, parts)
        if self._is_kept(file):
            self._store(file, parts)

    def remove(self, file: StoredFile) -> None:
        """See Storage."""
        self._inner.remove(file)
        self.forget(file)

    def _fetch_all(self, files: Sequence[StoredFile]) -> None:
        if len(files) < 2:
            return  # whoever reads it fetches it
        for file, content in zip(files, self._inner.read_small(files), strict=True):
            if content is not None:
                self._store(file, [content])

    def _read_kept(self, file: StoredFile, offset: int, length: int | None) -> bytes | None:
        """Return a part of a kept file; None when it is not kept so far, or the local disk does not give it back."""
        try:
            with self._path(file).open("rb") as kept:
                kept.seek(offset)
                found = kept.read(-1 if length is None else length)
        except OSError:
            return None
        return found if length is None or len(found) == length else None

    def _is_kept(self, file: StoredFile) -> bool:
        return file.kind in _KEPT_KINDS or (file.kind is FileKind.DATA and file.name in self._tree_packs)

    def _path(self, file: StoredFile) -> Path:
        return self._folder / file.kind / file.name

    def _store(self, file: StoredFile, parts: Collection[Buffer]) -> bool:
        """Keep a file; return whether that worked."""
        path = self._path(file)
        temporary = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        # A full local disk must not stop a backup: the cache is only for speed.
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as kept:
                kept.writelines(parts)
            temporary.replace(path)
            return True
        with contextlib.suppress(OSError):
            temporary.unlink()
        return False


class TemporaryCache(CachedStorage):
    """A cache that begins empty and is removed when it is closed."""

    def __init__(self, inner: Storage) -> None:
        self._temporary = TemporaryDirectory(prefix="gdp-cache-")
        super().__init__(inner, Path(self._temporary.name))

    def close(self) -> None:
        """See Storage."""
        super().close()
        self._temporary.cleanup()
