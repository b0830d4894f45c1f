"""A storage in memory, for tests of everything above the storages. It keeps the contract, and can be told to fail."""

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import count

from gdp.core.errors import DamagedData, FileMissing, StorageDenied
from gdp.core.language import N_
from gdp.model.files import CONFIG_FILE, FileKind, FileRange, StoredFile
from gdp.storage.contract import Buffer

BeforeCall = Callable[[str, StoredFile | None], None]


class MemoryStorage:
    """Keeps a repository's files in a dictionary.

    Args:
        before: called before every operation with its name ("prepare", "create_folders", "list", "size", "read", "read_small",
            "read_ranges", "write", "remove", "close") and its file; what it raises is what the caller sees, so that a test can
            make it fail.
    """

    def __init__(self, before: BeforeCall | None = None) -> None:
        self.files: dict[StoredFile, bytes] = {}
        """What is stored; a test may look into it, damage it, or copy it."""
        self.calls: list[tuple[str, StoredFile | None]] = []
        """Every operation so far."""
        self.before = before
        self.is_closed = self.is_hurried = False
        self._lock = threading.Lock()
        self._number = next(_numbers)

    @property
    def location(self) -> str:
        return f"memory:{self._number}"

    def prepare(self) -> None:
        self._begin("prepare", None)

    def create_folders(self) -> None:
        self._begin("create_folders", None)

    def list(self, kind: FileKind) -> Iterator[tuple[str, int]]:
        self._begin("list", None)
        with self._lock:
            found = [(file.name, len(data)) for file, data in self.files.items() if file.kind is kind]
        return iter(found)

    def size(self, file: StoredFile) -> int:
        self._begin("size", file)
        return len(self._get(file))

    def read(self, file: StoredFile, offset: int = 0, length: int | None = None) -> bytes:
        self._begin("read", file)
        data = self._get(file)
        end = len(data) if length is None else offset + length
        if end > len(data) or offset > end:
            raise DamagedData(N_("the file {path} ends early"), path=file.path)
        return data[offset:end]

    def read_small(self, files: Sequence[StoredFile]) -> Sequence[bytes | None]:
        self._begin("read_small", None)
        with self._lock:
            return [self.files.get(file) for file in files]

    def read_ranges(self, ranges: Sequence[FileRange]) -> Sequence[bytes | None]:
        self._begin("read_ranges", None)
        with self._lock:
            whole = [self.files.get(part.file, b"")[part.offset : part.offset + part.length] for part in ranges]
        return [
            data if part.file in self.files and len(data) == part.length else None
            for part, data in zip(ranges, whole, strict=True)
        ]

    def write(self, file: StoredFile, parts: Collection[Buffer]) -> None:
        self._begin("write", file)
        data = b"".join(parts)
        with self._lock:
            old = self.files.get(file)
            if file == CONFIG_FILE and old is not None and old != data:
                raise StorageDenied(N_("{location} already has a config file"), location=self.location)
            if old is None or len(old) != len(data):
                self.files[file] = data

    def staging_path(self) -> str | None:
        """There is no disk."""
        return None

    def remove(self, file: StoredFile) -> None:
        self._begin("remove", file)
        self._get(file)
        with self._lock:
            self.files.pop(file, None)

    def hurry(self) -> None:
        self.is_hurried = True

    def close(self) -> None:
        self._begin("close", None)
        self.is_closed = True

    def _begin(self, operation: str, file: StoredFile | None) -> None:
        self.calls.append((operation, file))
        if self.before is not None:
            self.before(operation, file)

    def _get(self, file: StoredFile) -> bytes:
        with self._lock:
            if file not in self.files:
                raise FileMissing(N_("there is no file {path}"), path=file.path)
            return self.files[file]


_numbers = count(1)
