"""Replaces index files by new ones that no longer list certain packs. New files are stored before old ones are removed."""

from collections.abc import Collection, Sequence
from contextlib import suppress

from gdp.core.errors import FileMissing
from gdp.core.ids import PackId
from gdp.core.packformat import PackedBlob
from gdp.model.files import FileKind, StoredFile
from gdp.repo.index_files import FULL_INDEX_BLOBS, IndexWriter, decode_index
from gdp.repo.repository import Repository

_SMALL_BLOBS = FULL_INDEX_BLOBS // 4  # smaller files are put together on the occasion

Listed = list[tuple[PackId, list[PackedBlob]]]


def rewrite_indexes(repo: Repository, names: Sequence[str], without: Collection[bytes]) -> list[str]:
    """Make the index files ``names`` say nothing of the packs ``without``, and return the names of the new files.

    Every other pack is listed in exactly one of the files afterwards. Raises DamagedData before anything is changed.
    """
    obsolete, listed = _sort_out(repo, names, without)
    writer = IndexWriter(lambda json: repo.save_json(FileKind.INDEX, json))
    for name in obsolete:
        for pack, blobs in _read(repo, name):
            if pack not in without and pack not in listed:
                listed.add(pack)
                writer.add(pack, blobs)
    writer.flush()
    for name in obsolete:
        if name not in writer.saved:
            with suppress(FileMissing):
                repo.storage.remove(StoredFile(FileKind.INDEX, name))
    return writer.saved


def _sort_out(repo: Repository, names: Sequence[str], without: Collection[bytes]) -> tuple[list[str], set[bytes]]:
    """Return the files to replace, and the packs that the others list."""
    obsolete: list[str] = []
    listed: set[bytes] = set()
    for name in names:
        packs = _read(repo, name)
        is_small = sum(len(blobs) for _, blobs in packs) < _SMALL_BLOBS
        if is_small or any(pack in without or pack in listed for pack, _ in packs):
            obsolete.append(name)
        else:
            listed.update(pack for pack, _ in packs)
    return obsolete, listed


def _read(repo: Repository, name: str) -> Listed:
    decoded = decode_index(repo.load_json(FileKind.INDEX, name), name)
    return [*decoded.packs, *decoded.marked]
