"""A backup of the server's own data: one archive with the rows and every file of the data folder, and the way back.

The archive is a tar file, compressed by gzip::

    data/...             every file of the data folder: settings, secrets, files
    database.sqlite      the rows, or
    database.postgresql  the rows in pg_dump's own format
    manifest.json        last: when it was made, of what; size and SHA-256 of everything above

The rows are copied first. A file is there before the row that names it, and never changes, so every row of the copy finds its
file. Mails in the outbox are left out: they are rows as well. The archive holds secrets: only its owner may read it.
"""

import gzip
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO

from peewee import Database

from server.bootstrap.home import OUTBOX, Home
from server.domain.errors import SetupError
from server.domain.sentence import N_
from server.models.copies import copy_sqlite, dump_postgresql
from server.models.database import SQLITE_FILE
from server.models.migrations import applied_steps

FORMAT = 1
MANIFEST = "manifest.json"
DATA = "data"
ROWS = {True: "database.sqlite", False: "database.postgresql"}
"""the name of the rows in an archive: SQLite's or not"""


@dataclass(frozen=True, slots=True)
class BackupFacts:
    """What a backup holds."""

    made_at: str
    """ISO 8601"""
    files: int
    stored_bytes: int


def write_backup(home: Home, database: Database, target: Path, *, now: datetime) -> BackupFacts:
    """Write an archive. It appears under its name when it is whole and on the disk. Raises SetupError."""
    if target.exists():
        raise SetupError(N_("{path} exists already."), N_("Name another file, or remove it."), path=target)
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".gdpac-backup-") as scratch:
            rows = Path(scratch) / ROWS[home.uses_sqlite]
            if home.uses_sqlite:
                copy_sqlite(Path(home.database_url), rows)
            else:
                dump_postgresql(home.database_url, rows)
            partial = Path(scratch) / "archive"
            facts = _write(home, [step.number for step in applied_steps(database)], rows, partial, now)
            partial.rename(target)
        _sync(target.parent)
    except OSError as error:
        raise SetupError(
            N_("{path} cannot be written: {reason}"), path=error.filename or target, reason=error.strerror or error
        ) from error
    return facts


def _write(home: Home, steps: list[int], rows: Path, partial: Path, now: datetime) -> BackupFacts:
    members: dict[str, list[object]] = {}
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
        with gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6) as packed, tarfile.open(fileobj=packed, mode="w|") as archive:
            for path, name in ((rows, rows.name), *_files(home)):
                members[name] = _add(archive, path, name)
            manifest = {
                "format": FORMAT, "made_at": now.isoformat(), "database": rows.suffix[1:], "steps": steps, "members": members,
            }  # fmt: skip
            text = json.dumps(manifest, indent=1).encode()
            about = tarfile.TarInfo(MANIFEST)
            about.size, about.mode, about.mtime = len(text), 0o600, int(now.timestamp())
            archive.addfile(about, io.BytesIO(text))
        raw.flush()
        os.fsync(raw.fileno())
    return BackupFacts(str(manifest["made_at"]), len(members), partial.stat().st_size)


def _files(home: Home) -> Iterator[tuple[Path, str]]:
    """Yield each file of the data folder with its name in the archive; no rows, which were copied, and no outbox."""
    for folder, folders, names in os.walk(home.folder):
        here = Path(folder)
        if here == home.folder:
            folders[:] = [name for name in folders if name != OUTBOX]
            names = [name for name in names if not name.startswith(SQLITE_FILE)]
        folders.sort()
        for name in sorted(names):
            path = here / name
            if path.is_file() and not path.is_symlink():
                yield path, f"{DATA}/{path.relative_to(home.folder)}"


class _Hashing:
    """A file that is hashed as it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.hash = sha256()

    def read(self, size: int = -1) -> bytes:
        """Read so many bytes."""
        piece = self._file.read(size)
        self.hash.update(piece)
        return piece


def _add(archive: tarfile.TarFile, path: Path, name: str) -> list[object]:
    with path.open("rb") as file:
        about = archive.gettarinfo(arcname=name, fileobj=file)
        about.uid, about.gid, about.uname, about.gname = 0, 0, "", ""
        about.mode = 0o600
        hashing = _Hashing(file)
        archive.addfile(about, hashing)  # it reads, and nothing else
    return [about.size, hashing.hash.hexdigest()]


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
