"""A repository in a folder of this computer: a disk, a mounted share. Never overwrites a file in place.

A file is written under a temporary name beside its final one, made read-only, brought to the disk (fsync) and then
renamed; then the folder is brought to the disk. So after a power failure it is there whole or not at all.
"""

import errno
import os
import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from gdp.core.errors import DamagedData, FileMissing, StorageDenied, StorageError
from gdp.core.ids import ID_BYTES
from gdp.core.language import N_
from gdp.model.files import CONFIG_FILE, FOLDERS, FileKind, FileRange, StoredFile
from gdp.storage.contract import Buffer
from gdp.storage.leftovers import Leftover
from gdp.storage.local_errors import translate_os_error
from gdp.storage.names import folders_of, is_stored_name, is_temporary_name, make_temporary_name
from gdp.storage.one_by_one import read_each, read_each_range
from gdp.storage.parts import count_bytes, cut_requests, listener_of
from gdp.storage.staged import StagedFile

FOLDER_MODE = 0o700
FINISHED_MODE = 0o400  # as restic since 0.19: nothing is ever changed
WRITE_BYTES = 1 << 20  # of one writev: large enough to be cheap, small enough to hold
WRITE_PIECES = 512  # half of Linux's IOV_MAX


class LocalStorage:
    """A Storage in a local folder.

    Args:
        path: the repository's root. Only ``create_folders`` makes it; a root that is not there (a disk that is not
            mounted) is never silently made anew by a write.
    """

    def __init__(self, path: Path) -> None:
        self._root = os.path.abspath(path)

    @property
    def location(self) -> str:
        return self._root

    def prepare(self) -> None:
        """There is nothing to wait for."""

    def create_folders(self) -> None:
        try:
            os.makedirs(self._root, FOLDER_MODE, exist_ok=True)
            for folder in FOLDERS:
                with suppress(FileExistsError):
                    os.mkdir(self._at(folder), FOLDER_MODE)
            _sync_folder(self._at("data"))
            _sync_folder(self._root)
        except OSError as error:
            raise translate_os_error(error, self._root) from error

    def list(self, kind: FileKind) -> Iterator[tuple[str, int]]:
        for folder, entry in self._entries(kind):
            if is_stored_name(kind, folder.rpartition("/")[2], entry.name):
                with suppress(FileNotFoundError):
                    if entry.is_file():
                        yield entry.name, entry.stat().st_size

    def size(self, file: StoredFile) -> int:
        try:
            return os.stat(self._at(file.path)).st_size
        except OSError as error:
            raise self._translate(error, file.path) from error

    def read(self, file: StoredFile, offset: int = 0, length: int | None = None) -> bytes:
        try:
            descriptor = os.open(self._at(file.path), os.O_RDONLY | os.O_CLOEXEC)
            try:
                wanted = os.fstat(descriptor).st_size - offset if length is None else length
                data = _read_all(descriptor, offset, wanted) if wanted > 0 else b""
            finally:
                os.close(descriptor)
        except OSError as error:
            raise self._translate(error, file.path) from error
        if len(data) != wanted:
            raise DamagedData(
                N_("{path} in {location} ends before byte {end}"),
                N_("run a check of the repository"),
                path=file.path, location=self._root, end=offset + max(wanted, 0),
            )  # fmt: skip
        return data

    def read_small(self, files: Sequence[StoredFile]) -> Sequence[bytes | None]:
        return read_each(self, files)

    def read_ranges(self, ranges: Sequence[FileRange]) -> Sequence[bytes | None]:
        return read_each_range(self, ranges)

    def write(self, file: StoredFile, parts: Collection[Buffer]) -> None:
        expected = count_bytes(parts)
        if self._is_already_there(file, parts, expected):
            return
        try:
            self._make_folder(file)
            if isinstance(parts, StagedFile) and (staged := parts.staged(self._root)):
                self._name_staged(file, *staged, expected)
                parts.has_moved()
                parts.has_arrived(expected)
            else:
                self._write_new(file, parts, expected)
        except OSError as error:
            raise translate_os_error(error, self._at(file.path)) from error

    def staging_path(self) -> str | None:
        name = secrets.token_hex(ID_BYTES)
        path = self._at(f"data/{name[:2]}/{make_temporary_name(name)}")
        return path if os.path.isdir(os.path.dirname(path)) else None

    def remove(self, file: StoredFile) -> None:
        self._unlink(file.path)
        if file.kind is FileKind.INDEX:
            # A prune removes packs next. After a power failure no index may come back that lists them.
            try:
                _sync_folder(os.path.dirname(self._at(file.path)))
            except OSError as error:
                raise self._translate(error, file.path) from error

    def hurry(self) -> None:
        """Nothing is waited for."""

    def close(self) -> None:
        """Nothing is held between two calls."""

    def leftovers(self, just_written: StoredFile) -> Iterator[Leftover]:
        """Yield our unfinished files, aged by comparison with a file that was written a moment ago."""
        try:
            now = os.stat(self._at(just_written.path)).st_mtime
        except OSError as error:
            raise self._translate(error, just_written.path) from error
        for kind in FileKind:
            for folder, entry in self._entries(kind):
                if is_temporary_name(entry.name):
                    with suppress(FileNotFoundError):
                        age = now - entry.stat(follow_symlinks=False).st_mtime
                        yield Leftover(f"{folder}/{entry.name}".lstrip("/"), age)

    def remove_leftover(self, path: str) -> None:
        """Remove one of our unfinished files. Raises FileMissing."""
        if not is_temporary_name(path.rpartition("/")[2]):
            raise ValueError(f"{path} is not an unfinished file")
        self._unlink(path)

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root

    def _entries(self, kind: FileKind) -> Iterator[tuple[str, os.DirEntry[str]]]:
        for folder in folders_of(kind):
            try:
                with os.scandir(self._at(folder)) as entries:
                    for entry in entries:
                        yield folder, entry
            except FileNotFoundError:
                continue
            except OSError as error:
                raise translate_os_error(error, self._at(folder)) from error

    def _is_already_there(self, file: StoredFile, parts: Collection[Buffer], expected: int) -> bool:
        try:
            found = self.size(file)
        except FileMissing:
            return False
        if file != CONFIG_FILE:
            return found == expected
        if self.read(file) == b"".join(parts):
            return True
        raise _has_config(self._root)

    def _make_folder(self, file: StoredFile) -> None:
        folder = os.path.dirname(self._at(file.path))
        if os.path.isdir(folder):
            return
        try:
            os.stat(self._root)
        except FileNotFoundError as error:
            raise StorageError(
                N_("the folder {location} does not exist"),
                N_("check that the disk or share is mounted"),
                location=self._root,
            ) from error
        if file.kind is FileKind.DATA:
            with suppress(FileExistsError):
                os.mkdir(self._at("data"), FOLDER_MODE)
        with suppress(FileExistsError):
            os.mkdir(folder, FOLDER_MODE)
        _sync_folder(os.path.dirname(folder))

    def _write_new(self, file: StoredFile, parts: Collection[Buffer], expected: int) -> None:
        final = self._at(file.path)
        folder, name = os.path.split(final)
        temporary = f"{folder}/{make_temporary_name(name)}"
        try:
            _write_durably(temporary, parts, expected)
            if file == CONFIG_FILE:
                self._publish_once(temporary, final)
            else:
                os.rename(temporary, final)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise
        _sync_folder(folder)

    def _name_staged(self, file: StoredFile, descriptor: int, staged: str, expected: int) -> None:
        _make_durable(descriptor, staged, expected)
        final = self._at(file.path)
        os.rename(staged, final)
        _sync_folder(os.path.dirname(final))

    def _publish_once(self, temporary: str, final: str) -> None:
        """Give the file its name unless somebody else was faster: a link, unlike a rename, never replaces."""
        try:
            os.link(temporary, final)
        except FileExistsError as error:
            raise _has_config(self._root) from error
        except OSError:  # a file system without links, such as FAT; the check before the write has to do
            os.rename(temporary, final)
        else:
            os.unlink(temporary)

    def _unlink(self, path: str) -> None:
        try:
            os.unlink(self._at(path))
        except PermissionError:  # Windows does not remove a read-only file
            try:
                os.chmod(self._at(path), 0o600)
                os.unlink(self._at(path))
            except OSError as error:
                raise self._translate(error, path) from error
        except OSError as error:
            raise self._translate(error, path) from error

    def _translate(self, error: OSError, path: str) -> StorageError:
        if isinstance(error, FileNotFoundError):
            return FileMissing(N_("there is no file {path} in {location}"), path=path, location=self._root)
        return translate_os_error(error, self._at(path))


def _read_all(descriptor: int, offset: int, length: int) -> bytes:
    """Return up to ``length`` bytes: less only at the end of the file."""
    data = os.pread(descriptor, length, offset)
    if len(data) == length or not data:
        return data
    pieces = [data]
    missing = length - len(data)
    while missing and (data := os.pread(descriptor, missing, offset + length - missing)):
        pieces.append(data)
        missing -= len(data)
    return b"".join(pieces)


def _write_durably(path: str, parts: Collection[Buffer], expected: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        tell, written = listener_of(parts), 0
        for pieces in cut_requests(parts, lambda: WRITE_BYTES):
            written += sum(map(len, pieces))
            for start in range(0, len(pieces), WRITE_PIECES):
                _write_pieces(descriptor, pieces[start : start + WRITE_PIECES])
            tell(written)
        _make_durable(descriptor, path, expected)
    finally:
        os.close(descriptor)


def _make_durable(descriptor: int, path: str, expected: int) -> None:
    with suppress(PermissionError):  # a share without permissions
        os.fchmod(descriptor, FINISHED_MODE)
    _sync(descriptor)
    found = os.fstat(descriptor).st_size
    if found != expected:
        raise StorageError(
            N_("{path} has {found:byte|bytes} after writing {expected:byte|bytes}"),
            N_("check the disk for errors"),
            path=path, found=found, expected=expected,
        )  # fmt: skip


def _write_pieces(descriptor: int, pieces: list[memoryview]) -> None:
    """Write all pieces, however many calls the system wants for it."""
    while pieces:
        written = os.writev(descriptor, pieces)
        while pieces and written >= pieces[0].nbytes:
            written -= pieces.pop(0).nbytes
        if pieces:
            pieces[0] = pieces[0][written:]


def _sync(descriptor: int) -> None:
    """Bring a file to the disk. A file system that does not know how is used all the same, as restic does."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in {errno.ENOTSUP, errno.EINVAL, errno.ENOSYS}:
            raise


def _sync_folder(path: str) -> None:
    """Bring the names in a folder to the disk. Some file systems cannot, and then there is nothing to be done."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_DIRECTORY", 0))
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _has_config(location: str) -> StorageDenied:
    return StorageDenied(
        N_("{location} already has a config file, and it is never overwritten"),
        N_("open the repository that is there, or choose another folder"),
        location=location,
    )
