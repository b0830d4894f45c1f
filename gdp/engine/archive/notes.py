"""Our own notes of the last backup of some paths, in a SQLite file. Always rebuildable, never needed.

They hold for one snapshot, and as long as every index file of that time is still there: a prune replaces index files, so then no
block can have been removed. Each record carries a checksum. The blocks of a large file lie beside the record of its directory, in
pieces: a record is in memory four times. Whatever goes wrong with them, the backup goes on without.
"""

import contextlib
import hashlib
import marshal
import os
import sqlite3
import zlib
from collections.abc import Sequence
from pathlib import Path

from gdp.engine.archive.known import KnownDirectory
from gdp.engine.archive.metadata import Ids, group_name, user_name
from gdp.engine.archive.tree_text import is_long

_FORMAT = 2  # of records; others' notes hold for nothing
_PIECE_BYTES = 1 << 20  # of the blob ids of a large file
_Apart = tuple[int, int, int]
"""which of a directory's values is not in the record: place, length, checksum"""


class DirectoryNotes:
    """The notes of one set of paths, locked against other runs while they are open.

    Everything noted since the last ``commit`` is forgotten by ``close``.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self.is_broken = False
        """something went wrong; they answer nothing any more"""

    def holds_for(self, parent: str, index_names: set[str]) -> bool:
        """Say whether the notes can be trusted now."""
        try:
            snapshot, index, owners, names = (self._header(name) for name in ("snapshot", "index", "owners", "names"))
        except sqlite3.Error:
            return False
        if snapshot != parent or names != _names_fingerprint(owners or ""):
            return False
        return bool(index) and set((index or "").split()) <= index_names

    def directory(self, path: bytes, tree: bytes | None) -> KnownDirectory | None:
        """See Known."""
        del tree
        try:
            row = self._database.execute("SELECT record FROM directory WHERE path = ?", (path,)).fetchone()
            record: bytes = row[0] if row else b""
            if not record or zlib.crc32(record[4:]) != int.from_bytes(record[:4], "little"):
                return None
            tree, rows, values, apart = marshal.loads(record[4:])
            for value in apart:
                content = self._content(path, value)
                if content is None:
                    return None
                values[value[0]] = content
        except sqlite3.Error:
            return None
        return KnownDirectory(tree, rows, values)

    def put(self, path: bytes, tree: bytes, rows: bytes, values: Sequence[Ids]) -> None:
        """Note a directory as it is in the snapshot being made."""
        self._execute("DELETE FROM content WHERE path = ?", (path,))
        apart = [self._put_content(path, place, value) for place, value in enumerate(values) if is_long(value)]
        noted = list(values)
        for place, _, _ in apart:
            noted[place] = b""
        record = marshal.dumps((tree, rows, noted, apart))
        record = zlib.crc32(record).to_bytes(4, "little") + record
        self._execute("INSERT OR REPLACE INTO directory VALUES (?, ?)", (path, record))

    def drop_below(self, path: bytes) -> None:
        """Forget a directory (its path ends with ``/``) and all below it."""
        for table in ("directory", "content"):
            self._execute(f"DELETE FROM {table} WHERE path >= ? AND path < ?", (path, path[:-1] + b"0"))

    def clear(self) -> None:
        """Forget everything, before a backup that compares with nothing or with a snapshot we know nothing of."""
        self._execute("DELETE FROM directory")
        self._execute("DELETE FROM content")
        self._execute("DELETE FROM header")

    def commit(self, snapshot: str, index_names: set[str], owners: set[tuple[int, int]]) -> None:
        """Make what was noted hold for a snapshot that is stored, and end the work with the notes."""
        known = {tuple(map(int, pair.split(":"))) for pair in (self._header("owners") or "").split()}
        text = " ".join(f"{uid}:{gid}" for uid, gid in sorted(known | owners))
        header = {"snapshot": snapshot, "index": " ".join(sorted(index_names)), "owners": text, "names": _names_fingerprint(text)}
        for item in header.items():
            self._execute("INSERT OR REPLACE INTO header VALUES (?, ?)", item)
        if not self.is_broken:
            self._execute("COMMIT")

    def close(self) -> None:
        """Give them back."""
        self._database.close()

    def _content(self, path: bytes, noted: _Apart) -> bytearray | None:
        """Return the blob ids of a large file; None when they are not those that were noted. Raises sqlite3.Error."""
        place, size, checksum = noted
        content = bytearray(size)
        end = 0
        pieces = "SELECT piece FROM content WHERE path = ? AND place = ? ORDER BY start"
        for (piece,) in self._database.execute(pieces, (path, place)):
            content[end : end + len(piece)] = piece
            end += len(piece)
        return content if end == size and zlib.crc32(content) == checksum else None

    def _put_content(self, path: bytes, place: int, content: Ids) -> _Apart:
        for start in range(0, len(content), _PIECE_BYTES):
            piece = memoryview(content)[start : start + _PIECE_BYTES]
            self._execute("INSERT INTO content VALUES (?, ?, ?, ?)", (path, place, start, piece))
        return place, len(content), zlib.crc32(content)

    def _header(self, name: str) -> str | None:
        row = self._database.execute("SELECT value FROM header WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def _execute(self, statement: str, values: tuple[object, ...] = ()) -> None:
        if self.is_broken:
            return
        try:
            self._database.execute(statement, values)
        except sqlite3.Error:
            self.is_broken = True  # a full disk, most likely; without a commit the old notes stay


def open_notes(folder: Path, hostname: str, paths: list[str]) -> DirectoryNotes | None:
    """Open the notes about some paths of a computer; None when another run has them, or the folder cannot be written."""
    key = hashlib.sha256("\0".join((hostname, *sorted(paths))).encode("utf-8", "surrogateescape")).hexdigest()
    path = folder / f"directories-{key[:32]}.sqlite"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return DirectoryNotes(_connect(path))
    except sqlite3.OperationalError:
        return None
    except sqlite3.DatabaseError:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        return DirectoryNotes(_connect(path))
    except OSError:
        return None


def _connect(path: Path) -> sqlite3.Connection:
    # Losing the notes costs time only, so the disk is not waited for; the checksums catch what a power failure leaves.
    database = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        path.chmod(0o600)
        database.execute("PRAGMA page_size=32768")
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=OFF")
        database.execute("BEGIN IMMEDIATE")
        database.execute("CREATE TABLE IF NOT EXISTS header (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
        database.execute("CREATE TABLE IF NOT EXISTS directory (path BLOB PRIMARY KEY, record BLOB) WITHOUT ROWID")
        database.execute(
            "CREATE TABLE IF NOT EXISTS content (path BLOB, place INTEGER, start INTEGER, piece BLOB, "
            "PRIMARY KEY (path, place, start)) WITHOUT ROWID"
        )
    except BaseException:
        database.close()
        raise
    return database


def _names_fingerprint(owners: str) -> str:
    """Return what changes when nodes would be written differently for the same rows: owners' names, the time zone, the format."""
    names = [(user_name(int(uid)), group_name(int(gid))) for uid, gid in (pair.split(":") for pair in owners.split())]
    zone = os.environ.get("TZ", "")
    with contextlib.suppress(OSError):
        zone += hashlib.sha256(Path("/etc/localtime").read_bytes()).hexdigest()
    return hashlib.sha256(repr((_FORMAT, names, zone)).encode()).hexdigest()
