"""What the repository holds already, and what this run adds to its index. Loads the index when it is first asked."""

from collections.abc import Iterable, Sequence

from gdp.core.crypto import OVERHEAD_BYTES
from gdp.core.errors import DamagedData
from gdp.core.ids import ID_BYTES
from gdp.core.language import N_
from gdp.core.packformat import BlobKind, PackedBlob
from gdp.engine.archive.adopt import adoptable_packs
from gdp.model.events import Emit, Note, Problem
from gdp.model.files import FileKind
from gdp.repo.index_files import IndexWriter
from gdp.repo.repository import Repository
from gdp.repo.shared_ids import SharedIds

_INDEX_BYTES_A_BLOB = 50  # in a compressed index file; only a guess at the size of the shared set


class IndexIncompleteError(Exception):
    """A part of the index cannot be read, and something was taken for stored before that was known."""


class StoredBlobs:
    """The repository's blobs as this run sees them."""

    def __init__(self, repo: Repository, known: SharedIds, emit: Emit, *, dry_run: bool) -> None:
        self._repo, self._known, self._emit = repo, known, emit
        self._trees: set[bytes] = set()
        self._distrusted: set[bytes] = set()
        self._is_loaded = False
        self._has_damaged_index = False
        self._is_dry = dry_run
        self.must_be_whole = False
        """the last backup's blocks are taken for stored without a look at the index"""
        self._writer = IndexWriter(self._save)
        self.slots = 0
        """of the shared set, once the index is loaded"""
        self.data_blobs = self.tree_blobs = self.plain_bytes = self.packed_bytes = 0
        """added by this run"""
        self.damages = 0
        """what was found damaged in the repository and told"""

    @property
    def saved_indexes(self) -> list[str]:
        """The index files that this run wrote."""
        return self._writer.saved

    def load(self) -> None:
        """Read the index, adopt what a killed run left, and tell the workers' shared set. Harmless when done already.

        An index file that is damaged counts as missing, with a warning: its blobs are stored again. Raises IndexIncompleteError,
        once, when the caller has built on ``must_be_whole``.
        """
        if self._is_loaded:
            return
        self._is_loaded = True
        index_bytes = sum(size for _, size in self._repo.storage.list(FileKind.INDEX))
        self.slots = self._known.reserve(index_bytes // _INDEX_BYTES_A_BLOB)
        index = self._repo.load_index(self._tell_damaged, on_data=self._know)
        adopted = list(adoptable_packs(self._repo))
        for noted in adopted:
            index.add_pack(noted.id, [blob for blob in noted.blobs if blob.kind == BlobKind.TREE])
            self._know([blob for blob in noted.blobs if blob.kind == BlobKind.DATA])
            self._writer.add(noted.id, noted.blobs)
        if adopted:
            self._emit(Note(N_("{count} packs of an interrupted run were found complete and are kept"), {"count": len(adopted)}))
        if self._has_damaged_index and self.must_be_whole:
            raise IndexIncompleteError

    def is_new_tree(self, tree: bytes) -> bool:
        """Say whether a tree must be stored, and count it as stored from now on."""
        self.load()
        is_stored = (BlobKind.TREE, tree) in self._repo.index and tree not in self._distrusted
        if tree in self._trees or is_stored:
            return False
        self._trees.add(tree)
        return True

    def distrust_tree(self, tree: bytes, error: DamagedData) -> None:
        """Take a tree for not stored, although an index lists it; if the sources still give it, it is stored once more.

        The same holds for all trees that share its packs: they may be as damaged, and nobody would look at them in this run.
        """
        index = self._repo.index
        packs = {place.pack for place in index.find_all(BlobKind.TREE, tree)}
        self._distrusted.update(blob.id for pack, blob in index if pack in packs)
        hint = N_("This backup stores it again if the folder is unchanged. 'gdp check' says what else is affected.")
        self._tell(Problem(N_("a folder of the last snapshot cannot be read: {reason}"), {"reason": error}, hint=hint))

    def distrust_snapshots(self, damaged: Iterable[DamagedData]) -> None:
        """Say which snapshots cannot be read; the last backup may have been one of them."""
        hint = N_("Files are compared with another snapshot, or all are read. 'gdp check' says what else is affected.")
        for error in damaged:
            self._tell(Problem(error.template, error.facts, hint=error.hint_template or hint))

    def has_data(self, content: bytes) -> bool:
        """Say whether all of a file's pieces are stored; ``content`` is their ids, joined."""
        self.load()
        return all(content[start : start + ID_BYTES] in self._known for start in range(0, len(content), ID_BYTES))

    def pack_stored(self, pack: bytes, blobs: Sequence[PackedBlob]) -> None:
        """Take a pack that is safely stored into the index."""
        for blob in blobs:
            if blob.kind == BlobKind.DATA:
                self.data_blobs += 1
            else:
                self.tree_blobs += 1
            self.plain_bytes += blob.plain_length or blob.length - OVERHEAD_BYTES
            self.packed_bytes += blob.length
        self._writer.add(pack, blobs)

    def finish(self) -> None:
        """Save what is not in an index file yet, and clear the journal of packs."""
        self._writer.flush()
        if self._is_loaded and not self._is_dry:
            self._repo.pack_journal.clear()

    def _know(self, blobs: Sequence[PackedBlob]) -> None:
        for blob in blobs:
            self._known.add(blob.id)

    def _save(self, json: bytes) -> str:
        return "" if self._is_dry else self._repo.save_json(FileKind.INDEX, json)

    def _tell_damaged(self, name: str, error: DamagedData) -> None:
        self._has_damaged_index = True
        hint = N_("Run 'gdp repair index'; this backup stores again what the file listed.")
        self._tell(Problem(N_("index file {name} is damaged: {reason}"), {"name": name, "reason": error}, hint=hint))

    def _tell(self, problem: Problem) -> None:
        self.damages += 1
        self._emit(problem)
