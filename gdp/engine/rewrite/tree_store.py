"""Stores new directories, each once, or none of them in a dry run."""

from gdp.core.ids import BlobId
from gdp.core.packformat import BlobKind
from gdp.engine.copy.pack_store import PackStore
from gdp.repo.repository import Repository
from gdp.repo.sealer import BlobSealer


class TreeStore:
    """Takes directories; ``store`` is None in a dry run."""

    def __init__(self, repo: Repository, store: PackStore | None) -> None:
        self._index, self._store = repo.index, store
        self._sealer = BlobSealer(repo.key, format_version=repo.config.version)
        self._known: set[BlobId] = set()

    def save(self, tree_id: BlobId, blob: bytes) -> None:
        """Store a directory unless the repository has it."""
        if tree_id in self._known or (BlobKind.TREE, tree_id) in self._index:
            return
        self._known.add(tree_id)
        if self._store:
            self._store.add(BlobKind.TREE, tree_id, *self._sealer.seal(BlobKind.TREE, blob))
