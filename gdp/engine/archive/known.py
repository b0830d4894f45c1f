"""What the last backup knew of each directory. Two sources, one shape: our own notes, or the parent snapshot's trees."""

import contextlib
import hashlib
import marshal
import os
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

from gdp.core.errors import DamagedData
from gdp.core.gotext import GO_DIR, GO_SYMLINK
from gdp.engine.archive.metadata import Row, group_name, unpack_rows, user_name
from gdp.model.node import Node
from gdp.repo.repository import Repository


class KnownDirectory(NamedTuple):
    """A directory at the last backup."""

    tree: bytes
    rows: bytes
    """packed; empty when only the snapshot's trees are known"""
    values: list[bytes]
    """as Directory.values"""
    entries: Mapping[bytes, tuple[Row, bytes]] | None = None
    """by name: row, value; None: to be made of ``rows``"""

    def by_name(self) -> Mapping[bytes, tuple[Row, bytes]]:
        """Return the entries by name."""
        if self.entries is not None:
            return self.entries
        return {row.name: (row, value) for row, value in zip(unpack_rows(self.rows), self.values, strict=True)}


class Known(Protocol):
    """Something that knows the last backup."""

    def directory(self, path: bytes, tree: bytes | None) -> KnownDirectory | None:
        """Return a directory; ``tree`` is its id in the parent, where the caller knows it."""


class KnownNothing:
    """There was no backup, or it shall not be looked at."""

    def directory(self, path: bytes, tree: bytes | None) -> KnownDirectory | None:
        """See Known."""
        del path, tree
        return None


class KnownTrees:
    """Reads the parent snapshot's trees. What is missing in the repository is not known, and so is read again from the disk.

    Args:
        root: the parent's tree.
        has_data: says whether a file's pieces are stored.
        on_unreadable: is told of a tree that is damaged or missing.
    """

    def __init__(
        self,
        repo: Repository,
        root: bytes,
        has_data: Callable[[bytes], bool],
        on_unreadable: Callable[[bytes, DamagedData], None],
    ) -> None:
        self._repo, self._root = repo, root
        self._has_data, self._on_unreadable = has_data, on_unreadable

    def directory(self, path: bytes, tree: bytes | None) -> KnownDirectory | None:
        """See Known."""
        if path == b"/" and tree is None:
            tree = self._root
        if tree is None:
            return None
        try:
            nodes = self._repo.load_tree(tree)
            entries = dict(self._entries(nodes))
        except DamagedData as error:
            self._on_unreadable(tree, error)
            return None
        return KnownDirectory(tree, b"", [], entries)

    def _entries(self, nodes: list[Node]) -> Iterator[tuple[bytes, tuple[Row, bytes]]]:
        for node in nodes:
            value = bytes.fromhex(node.subtree) if node.subtree else bytes.fromhex("".join(node.content or ()))
            if node.type == "file" and not self._has_data(value):
                continue
            mode = (
                0o040000 if node.mode & GO_DIR else 0o120000 if node.mode & GO_SYMLINK else 0o100000 if node.type == "file" else 0
            )
            row = Row(
                node.raw_name, mode, node.mtime_ns, node.ctime_ns, node.uid, node.gid, node.inode, node.device_id, node.size, 0, 0
            )
            yield row.name, (row, value)


class DirectoryNotes:
    """Our own notes of the last backup of some paths, in a SQLite file. Always rebuildable; each record carries a checksum.

    They hold for one snapshot, and as long as every index file of that time is still there: a prune replaces index files, so
    then no block can have been removed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = self._open()

    def holds_for(self, parent: str, index_names: set[str]) -> bool:
        """Say whether the notes can be trusted now."""
        noted = self._header("snapshot"), self._header("index")
        if noted[0] != parent or self._header("names") != _names_fingerprint(self._header("owners") or ""):
            return False
        return bool(noted[1]) and set((noted[1] or "").split()) <= index_names

    def directory(self, path: bytes, tree: bytes | None) -> KnownDirectory | None:
        """See Known."""
        del tree
        row = self._database.execute("SELECT record FROM directory WHERE path = ?", (path,)).fetchone()
        if row is None:
            return None
        record: bytes = row[0]
        if zlib.crc32(record[4:]) != int.from_bytes(record[:4], "little"):
            return None
        return KnownDirectory(*marshal.loads(record[4:]))

    def put(self, path: bytes, tree: bytes, rows: bytes, values: list[bytes]) -> None:
        """Note a directory as it is in the snapshot being made."""
        record = marshal.dumps((tree, rows, values))
        checked = zlib.crc32(record).to_bytes(4, "little") + record
        self._database.execute("INSERT OR REPLACE INTO directory VALUES (?, ?)", (path, checked))

    def drop_below(self, path: bytes) -> None:
        """Forget a directory (its path ends with ``/``) and all below it."""
        self._database.execute("DELETE FROM directory WHERE path >= ? AND path < ?", (path, path[:-1] + b"0"))

    def clear(self) -> None:
        """Forget everything, before a backup that compares with nothing or with a snapshot we know nothing of."""
        self._database.execute("DELETE FROM directory")
        self._database.execute("DELETE FROM header")

    def commit(self, snapshot: str, index_names: set[str], owners: set[tuple[int, int]]) -> None:
        """Make what was noted hold for a snapshot that is stored."""
        known = {tuple(map(int, pair.split(":"))) for pair in (self._header("owners") or "").split()}
        text = " ".join(f"{uid}:{gid}" for uid, gid in sorted(known | owners))
        header = {"snapshot": snapshot, "index": " ".join(sorted(index_names)), "owners": text, "names": _names_fingerprint(text)}
        self._database.executemany("INSERT OR REPLACE INTO header VALUES (?, ?)", header.items())
        self._database.execute("COMMIT")
        self._database.execute("BEGIN")

    def close(self) -> None:
        """Forget what was not committed."""
        self._database.close()

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            return _connect(self._path)
        except sqlite3.DatabaseError:
            for suffix in ("", "-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    Path(f"{self._path}{suffix}").unlink()
            return _connect(self._path)

    def _header(self, name: str) -> str | None:
        row = self._database.execute("SELECT value FROM header WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None


def notes_path(folder: Path, hostname: str, paths: list[str]) -> Path:
    """Return where the notes about some paths of a computer are kept."""
    key = hashlib.sha256("\0".join((hostname, *sorted(paths))).encode("utf-8", "surrogateescape")).hexdigest()
    return folder / f"directories-{key[:32]}.sqlite"


def _connect(path: Path) -> sqlite3.Connection:
    # Losing the notes costs time only, so the disk is not waited for; the checksums catch what a power failure leaves.
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    path.chmod(0o600)
    database.execute("PRAGMA page_size=32768")
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=OFF")
    database.execute("CREATE TABLE IF NOT EXISTS header (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
    database.execute("CREATE TABLE IF NOT EXISTS directory (path BLOB PRIMARY KEY, record BLOB) WITHOUT ROWID")
    database.execute("BEGIN")
    return database


def _names_fingerprint(owners: str) -> str:
    """Return what changes when nodes would be written differently for the same rows: owners' names, and the time zone."""
    names = [(user_name(int(uid)), group_name(int(gid))) for uid, gid in (pair.split(":") for pair in owners.split())]
    zone = os.environ.get("TZ", "")
    with contextlib.suppress(OSError):
        zone += hashlib.sha256(Path("/etc/localtime").read_bytes()).hexdigest()
    return hashlib.sha256(repr((names, zone)).encode()).hexdigest()
