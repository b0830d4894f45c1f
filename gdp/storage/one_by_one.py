"""Several files in the plain way, for a storage that answers at once or must be slow. Never fetches two at a time."""

from collections.abc import Sequence

from gdp.core.errors import FileMissing
from gdp.model.files import StoredFile
from gdp.storage.contract import Storage


def read_each(storage: Storage, files: Sequence[StoredFile]) -> list[bytes | None]:
    """Return what ``Storage.read_small`` promises."""
    return [_read_or_none(storage, file) for file in files]


def _read_or_none(storage: Storage, file: StoredFile) -> bytes | None:
    try:
        return storage.read(file)
    except FileMissing:
        return None
