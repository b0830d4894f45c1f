"""What the repository holds already, and what this run adds to its index. Loads the index when it is first asked."""

import itertools
from collections.abc import Iterable, Sequence

from gdp.core.errors import DamagedData
from gdp.core.ids import ID_BYTES
from gdp.core.language import N_
from gdp.core.packformat import BlobKind, PackedBlob
from gdp.engine.archive.adopt import adoptable_packs
from gdp.model.events import Emit, Note, Problem
from gdp.model.files import FileKind
from gdp.model.node import Node
from gdp.repo.index_files import DecodedIndex, IndexWriter
from gdp.repo.kept_ids import KeptIndex
from gdp.repo.pack_journal import NotedPack
from gdp.repo.repository import Repository
from gdp.repo.shared_ids import SharedIds

_KEPT_LAG = 16  # the kept copy is made anew when a sixteenth of it is missing; so much is read from index files
_MOST_BLOBS_A_SLOT = 4  # beyond this the set has so many tables that it is better made anew, by the next run
_INDEX_BYTES_A_BLOB = 50  # in a compressed index file; only a guess at the size of the shared set


class IndexIncompleteError(Exception):
    """A part of the index cannot be read, and something was taken for stored before that was known."""


class StoredBlobs:
    """The repository's blobs as this run sees them.

    What is read of the index before the lock is sure has to be compared afterwards: each of ``index_names`` must be there still.
    """

    def __init__(self, repo: Repository, known: SharedIds, emit: Emit, *, dry_run: bool) -> None:
        self._repo, self._known, self._emit = repo, known, emit
        self._files = dict(repo.list_files(FileKind.INDEX))
        self._read: set[str] = set()
        """index files that are taken in"""
        self._packs: set[bytes] = set()
        """listed in them"""
        self._kept_count = self._fresh_count = 0
        """ids that the kept copy of the index had, and that it has not"""
        self._distrusted: set[bytes] = set()
        self._stored_again: set[bytes] = set()
        """trees that were distrusted"""
        self._is_loaded = self._has_places = False
        self._leftovers: list[NotedPack] = []
        self._damaged: set[str] = set()
        self._is_dry = dry_run
        self.must_be_whole = False
        """the last backup's blocks are taken for stored without a look at the index"""
        self.expected_blobs = 0
        """how many this run may add"""
        self._writer = IndexWriter(self._save)
        self.slots = 0
        """of the shared set, once the index is loaded"""
        self.data_blobs = self.tree_blobs = self.plain_bytes = self.packed_bytes = 0
        """added by this run"""
        self.damages = 0
        """what was found damaged in the repository and told"""

    @property
    def has_leftovers(self) -> bool:
        """Say whether a killed run has noted packs that no index lists. Known once the index is loaded."""
        return bool(self._leftovers)

    @property
    def index_names(self) -> set[str]:
        """The index files that were listed, all that were read among them."""
        return self._read.union(self._files)

    @property
    def saved_indexes(self) -> list[str]:
        """The index files that this run wrote."""
        return self._writer.saved

    def load(self) -> None:
        """Know what the index lists, by the copy that is kept of it or by reading it. Harmless when done already.

        An index file that is damaged counts as missing, with a warning: its blobs are stored again. Raises IndexIncompleteError,
        once, when the caller has built on ``must_be_whole``.
        """
        if self._is_loaded:
            return
        self._is_loaded = True
        kept = self._repo.kept_ids.restore(self.index_names, self._known)
        if kept is not None and all(map(self._repo.is_index_file_whole, kept.names)):
            self.slots, self._kept_count = kept.slots, kept.id_count
            self._read.update(kept.names)
            self._packs.update(kept.packs)
        else:
            self._reserve()
        missing = sorted(self.index_names - self._read)
        self._repo.fetch(FileKind.INDEX, [(name, self._files[name]) for name in missing if name in self._files])
        for name, decoded in self._repo.read_index_files(missing, self._tell_damaged):
            self._take(name, decoded)
        self._end_loading()

    def load_tree(self, tree: bytes) -> list[Node]:
        """Return a directory's nodes. Raises DamagedData."""
        if not self._has_places:
            self._has_places = self._is_loaded = True
            self._reserve()
            self._repo.load_index(self._tell_damaged, on_file=self._take)
            self._end_loading()
            for noted in adoptable_packs(self._repo, self._leftovers):  # where only a damaged index file listed them
                self._repo.index.add_pack(noted.id, [blob for blob in noted.blobs if blob.kind == BlobKind.TREE])
        return self._repo.load_tree(tree)

    def adopt(self) -> None:
        """Take what a killed run has left into the index. Not before the lock is sure: it must be there when it is listed."""
        adopted = list(adoptable_packs(self._repo, self._leftovers))
        self._leftovers = []
        for noted in adopted:
            self._know(noted.blobs)
            self._packs.add(bytes(noted.id))
            self._writer.add(noted.id, noted.blobs)
        if adopted:
            self._writer.flush()  # else a run that ends before its own first index file looked at them for nothing
            self._emit(Note(N_("found complete and kept: {count:pack|packs} of an interrupted run"), {"count": len(adopted)}))

    def is_new_tree(self, tree: bytes) -> bool:
        """Say whether a tree must be stored, and count it as stored from now on."""
        self.load()
        is_new = self._known.add(_tree_key(tree))
        if tree in self._distrusted and tree not in self._stored_again:
            self._stored_again.add(tree)
            return True
        return is_new

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
            self.plain_bytes += blob.plain_bytes
            self.packed_bytes += blob.length
        self._packs.add(bytes(pack))
        self._writer.add(pack, blobs)

    def finish(self) -> None:
        """Save what is not in an index file yet, and clear the journal of packs."""
        self._writer.flush()
        if self._is_loaded and not self._leftovers and not self._is_dry:
            self._repo.pack_journal.clear()

    def break_off(self) -> None:
        """Save what is not in an index file yet, of a run that comes to no end: the next one need not look at each pack."""
        if not self._is_dry:
            self._writer.flush()

    def keep(self) -> None:
        """Keep on this computer what is known of the index, for the next run, when there is much to keep.

        Only after ``finish``: every id that the set holds by then stands in an index file.
        """
        count = self._kept_count + self._fresh_count + self.data_blobs + self.tree_blobs
        is_worth_it = (count - self._kept_count) * _KEPT_LAG >= self._kept_count
        if self._is_loaded and not self._is_dry and is_worth_it and count <= self.slots * _MOST_BLOBS_A_SLOT:
            names = sorted(self._read.union(self.saved_indexes))
            self._repo.kept_ids.save(KeptIndex(names, sorted(self._packs), self.slots, count), self._known)

    def _reserve(self) -> None:
        if not self.slots:
            self._known.clear()
            listed = sum(self._files.values()) // _INDEX_BYTES_A_BLOB
            self.slots = self._known.reserve(max(listed, self.expected_blobs))

    def _take(self, name: str, decoded: DecodedIndex) -> None:
        if name in self._read:
            return
        self._read.add(name)
        for pack, blobs in itertools.chain(decoded.packs, decoded.marked):
            self._packs.add(bytes(pack))
            self._know(blobs)

    def _know(self, blobs: Sequence[PackedBlob]) -> None:
        self._fresh_count += len(blobs)
        add = self._known.add
        for kind, blob_id, *_ in blobs:
            add(blob_id if kind == BlobKind.DATA else _tree_key(blob_id))

    def _end_loading(self) -> None:
        self._leftovers = [noted for noted in self._repo.pack_journal.noted() if noted.id not in self._packs]
        if self._damaged and self.must_be_whole:
            self.must_be_whole = False
            raise IndexIncompleteError

    def _save(self, json: bytes) -> str:
        return "" if self._is_dry else self._repo.save_json(FileKind.INDEX, json)

    def _tell_damaged(self, name: str, error: DamagedData) -> None:
        if name in self._damaged:
            return
        self._damaged.add(name)
        hint = N_("Run 'gdp repair index'; this backup stores again what the file listed.")
        self._tell(Problem(N_("index file {name} is damaged: {reason}"), {"name": name, "reason": error}, hint=hint))

    def _tell(self, problem: Problem) -> None:
        self.damages += 1
        self._emit(problem)


def _tree_key(tree: bytes) -> bytes:
    """Return what stands for a tree in the set, where the same id may stand for data: for all we know no hash."""
    return tree[::-1]
