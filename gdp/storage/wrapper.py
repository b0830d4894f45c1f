"""What a storage around a storage inherits: every operation goes through unchanged, but for what a wrapper overrides."""

from collections.abc import Collection, Iterator, Sequence

from gdp.model.files import FileKind, FileRange, StoredFile
from gdp.storage.contract import Buffer, Storage


class StorageWrapper:
    """A Storage that does nothing of its own."""

    def __init__(self, inner: Storage) -> None:
        self._inner = inner

    @property
    def inner(self) -> Storage:
        """The storage that is wrapped."""
        return self._inner

    @property
    def location(self) -> str:
        return self._inner.location

    def prepare(self) -> None:
        self._inner.prepare()

    def create_folders(self) -> None:
        self._inner.create_folders()

    def list(self, kind: FileKind) -> Iterator[tuple[str, int]]:
        return self._inner.list(kind)

    def size(self, file: StoredFile) -> int:
        return self._inner.size(file)

    def read(self, file: StoredFile, offset: int = 0, length: int | None = None) -> bytes:
        return self._inner.read(file, offset, length)

    def read_small(self, files: Sequence[StoredFile]) -> Sequence[bytes | None]:
        return self._inner.read_small(files)

    def read_ranges(self, ranges: Sequence[FileRange]) -> Sequence[bytes | None]:
        return self._inner.read_ranges(ranges)

    def write(self, file: StoredFile, parts: Collection[Buffer]) -> None:
        self._inner.write(file, parts)

    def staging_path(self) -> str | None:
        return self._inner.staging_path()

    def remove(self, file: StoredFile) -> None:
        self._inner.remove(file)

    def hurry(self) -> None:
        self._inner.hurry()

    def close(self) -> None:
        self._inner.close()
