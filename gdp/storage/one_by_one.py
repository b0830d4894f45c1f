"""Several files in the plain way, for a storage that answers at once or must be slow. Never fetches two at a time."""

from collections.abc import Sequence

from gdp.core.errors import DamagedData, FileMissing
from gdp.model.files import FileRange, StoredFile
from gdp.storage.contract import Storage


def read_each(storage: Storage, files: Sequence[StoredFile]) -> list[bytes | None]:
    """Return what ``Storage.read_small`` promises."""
    return [_read_or_none(storage, file) for file in files]


def read_each_range(storage: Storage, ranges: Sequence[FileRange]) -> list[bytes | None]:
    """Return what ``Storage.read_ranges`` promises."""
    return [_read_range_or_none(storage, part) for part in ranges]


def _read_range_or_none(storage: Storage, part: FileRange) -> bytes | None:
    try:
        return storage.read(*part)
    except (FileMissing, DamagedData):
        return None


def _read_or_none(storage: Storage, file: StoredFile) -> bytes | None:
    try:
        return storage.read(file)
    except FileMissing:
        return None
