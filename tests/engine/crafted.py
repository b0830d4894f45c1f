"""Repositories made to order for tests of the readers: honest ones, and ones no backup program would write."""

import hashlib
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from gdp.core.crypto import OVERHEAD_BYTES
from gdp.core.gotext import GO_DIR, quote_name
from gdp.core.kdf import ScryptCost
from gdp.core.packformat import BlobKind, PackedBlob, encode_header, length_field
from gdp.engine.workers import WorkerPool
from gdp.model.files import FileKind, StoredFile
from gdp.model.node import Node, link_fields
from gdp.model.snapshot import Snapshot
from gdp.model.tree import encode_tree
from gdp.repo.index_files import encode_index
from gdp.repo.opening import init_repository, open_repository
from gdp.repo.repository import Repository
from gdp.repo.sealer import BlobSealer
from gdp.storage.local import LocalStorage

PASSWORD = b"geheim"
QUICK = ScryptCost(N=2, r=1, p=1)
TIME = "2024-05-06T07:08:09.123456789Z"


class Crafted:
    """A repository in a folder, filled blob by blob."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder = folder
        self.repo = init_repository(LocalStorage(folder), PASSWORD, home, cost=QUICK)
        self._sealer = BlobSealer(self.repo.key)
        self._index: list[tuple[bytes, list[PackedBlob]]] = []

    def blob(self, content: bytes, kind: BlobKind = BlobKind.DATA) -> str:
        """Store a blob in a pack of its own and return its id."""
        sealed, plain = self._sealer.seal(kind, content)
        blob_id = hashlib.sha256(content).digest()
        self.pack([(kind, blob_id, sealed, plain)])
        return blob_id.hex()

    def pack(self, blobs: Sequence[tuple[BlobKind, bytes, bytes | bytearray, int]]) -> StoredFile:
        """Store a pack of (kind, id, sealed bytes, plain length), true or not."""
        packed, offset = [], 0
        for kind, blob_id, sealed, plain in blobs:
            packed.append(PackedBlob(kind, blob_id, offset, len(sealed), plain))
            offset += len(sealed)
        header = self.repo.key.seal(encode_header(packed))
        content = b"".join([*(blob[2] for blob in blobs), header, length_field(header)])
        file = StoredFile(FileKind.DATA, hashlib.sha256(content).hexdigest())
        self.repo.storage.write(file, [content])
        self._index.append((bytes.fromhex(file.name), packed))
        return file

    def lie(self, blob_id: str, length: int, plain_length: int) -> None:
        """Index a data blob that does not exist, with these lengths."""
        pack = hashlib.sha256(blob_id.encode()).digest()
        self._index.append((pack, [PackedBlob(BlobKind.DATA, bytes.fromhex(blob_id), 0, length, plain_length)]))

    def tree(self, *nodes: Node) -> str:
        """Store a directory with the nodes as they are given and return its id."""
        return self.blob(encode_tree(nodes), BlobKind.TREE)

    def file(self, name: bytes, *contents: bytes, **fields: Any) -> Node:
        """Return a file's node; each of ``contents`` is a block."""
        content = [self.blob(part) for part in contents]
        return node(name, "file", content=content, size=sum(map(len, contents)), **{"mode": 0o640, **fields})

    def folder_of(self, name: bytes, *nodes: Node, **fields: Any) -> Node:
        """Return a directory's node."""
        return node(name, "dir", subtree=self.tree(*nodes), **{"mode": GO_DIR | 0o755, **fields})

    def snapshot(self, *nodes: Node) -> Snapshot:
        """Save index and snapshot, and return the latter."""
        return self.snapshot_of(self.tree(*nodes))

    def snapshot_of(self, tree: str, **fields: Any) -> Snapshot:
        """Save index and a snapshot of a tree, and return the latter."""
        self.repo.save_json(FileKind.INDEX, encode_index(self._index))
        self._index = []
        snapshot = Snapshot(**{"time": TIME, "tree": tree, "paths": ["/"], "hostname": "box", **fields})
        self.repo.save_snapshot(snapshot)
        self.repo.load_index()
        return snapshot


def node(name: bytes, kind: Any, **fields: Any) -> Node:
    """Return a node of a kind."""
    return Node(**{"name": quote_name(name), "type": kind, "mtime": TIME, "atime": TIME, "ctime": TIME, "links": 1, **fields})


def link(name: bytes, target: bytes) -> Node:
    """Return a symbolic link's node."""
    plain, raw = link_fields(target)
    return node(name, "symlink", linktarget=plain, linktarget_raw=raw, mode=1 << 27 | 0o777)


def sealed_bomb(crafted: Crafted, unfolded_bytes: int) -> bytes:
    """Return a sealed frame that does not say how long it is, of zeros."""
    import zstandard

    frame = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(unfolded_bytes))
    return bytes(crafted.repo.key.seal(frame))


def by_restic(restic: Path, folder: Path, *commands: Sequence[str | Path], cwd: Path) -> None:
    """Make a repository with restic (if there is none) and run commands on it."""
    password = folder.with_name(folder.name + ".password")
    password.write_bytes(PASSWORD)
    start = [str(restic), "--repo", str(folder), "--password-file", str(password), "--no-cache", "--quiet"]
    everything = commands if (folder / "config").exists() else (["init"], *commands)
    for command in everything:
        subprocess.run([*start, *map(str, command)], check=True, cwd=cwd, stdout=subprocess.DEVNULL)


def opened(folder: Path, home: Path) -> Repository:
    """Open a repository and load its index."""
    repo = open_repository(LocalStorage(folder), PASSWORD, home)
    repo.load_index()
    return repo


def latest(repo: Repository) -> Snapshot:
    """Return the newest snapshot."""
    found = repo.snapshots()
    return found.snapshots[found.resolve("latest")]


class ClosingPool:
    """A worker pool that a ``with`` closes, at once when something went wrong."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool

    def __enter__(self) -> WorkerPool:
        return self._pool

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        self._pool.close(at_once=kind is not None)


def with_fields(snapshot: Snapshot, **fields: Any) -> Snapshot:
    """Return a snapshot with other fields."""
    return msgspec.structs.replace(snapshot, **fields)


__all__ = [
    "OVERHEAD_BYTES",
    "ClosingPool",
    "Crafted",
    "by_restic",
    "latest",
    "link",
    "node",
    "opened",
    "sealed_bomb",
    "with_fields",
]
