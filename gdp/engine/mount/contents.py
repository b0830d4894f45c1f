"""Finds paths in mounted snapshots and reads parts of files. Knows nothing of FUSE."""

import errno
import os
import threading
import time
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate

from gdp.core.errors import DamagedData, GdpError
from gdp.core.ids import BlobId
from gdp.core.packformat import BlobKind
from gdp.engine.mount.caches import BoundedCache
from gdp.engine.mount.layout import LatestLink, VirtualFolder, build_layout
from gdp.model.files import FileKind
from gdp.model.node import Node, checked_name
from gdp.model.snapshot import Snapshot
from gdp.repo.repository import Repository
from gdp.repo.snapshots import SnapshotFilter

KEPT_BLOCK_BYTES = 64 << 20
KEPT_NODES = 200_000  # of directories read last; some 100 MB
REFRESH_SECONDS = 30.0  # how late a new snapshot may appear
Children = dict[bytes, Node]


@dataclass(frozen=True, slots=True)
class Located:
    """What lies at a path."""

    what: VirtualFolder | LatestLink | Snapshot | Node
    snapshot: Snapshot | None = None
    """the one it lies in, for a Node"""


@dataclass(slots=True)
class OpenFile:
    """An opened file: its blocks and where each ends."""

    blobs: list[BlobId]
    ends: list[int] = field(default_factory=list)


class MountedSnapshots:
    """The snapshots of a repository as one tree. Every method raises OSError as a file system does."""

    def __init__(self, repo: Repository, wanted: SnapshotFilter, clock: Callable[[], float] = time.monotonic) -> None:
        self._repo, self._wanted, self._clock = repo, wanted, clock
        self._blocks: BoundedCache[BlobId, bytes] = BoundedCache(KEPT_BLOCK_BYTES, len)
        self._folders: BoundedCache[BlobId, Children] = BoundedCache(KEPT_NODES, lambda children: len(children) + 1)
        self._refreshing = threading.Lock()
        self._names: set[str] = set()
        self._root = VirtualFolder()
        self._checked_at = -REFRESH_SECONDS
        self.refresh()

    def refresh(self) -> None:
        """Look for new and forgotten snapshots, unless that was done a moment ago."""
        if self._clock() - self._checked_at < REFRESH_SECONDS or not self._refreshing.acquire(blocking=False):
            return
        try:
            names = {name for name, _ in self._repo.storage.list(FileKind.SNAPSHOTS)}
            if names != self._names:
                found = self._repo.snapshots().matching(self._wanted)
                if self._names:  # the caller loaded the index for the first ones
                    self._repo.load_index(_pass_over)
                self._names, self._root = names, build_layout(found)
            self._checked_at = self._clock()
        finally:
            self._refreshing.release()

    def find(self, path: bytes) -> Located:
        """Return what lies at an absolute path. Raises FileNotFoundError, NotADirectoryError, or EIO for damage."""
        here = Located(self._root)
        for name in (part for part in path.split(b"/") if part):
            if isinstance(here.what, VirtualFolder):
                found = here.what.entries.get(name)
                if found is None:
                    raise _error(errno.ENOENT)
                here = Located(found)
            else:
                snapshot = here.what if isinstance(here.what, Snapshot) else here.snapshot
                here = Located(self._child(here, name), snapshot)
        return here

    def children(self, path: bytes) -> dict[bytes, Located]:
        """Return what a directory holds. Raises as ``find`` does."""
        here = self.find(path)
        if isinstance(here.what, VirtualFolder):
            self.refresh()
            here = self.find(path)
            assert isinstance(here.what, VirtualFolder)
            return {name: Located(what) for name, what in here.what.entries.items()}
        snapshot = here.what if isinstance(here.what, Snapshot) else here.snapshot
        return {name: Located(node, snapshot) for name, node in self._children(here).items()}

    def open(self, path: bytes) -> OpenFile:
        """Return a file's blocks. Raises as ``find`` does, and EIO when a block is in no index."""
        node = self.find(path).what
        if not isinstance(node, Node) or node.type != "file":
            raise _error(errno.EISDIR)
        try:
            blobs = [BlobId.from_hex(text) for text in node.content or ()]
        except DamagedData as error:
            raise _error(errno.EIO) from error
        places = [self._repo.index.find(BlobKind.DATA, blob) for blob in blobs]
        if not all(places):
            raise _error(errno.EIO)
        return OpenFile(blobs, list(accumulate(place.data_bytes for place in places if place)))

    def read(self, file: OpenFile, size: int, offset: int) -> bytes:
        """Return up to ``size`` bytes: less only at the end. Raises EIO for a block that cannot be had."""
        pieces = []
        number = bisect_right(file.ends, offset)
        while size > 0 and number < len(file.ends):
            start = file.ends[number - 1] if number else 0
            piece = self._block(file.blobs[number])[offset - start : offset - start + size]
            pieces.append(piece)
            size -= len(piece)
            offset += len(piece)
            number += 1
        return b"".join(pieces)

    def _child(self, here: Located, name: bytes) -> Node:
        found = self._children(here).get(name)
        if found is None:
            raise _error(errno.ENOENT)
        return found

    def _children(self, here: Located) -> Children:
        tree = here.what.tree if isinstance(here.what, Snapshot) else getattr(here.what, "subtree", None)
        if tree is None:
            raise _error(errno.ENOTDIR)
        try:
            tree_id = BlobId.from_hex(tree)
            return self._folders.get(tree_id, lambda: self._load(tree_id))
        except GdpError as error:
            raise _error(errno.EIO) from error

    def _load(self, tree: BlobId) -> Children:
        """Read a directory; entries that no file system allows are left out."""
        children: Children = {}
        for node in self._repo.load_tree(tree):
            try:
                children.setdefault(checked_name(node), node)
            except DamagedData:
                continue
        return children

    def _block(self, blob: BlobId) -> bytes:
        try:
            return self._blocks.get(blob, lambda: self._repo.load_blob(BlobKind.DATA, blob))
        except GdpError as error:
            raise _error(errno.EIO) from error


def _pass_over(_name: str, _error: DamagedData) -> None:
    """Go on without an index file that cannot be read: what it lists is an error of those files only."""


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
