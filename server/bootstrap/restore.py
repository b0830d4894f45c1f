"""The way back from a backup: into a data folder and a database that are empty. All is checked before anything is put there."""

import json
import os
import tarfile
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any
from zlib import error as ZlibError

from server.bootstrap.backup import DATA, FORMAT, MANIFEST, ROWS, BackupFacts
from server.bootstrap.home import FILES, Home, read_home
from server.domain.errors import SetupError
from server.domain.sentence import N_
from server.models.copies import check_sqlite, load_postgresql
from server.models.database import SQLITE_FILE, disconnect, open_database

_PIECE = 1024 * 1024


def read_backup(archive: Path, folder: Path, *, database_url: str = "") -> BackupFacts:
    """Put what an archive holds into a data folder that is not there yet or empty, and the rows into an empty database.

    Args:
        archive: what ``write_backup`` wrote.
        folder: the data folder to be.
        database_url: where the rows shall lie; empty: where the settings in the archive or the environment say.

    Raises: SetupError, before anything was put anywhere.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SetupError(N_("{path} is not empty."), N_("Name a folder that is new."), path=folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".gdpac-restore-") as scratch:
            unpacked = Path(scratch)
            manifest = _unpack(archive, unpacked)
            data = unpacked / DATA
            data.mkdir(exist_ok=True, mode=0o700)
            (data / FILES).mkdir(exist_ok=True, mode=0o700)
            _put_rows(unpacked, manifest, read_home(data, database_url=database_url))
            if folder.exists():
                folder.rmdir()
            data.rename(folder)
    except OSError as error:
        raise SetupError(
            N_("{path} cannot be written: {reason}"), path=error.filename or folder, reason=error.strerror or error
        ) from error
    return BackupFacts(str(manifest["made_at"]), len(manifest["members"]), archive.stat().st_size)


def _put_rows(unpacked: Path, manifest: Mapping[str, Any], home: Home) -> None:
    is_sqlite = manifest["database"] == "sqlite"
    if is_sqlite != home.uses_sqlite:
        raise SetupError(
            N_("This backup is of {kind}, and the database to be is another kind."),
            N_("Name a database of the same kind with --database."),
            kind="SQLite" if is_sqlite else "PostgreSQL",
        )
    rows = unpacked / ROWS[is_sqlite]
    if not is_sqlite:
        database = open_database(home.database_url)
        tables = database.get_tables()
        disconnect(database)
        if tables:
            raise SetupError(N_("The database is not empty."), N_("Create a new one, and name it with --database."))
        load_postgresql(home.database_url, rows)
        return
    check_sqlite(rows)
    rows.rename(home.folder / SQLITE_FILE)


def _unpack(archive: Path, folder: Path) -> dict[str, Any]:
    """Write the files of an archive into a folder, compare them with the manifest, and return that. Raises SetupError."""
    found: dict[str, list[object]] = {}
    manifest = b""
    try:
        with tarfile.open(archive, mode="r|gz") as members:
            for member in members:
                source = members.extractfile(member) if member.isfile() else None
                if source is None or not _is_safe(member.name):
                    raise _damaged(archive, N_("a member that no backup has"))
                if member.name == MANIFEST:
                    manifest = source.read()
                else:
                    found[member.name] = _write_file(source, folder / member.name)
    except FileNotFoundError as error:
        raise SetupError(N_("{path} cannot be read: {reason}"), path=archive, reason=error.strerror) from error
    except (tarfile.TarError, EOFError, ZlibError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise _damaged(archive, str(error)) from error
    return _checked(archive, manifest, found)


def _checked(archive: Path, manifest: bytes, found: dict[str, list[object]]) -> dict[str, Any]:
    try:
        read = json.loads(manifest)
        wanted, form, rows = read["members"], read["format"], ROWS[read["database"] == "sqlite"]
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(archive, N_("its end is missing")) from error
    if form != FORMAT:
        raise SetupError(N_("{path} was made by a newer version of this program."), N_("Install that version."), path=archive)
    if found != wanted or rows not in found:
        raise _damaged(archive, N_("contents that are not what was backed up"))
    return dict(read)


def _write_file(source: Any, target: Path) -> list[object]:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    hashed, size = sha256(), 0
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while piece := source.read(_PIECE):
            file.write(piece)
            hashed.update(piece)
            size += len(piece)
        file.flush()
        os.fsync(file.fileno())
    return [size, hashed.hexdigest()]


def _is_safe(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return bool(parts) and not name.startswith("/") and ".." not in parts and (parts[0] == DATA or len(parts) == 1)


def _damaged(archive: Path, reason: str) -> SetupError:
    return SetupError(N_("{path} is no whole backup: {reason}"), path=archive, reason=SetupError(reason) if reason else "")
