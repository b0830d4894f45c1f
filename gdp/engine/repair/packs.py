"""Saves what can still be read out of damaged packs, and takes these packs out of the repository."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gdp.core.errors import BadInput, DamagedData, FileMissing
from gdp.core.ids import PackId
from gdp.core.language import N_
from gdp.core.packformat import DEFAULT_PACK_BYTES, PackedBlob
from gdp.engine.copy.pack_store import PackStore
from gdp.engine.copy.reseal import Resealer
from gdp.engine.prune.index_rewrite import rewrite_indexes
from gdp.model.events import Emit, Note, Problem, Progress, StageBegan
from gdp.model.files import FileKind
from gdp.repo.pack_reader import PIECE_BYTES, PackBytes, pack_file
from gdp.repo.repository import Repository
from gdp.repo.sealer import open_blob


@dataclass(frozen=True, slots=True)
class PackRepair:
    """What was done."""

    packs_removed: tuple[str, ...]
    blobs_saved: int
    blobs_lost: tuple[str, ...]
    """ids of blobs of which no readable copy is left"""
    copies: tuple[Path, ...]
    """the damaged packs as they were"""


def repair_packs(
    repo: Repository, names: Sequence[str], copies_folder: Path, emit: Emit, *, pack_bytes: int = DEFAULT_PACK_BYTES
) -> PackRepair:
    """Save the readable blobs of damaged packs into new ones and remove the damaged packs.

    The caller holds an exclusive lock; the index must be loaded, and loaded anew afterwards. Order: the damaged packs are kept in
    ``copies_folder``, blobs stored and indexed, indexes rewritten, packs removed.

    Raises BadInput when a name is not a pack that the repository stores or lists, or the copy cannot be written.
    """
    packs = [PackId.from_hex(name) for name in dict.fromkeys(names)]
    stored = dict(repo.storage.list(FileKind.DATA))
    for pack in packs:
        if pack.hex() not in stored and not repo.index.has_pack(pack):
            raise BadInput(N_("there is no pack {pack}"), N_("'gdp check --read-data' names damaged packs."), pack=pack.hex())
    emit(StageBegan(N_("saving what can be read of damaged packs")))
    wanted = _indexed_blobs(repo, packs)
    copies: list[Path] = []
    salvage = _Salvage(repo, set(packs))
    with PackStore(repo, pack_bytes) as store:
        for done, pack in enumerate(packs, 1):
            content = _fetch(repo, pack, stored.get(pack.hex(), 0), emit)
            if content:
                copies.append(_keep_copy(copies_folder, content))
            salvage.take(content, _all_blobs(repo, content, wanted[pack], emit), store)
            emit(Progress(done, len(packs), current=pack.hex()))
    rewrite_indexes(repo, [*repo.index_names, *store.index_names], set(packs))
    for pack in packs:
        with suppress(FileMissing):
            repo.storage.remove(pack_file(pack))
    for blob_id in salvage.lost:
        facts: dict[str, object] = {"blob": blob_id}
        emit(Problem(N_("block {blob} is lost"), facts, hint=N_("Run 'gdp repair snapshots'; a new backup may bring it back.")))
    return PackRepair(tuple(pack.hex() for pack in packs), salvage.saved, tuple(salvage.lost), tuple(copies))


class _Salvage:
    """Takes blobs out of damaged packs, or from copies elsewhere."""

    def __init__(self, repo: Repository, damaged: set[PackId]) -> None:
        self._repo, self._damaged = repo, damaged
        self._resealer = Resealer(repo.key, repo.key, target_version=repo.config.version)
        self._done: set[tuple[int, bytes]] = set()
        self._lost: dict[tuple[int, bytes], None] = {}
        self.saved = 0

    @property
    def lost(self) -> list[str]:
        """Blobs that no pack gave readably."""
        return [blob_id.hex() for kind, blob_id in self._lost if (kind, blob_id) not in self._done]

    def take(self, content: PackBytes | None, blobs: Sequence[PackedBlob], store: PackStore) -> None:
        """Store every blob that can be read."""
        for blob in blobs:
            key = (blob.kind, blob.id)
            if key in self._done:
                continue
            if self._is_safe_elsewhere(blob):
                self._done.add(key)
                continue
            try:
                part = content.read(blob.offset, blob.length) if content else b""
                sealed, plain_length = self._resealer.reseal(blob, part)
            except (DamagedData, FileMissing):
                self._lost[key] = None
                continue
            store.add(blob.kind, blob.id, sealed, plain_length)
            self._done.add(key)
            self.saved += 1

    def _is_safe_elsewhere(self, blob: PackedBlob) -> bool:
        for place in self._repo.index.find_all(blob.kind, blob.id):
            if place.pack in self._damaged:
                continue
            with suppress(DamagedData, FileMissing):
                sealed = self._repo.storage.read(pack_file(place.pack), place.offset, place.length)
                open_blob(self._repo.key, sealed, place.plain_length, blob.id)
                return True
        return False


def _indexed_blobs(repo: Repository, packs: Sequence[PackId]) -> dict[PackId, list[PackedBlob]]:
    """Return what the index says is in the packs."""
    wanted: dict[PackId, list[PackedBlob]] = {pack: [] for pack in packs}
    for pack, blob in repo.index:
        if pack in wanted:
            wanted[pack].append(blob)
    return wanted


def _fetch(repo: Repository, pack: PackId, size: int, emit: Emit) -> PackBytes | None:
    try:
        return PackBytes(repo.storage, pack, size) if size else None
    except (DamagedData, FileMissing) as problem:
        emit(Note("{reason}", {"reason": problem}))
        return None


def _all_blobs(repo: Repository, content: PackBytes | None, indexed: Sequence[PackedBlob], emit: Emit) -> list[PackedBlob]:
    """Return what index and table of contents say is in a pack; where they disagree, both, since every blob proves itself."""
    blobs = dict.fromkeys(indexed)
    try:
        blobs |= dict.fromkeys(content.contents(repo.key) if content else ())
    except (DamagedData, FileMissing) as problem:
        emit(Note("{reason}", {"reason": problem}))
    return sorted(blobs, key=lambda blob: (blob.offset, blob.kind))


def _keep_copy(folder: Path, content: PackBytes) -> Path:
    path = folder / f"pack-{content.id.hex()}"
    pieces = range(0, content.size, PIECE_BYTES)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with open(descriptor, "wb") as stream:
            stream.writelines(content.read(offset, min(PIECE_BYTES, content.size - offset)) for offset in pieces)
    except OSError as error:
        raise BadInput(
            N_("the damaged pack cannot be kept as {path} ({reason}); nothing was removed"),
            N_("Choose a folder with room and the right to write."),
            path=str(path),
            reason=error.strerror,
        ) from error
    return path
