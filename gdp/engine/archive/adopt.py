"""Takes packs into the index that a killed run had stored but not listed yet."""

from collections.abc import Iterable, Iterator

from gdp.core.errors import DamagedData, FileMissing
from gdp.core.packformat import LENGTH_FIELD_BYTES, decode_header, read_length_field
from gdp.model.files import FileKind, StoredFile
from gdp.repo.pack_journal import NotedPack
from gdp.repo.repository import Repository


def adoptable_packs(repo: Repository, leftovers: Iterable[NotedPack]) -> Iterator[NotedPack]:
    """Yield those of some noted packs, which no index lists, that arrived whole, as their size and table of contents show."""
    for noted in leftovers:
        if _arrived(repo, noted):
            yield noted


def _arrived(repo: Repository, noted: NotedPack) -> bool:
    file = StoredFile(FileKind.DATA, noted.id.hex())
    try:
        size = repo.storage.size(file)
        if size != noted.size:
            return False
        length = read_length_field(repo.storage.read(file, size - LENGTH_FIELD_BYTES, LENGTH_FIELD_BYTES), size)
        sealed = repo.storage.read(file, size - LENGTH_FIELD_BYTES - length, length)
        return decode_header(repo.key.open(sealed)) == noted.blobs
    except (FileMissing, DamagedData):
        return False  # it never arrived, or not whole: its blobs are sent again
