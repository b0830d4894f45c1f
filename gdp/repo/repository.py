"""One open repository: what the engine works with. Ties storage, key, configuration and index together."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from gdp.core.chunker import DEFAULT_BLOCK_BYTES, ChunkerParameters, seed_from_polynomial
from gdp.core.crypto import MasterKey
from gdp.core.errors import DamagedData, FileMissing, HostileData, RepositoryLocked
from gdp.core.ids import PackId
from gdp.core.language import N_
from gdp.core.packformat import LONGEST_BLOB_BYTES, BlobKind, PackedBlob
from gdp.model.files import FileKind, StoredFile
from gdp.model.node import Node
from gdp.model.records import RepositoryConfig
from gdp.model.snapshot import Snapshot, SnapshotId
from gdp.model.tree import decode_tree
from gdp.repo.ahead import Listed, ReadAhead
from gdp.repo.blob_index import BlobIndex, BlobPlace
from gdp.repo.cache import CachedStorage
from gdp.repo.index_files import DecodedIndex, decode_index
from gdp.repo.kept_ids import KeptIds
from gdp.repo.key_files import OpenedKey
from gdp.repo.line_speed import LineSpeed
from gdp.repo.own_locks import OwnLocks
from gdp.repo.pack_journal import PackJournal
from gdp.repo.sealer import open_blob
from gdp.repo.snapshots import SnapshotList, decode_snapshot, encode_snapshot, in_order
from gdp.repo.unpacked import load_unpacked, save_unpacked
from gdp.repo.verified_packs import VerifiedPacks
from gdp.storage.contract import Storage

CHUNKER_NAME = "fastcdc-1"
READABLE_VERSIONS = (1, 2)
WRITTEN_VERSION = 2


CLEANED_UP = N_("somebody cleaned up the repository at the moment when this run took its lock")
RUN_AGAIN = N_("Nothing is damaged. Run it again.")
OnDamaged = Callable[[str, DamagedData], None]
IndexedBlobs = tuple[PackId, list[PackedBlob]]


class Repository:
    """An open repository. Reading is safe from several threads once the index is loaded."""

    def __init__(
        self, storage: Storage, opened: OpenedKey, config: RepositoryConfig, home: Path, ahead: ReadAhead | None = None
    ) -> None:
        self.storage = storage
        self.key: MasterKey = opened.master
        self.key_name = opened.name
        self.config = config
        self.home = home
        self.ahead = ahead or ReadAhead(storage)
        """lists of files that were made while it was opened, for whoever takes a lock at once"""
        self.index = BlobIndex()
        self.index_names: list[str] = []
        """the index files that ``index`` was loaded from"""

    @property
    def own_locks(self) -> OwnLocks:
        """The journal of our locks in this repository."""
        return OwnLocks(self.state_folder / "locks")

    @property
    def pack_journal(self) -> PackJournal:
        """The journal of packs on their way into this repository."""
        return PackJournal(self.state_folder / "packs")

    @property
    def verified_packs(self) -> VerifiedPacks:
        """When packs of this repository were read back last."""
        return VerifiedPacks(self.state_folder / "verified-packs")

    @property
    def line_speed(self) -> LineSpeed:
        """How fast the line to this repository was."""
        return LineSpeed(self.state_folder / "line-speed")

    @property
    def uncached(self) -> Storage:
        """The storage itself, for whoever wants to know what it holds and not what a cache has kept of it."""
        return self.storage.inner if isinstance(self.storage, CachedStorage) else self.storage

    @property
    def kept_ids(self) -> KeptIds:
        """What is kept here of what its index files list."""
        return KeptIds(self.cache_folder / "stored-ids")

    @property
    def cache_folder(self) -> Path:
        """Where this computer keeps what it can make anew."""
        return self.home / "cache" / self.config.id

    @property
    def state_folder(self) -> Path:
        """Where this computer remembers things about this repository."""
        return self.home / "state" / self.config.id

    @property
    def is_cut_by_us(self) -> bool:
        """Say whether our chunker was recorded at init; else restic made the repository and its chunks will not match ours."""
        return self.config.gdp_chunker == CHUNKER_NAME

    def chunker_parameters(self) -> ChunkerParameters:
        """Return how files are cut in this repository."""
        seed = seed_from_polynomial(int(self.config.chunker_polynomial, 16))
        return ChunkerParameters(self.config.gdp_block_bytes or DEFAULT_BLOCK_BYTES, seed)

    # --- files of JSON ---------------------------------------------------------------------------------------------

    def load_json(self, kind: FileKind, name: str) -> bytes:
        """Return the JSON of an index file, snapshot or lock. Raises DamagedData, FileMissing."""
        file = StoredFile(kind, name)
        try:
            return load_unpacked(self.storage, self.key, file)
        except DamagedData:
            if not self._forget_cached(file):
                raise
            return load_unpacked(self.storage, self.key, file)

    def save_json(self, kind: FileKind, json: bytes) -> str:
        """Store JSON as a new file and return its name."""
        return save_unpacked(self.storage, self.key, kind, json, format_version=self.config.version)

    # --- snapshots -------------------------------------------------------------------------------------------------

    def snapshots(self) -> SnapshotList:
        """Return all snapshots, oldest first, with those that cannot be read kept apart."""
        readable: list[tuple[SnapshotId, Snapshot]] = []
        damaged: dict[SnapshotId, DamagedData] = {}
        names = self._list_and_fetch(FileKind.SNAPSHOTS)
        for name in names:
            try:
                json = self.load_json(FileKind.SNAPSHOTS, name)
                readable.append((SnapshotId(name), decode_snapshot(json, name)))
            except FileMissing:
                continue  # forgotten by somebody between the listing and now
            except DamagedData as error:
                damaged[SnapshotId(name)] = error
        if isinstance(self.storage, CachedStorage):
            self.storage.keep_only(FileKind.SNAPSHOTS, set(names))
        return SnapshotList(in_order(readable), damaged)

    def save_snapshot(self, snapshot: Snapshot) -> SnapshotId:
        """Store a snapshot and return its id. Everything it refers to must be stored and indexed before."""
        return SnapshotId(self.save_json(FileKind.SNAPSHOTS, encode_snapshot(snapshot)))

    # --- index -----------------------------------------------------------------------------------------------------

    def load_index(
        self, on_damaged: OnDamaged | None = None, *, on_file: Callable[[str, DecodedIndex], None] | None = None
    ) -> BlobIndex:
        """Read all index files into ``index`` and return it.

        Args:
            on_damaged: is told the name of an index file that cannot be read; without it DamagedData is raised.
            on_file: is given each index file; data blobs then are not kept: a backup only asks whether they exist.
        """
        index = BlobIndex()
        names = self._list_and_fetch(FileKind.INDEX)
        marked: list[IndexedBlobs] = []
        for name, decoded in self.read_index_files(names, on_damaged):
            if on_file is not None:
                on_file(name, decoded)
            for pack, blobs in decoded.packs:
                index.add_pack(pack, blobs if on_file is None else _trees_among(blobs))
            marked += decoded.marked
        for pack, blobs in marked:  # what rustic is about to delete comes last, as a fallback
            index.add_pack(pack, blobs if on_file is None else _trees_among(blobs))
        self.index, self.index_names = index, names
        self._tidy_cache(names)
        return index

    def fetch(self, kind: FileKind, listed: Iterable[tuple[str, int]]) -> None:
        """See that the cache, if there is one, has these files (name, size): in few round trips instead of two each."""
        if isinstance(self.storage, CachedStorage):
            self.storage.fetch(kind, listed)

    def use_index(self, index: BlobIndex, names: list[str]) -> None:
        """Take what somebody else made of the index files with these names."""
        self.index, self.index_names = index, names
        if isinstance(self.storage, CachedStorage):
            self._expect_trees(self.storage)

    def read_index_files(self, names: Iterable[str], on_damaged: OnDamaged | None = None) -> Iterator[tuple[str, DecodedIndex]]:
        """Yield what index files say; ``on_damaged`` as for ``load_index``."""
        for name in names:
            try:
                yield name, decode_index(self.load_json(FileKind.INDEX, name), name)
            except FileMissing:
                continue  # replaced by a prune between the listing and now
            except DamagedData as error:
                if on_damaged is None:
                    raise
                on_damaged(name, error)

    def refuse_vanished_index(self) -> None:
        """Return if every index file that was loaded is still there. Raises RepositoryLocked: somebody removed what it lists.

        For whoever loaded the index before his lock was sure.
        """
        if not {name for name, _ in self.storage.list(FileKind.INDEX)}.issuperset(self.index_names):
            raise RepositoryLocked(CLEANED_UP, RUN_AGAIN)

    def is_index_file_whole(self, name: str) -> bool:
        """Say whether an index file is what its name promises, without looking into it."""
        try:
            return hashlib.sha256(self.storage.read(StoredFile(FileKind.INDEX, name))).hexdigest() == name
        except FileMissing:
            return False

    # --- blobs -----------------------------------------------------------------------------------------------------

    def load_blob(self, kind: BlobKind, blob_id: bytes) -> bytes:
        """Return a blob's plaintext from the first good copy. Raises DamagedData when there is none."""
        places = self.index.find_all(kind, blob_id)
        if not places:
            raise DamagedData(
                N_("block {blob} is in no index"), N_("Run 'gdp repair index', then 'gdp check'."), blob=blob_id.hex()
            )
        problem: Exception | None = None
        for place in places:
            try:
                return self._read_place(kind, place, blob_id)
            except (DamagedData, FileMissing) as error:
                problem = error
        raise DamagedData(
            N_("block {blob} cannot be read from pack {pack}: {reason}"),
            N_("Run 'gdp check --read-data' to see what else is affected, then 'gdp repair packs'."),
            blob=blob_id.hex(),
            pack=places[0].pack.hex(),
            reason=problem,
        ) from problem

    def load_tree(self, tree_id: bytes) -> list[Node]:
        """Return a directory's nodes. Raises DamagedData."""
        return decode_tree(self.load_blob(BlobKind.TREE, tree_id))

    def _read_place(self, kind: BlobKind, place: BlobPlace, blob_id: bytes) -> bytes:
        claimed = max(place.length, place.plain_length)
        if claimed > LONGEST_BLOB_BYTES[kind]:
            raise HostileData(
                N_("block {blob} claims {size:byte|bytes}, which no program writes"), blob=blob_id.hex(), size=claimed
            )
        file = StoredFile(FileKind.DATA, place.pack.hex())
        for last in (False, True):
            try:
                sealed = self.storage.read(file, place.offset, place.length)
                return open_blob(self.key, sealed, place.plain_length, blob_id)
            except DamagedData:
                self._forget_cached(file)
                if last:
                    raise
        raise AssertionError  # the loop returns or raises

    def list_files(self, kind: FileKind) -> Listed:
        """Return (name, size) of all files of a kind: as they are now, or, before there is a lock, as they were a moment ago."""
        ahead = self.ahead.take(kind)
        return list(self.storage.list(kind)) if ahead is None else ahead

    def _list_and_fetch(self, kind: FileKind) -> list[str]:
        listed = self.list_files(kind)
        self.fetch(kind, listed)
        return [name for name, _ in listed]

    def _forget_cached(self, file: StoredFile) -> bool:
        return isinstance(self.storage, CachedStorage) and self.storage.forget(file)

    def _tidy_cache(self, index_names: list[str]) -> None:
        if isinstance(self.storage, CachedStorage):
            trees = self._expect_trees(self.storage)
            self.storage.keep_only(FileKind.INDEX, set(index_names))
            self.storage.keep_only(FileKind.DATA, trees)

    def _expect_trees(self, storage: CachedStorage) -> set[str]:
        trees = {pack.hex() for pack, blob in self.index if blob.kind == BlobKind.TREE}
        storage.expect_trees(trees)
        return trees


def _trees_among(blobs: list[PackedBlob]) -> list[PackedBlob]:
    return [blob for blob in blobs if blob.kind == BlobKind.TREE]
