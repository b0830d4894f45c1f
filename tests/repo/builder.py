"""Repositories in memory, written directly through packer, sealer and index writer: small, quick, and as odd as a test wants."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gdp.core.compress import Compression
from gdp.core.gotext import GO_DIR, encode_json, quote_name
from gdp.core.kdf import ScryptCost
from gdp.core.language import complete
from gdp.core.packformat import BlobKind
from gdp.model.events import Event
from gdp.model.files import FileKind, StoredFile
from gdp.model.node import Node
from gdp.model.records import RepositoryConfig
from gdp.model.snapshot import Snapshot, SnapshotId
from gdp.model.tree import encode_tree
from gdp.repo.index_files import IndexWriter
from gdp.repo.key_files import OpenedKey
from gdp.repo.opening import init_repository, open_repository
from gdp.repo.packer import FinishedPack, Packer
from gdp.repo.repository import CHUNKER_NAME, Repository
from gdp.repo.sealer import BlobSealer
from gdp.repo.unpacked import save_config
from gdp.storage.contract import Storage
from tests.storage.memory import MemoryStorage

PASSWORD = b"geheim"
QUICK = ScryptCost(N=2, r=1, p=1)
TIME = "2024-05-06T07:08:09.123456789Z"
PACK_BYTES = 4096

Contents = Mapping[str, "bytes | Contents | Node"]
"""name -> a file's contents (one block for every 1000 bytes), a directory, or a node as it is"""


def new_repository(home: Path, *, version: int = 2, storage: MemoryStorage | None = None) -> Repository:
    """Return an empty repository in memory."""
    storage = storage or MemoryStorage()
    repo = init_repository(storage, PASSWORD, home, cost=QUICK)
    if version == 1:
        config = RepositoryConfig(1, repo.config.id, repo.config.chunker_polynomial, CHUNKER_NAME, repo.config.gdp_block_bytes)
        storage.files = {file: data for file, data in storage.files.items() if file.kind is not FileKind.CONFIG}
        save_config(storage, repo.key, encode_json(config))
        repo = Repository(storage, OpenedKey(repo.key_name, repo.key), config, home)
    return repo


def reopened(repo: Repository, storage: Storage | None = None) -> Repository:
    """Return the repository as another run would open it, its index loaded."""
    again = open_repository(storage or repo.storage, PASSWORD, repo.home)
    again.load_index()
    return again


def files_of(repo: Repository) -> dict[StoredFile, bytes]:
    """Return what is stored, to look into or to damage."""
    assert isinstance(repo.storage, MemoryStorage)
    return repo.storage.files


def names_of(repo: Repository, kind: FileKind) -> list[str]:
    """Return the names of all files of a kind."""
    return sorted(file.name for file in files_of(repo) if file.kind is kind)


class Builder:
    """Writes snapshots into a repository. Blocks and directories that are there already are not written again."""

    def __init__(self, repo: Repository, *, pack_bytes: int = PACK_BYTES, compression: Compression = Compression.AUTO) -> None:
        self.repo = repo
        self._packers = {kind: Packer(repo.key, kind, pack_bytes) for kind in BlobKind}
        self._sealer = BlobSealer(repo.key, compression, format_version=repo.config.version)
        self._known: set[tuple[BlobKind, bytes]] = set()
        self._index = IndexWriter(lambda json: repo.save_json(FileKind.INDEX, json))

    def blob(self, kind: BlobKind, content: bytes, *, again: bool = False) -> str:
        """Store a blob, unless it is there (``again``: even then), and return its id."""
        blob_id = hashlib.sha256(content).digest()
        if (kind, blob_id) not in self._known or again:
            self._known.add((kind, blob_id))
            if pack := self._packers[kind].add(blob_id, *self._sealer.seal(kind, content)):
                self._store(pack)
        return blob_id.hex()

    def lie(self, kind: BlobKind, content: bytes, claimed: bytes) -> str:
        """Store ``content``, rightly sealed, under the id of ``claimed``; return that id."""
        blob_id = hashlib.sha256(claimed).digest()
        self._known.add((kind, blob_id))
        if pack := self._packers[kind].add(blob_id, *self._sealer.seal(kind, content)):
            self._store(pack)
        return blob_id.hex()

    def tree(self, contents: Contents) -> str:
        """Store a directory and return its id."""
        nodes = [self._node(name, content) for name, content in sorted(contents.items(), key=lambda item: item[0].encode())]
        return self.blob(BlobKind.TREE, encode_tree(nodes))

    def snapshot(self, contents: Contents, **facts: Any) -> SnapshotId:
        """Store a snapshot and everything below it; return its id."""
        return self.snapshot_of(self.tree(contents), **facts)

    def snapshot_of(self, tree: str, **facts: Any) -> SnapshotId:
        """Store a snapshot of a directory, after packs and index; return its id."""
        self.flush()
        return self.repo.save_snapshot(Snapshot(**{"time": TIME, "tree": tree, "paths": ["/"], "hostname": "box", **facts}))

    def flush(self) -> None:
        """Store what is under way, and the index."""
        for packer in self._packers.values():
            for pack in packer.flush():
                self._store(pack)
        self._index.flush()

    def _node(self, name: str, content: "bytes | Contents | Node") -> Node:
        if isinstance(content, Node):
            return content
        facts: dict[str, Any] = {"name": quote_name(name.encode()), "mtime": TIME, "atime": TIME, "ctime": TIME}
        if isinstance(content, bytes):
            blobs = [self.blob(BlobKind.DATA, content[start : start + 1000]) for start in range(0, len(content), 1000)]
            return Node(**facts, type="file", mode=0o644, links=1, size=len(content), content=blobs)
        return Node(**facts, type="dir", mode=GO_DIR | 0o755, subtree=self.tree(content))

    def _store(self, pack: FinishedPack) -> None:
        self.repo.storage.write(StoredFile(FileKind.DATA, pack.id.hex()), pack.parts)
        self._index.add(pack.id, pack.blobs)


def noise(seed: int, length: int) -> bytes:
    """Return bytes that nothing compresses, the same for the same seed."""
    return hashlib.shake_128(seed.to_bytes(8, "big")).digest(length)


def read_snapshot(repo: Repository, name: SnapshotId) -> dict[str, bytes]:
    """Return every file of a snapshot by its path; raises what a restore would trip over."""
    found: dict[str, bytes] = {}
    _read_tree(repo, bytes.fromhex(repo.snapshots().snapshots[name].tree), "", found)
    return found


def _read_tree(repo: Repository, tree: bytes, path: str, found: dict[str, bytes]) -> None:
    for node in repo.load_tree(tree):
        below = f"{path}/{node.raw_name.decode()}"
        if node.type == "dir" and node.subtree:
            _read_tree(repo, bytes.fromhex(node.subtree), below, found)
        else:
            found[below] = b"".join(repo.load_blob(BlobKind.DATA, bytes.fromhex(blob)) for blob in node.content or ())


class Listener:
    """Keeps what a job tells."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def texts(self, *kinds: type[Event]) -> list[str]:
        """Return the sentences of all events of these kinds."""
        told: Sequence[Any] = [event for event in self.events if isinstance(event, kinds)]
        return [complete(event.template, event.facts, "en") for event in told]
