"""A repository on an SFTP server. Importing this file does not load paramiko; ``load_client`` or the first connection does.

Nothing is opened before the first operation, so an instance may be made before a fork and used after it, in each process
on its own. A connection that broke is made anew by the next operation; repeating what failed is ``Retrying``'s business.
"""

import importlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress

from gdp.core.errors import DamagedData, FileMissing
from gdp.core.language import N_
from gdp.model.files import FOLDERS, FileKind, FileRange, StoredFile
from gdp.storage import sftp_wire as wire
from gdp.storage.contract import Buffer
from gdp.storage.found import Found, judge
from gdp.storage.leftovers import Leftover
from gdp.storage.names import folders_of, is_stored_name, is_temporary_name
from gdp.storage.sftp_errors import translate_refusal
from gdp.storage.sftp_folders import is_folder, list_folders, make_folder_and_parents, make_folders
from gdp.storage.sftp_open_files import close_kept
from gdp.storage.sftp_pipeline import download, download_all, download_ranges
from gdp.storage.sftp_pool import SessionPool
from gdp.storage.sftp_session import SftpSession
from gdp.storage.sftp_settings import AskSecret, OnNewHostKey, SftpSettings
from gdp.storage.sftp_upload import UNFINISHED_MODE
from gdp.storage.sftp_write import write_file
from gdp.storage.ssh_library import load_library

_TYPE_BITS, _REGULAR, _LINK = 0o170000, 0o100000, 0o120000


def load_client() -> None:
    """Load what a connection needs, which takes a while. To be called before a fork: it starts no thread and opens nothing."""
    load_library()
    importlib.import_module("gdp.storage.ssh_connect")


class SftpStorage:
    """A Storage on an SFTP server.

    Args:
        settings: how to reach it.
        ask: returns a password or passphrase when one is needed; None: there is nobody to ask.
        on_new_host: is told when a host key was pinned.
        open_session: connects; tests put their own here.
    """

    def __init__(
        self,
        settings: SftpSettings,
        *,
        ask: AskSecret | None = None,
        on_new_host: OnNewHostKey | None = None,
        open_session: Callable[[], SftpSession] | None = None,
    ) -> None:
        self._settings = settings
        self._ask = ask
        self._on_new_host = on_new_host
        self._root = settings.target.path.rstrip("/")
        self._changes = 0
        """made through this storage; only compared, so that a count lost between two threads does not matter"""
        self._pool = SessionPool(open_session or self._connect, settings.connections)

    @property
    def location(self) -> str:
        return str(self._settings.target)

    def prepare(self) -> None:
        self._pool.prepare()

    def create_folders(self) -> None:
        with self._session("") as session:
            make_folder_and_parents(session, self._root or "/")
            make_folders(session, [self._at("data")])
            make_folders(session, [self._at(folder) for folder in FOLDERS if folder != "data"])

    def list(self, kind: FileKind) -> Iterator[tuple[str, int]]:
        folders = folders_of(kind)
        with self._session(str(kind)) as session:
            found = list_folders(session, [self._at(folder) for folder in folders])
        for folder in folders:
            for name, attributes in found[self._at(folder)]:
                if is_stored_name(kind, folder.rpartition("/")[2], name) and _may_be_file(attributes):
                    if attributes.size is not None and not _is_link(attributes):
                        yield name, attributes.size
                        continue
                    with suppress(FileMissing):
                        yield name, self.size(StoredFile(kind, name))

    def size(self, file: StoredFile) -> int:
        with self._session(file.path) as session:
            size = self._stat(session, file.path).size
        if size is None:
            raise DamagedData(N_("{location} does not tell the size of {path}"), location=self.location, path=file.path)
        return size

    def read(self, file: StoredFile, offset: int = 0, length: int | None = None) -> bytes:
        with self._session(file.path) as session:
            return download(session, self._at(file.path), offset, length)

    def read_small(self, files: Sequence[StoredFile]) -> Sequence[bytes | None]:
        if not files:
            return []
        with self._session(files[0].path) as session:
            return download_all(session, [self._at(file.path) for file in files])

    def read_ranges(self, ranges: Sequence[FileRange]) -> Sequence[bytes | None]:
        if not ranges:
            return []
        with self._session(ranges[0].file.path) as session:
            if session.kept_since != self._changes:  # what is kept open may have been removed or replaced
                close_kept(session)
                session.kept_since = self._changes
            return download_ranges(session, [(self._at(part.file.path), part.offset, part.length) for part in ranges])

    def write(self, file: StoredFile, parts: Collection[Buffer]) -> None:
        with self._session(file.path) as session:
            try:
                write_file(session, self._root, file, parts)
            finally:
                self._changes += 1

    def staging_path(self) -> str | None:
        return None

    def remove(self, file: StoredFile) -> None:
        self._remove(file.path)

    def hurry(self) -> None:
        """Nothing is tried twice in here."""

    def close(self) -> None:
        self._pool.close()

    def look(self) -> Found:
        """Return what lies in the folder."""
        with self._session("") as session:
            root = self._root or "/"
            if not is_folder(session, root):
                return Found.MISSING
            names = {name for name, _attributes in list_folders(session, [root])[root]} - {".", ".."}
        return judge(names)

    def make_root(self) -> None:
        """Make the folder, and what is missing above it."""
        with self._session("") as session:
            make_folder_and_parents(session, self._root or "/")

    def leftovers(self, just_written: StoredFile) -> Iterator[Leftover]:
        """Yield our unfinished files, aged by comparison with a file that was written a moment ago."""
        folders = ("", *FOLDERS)
        with self._session(just_written.path) as session:
            now = self._stat(session, just_written.path).modified
            found = list_folders(session, [self._at(folder) for folder in folders])
        for folder in folders:
            for name, attributes in found[self._at(folder)]:
                if is_temporary_name(name) and now is not None and attributes.modified is not None:
                    yield Leftover(f"{folder}/{name}".lstrip("/"), float(now - attributes.modified))

    def remove_leftover(self, path: str) -> None:
        """Remove one of our unfinished files. Raises FileMissing."""
        if not is_temporary_name(path.rpartition("/")[2]):
            raise ValueError(f"{path} is not an unfinished file")
        self._remove(path)

    def _connect(self) -> SftpSession:
        load_client()
        from gdp.storage.ssh_connect import open_session

        return open_session(self._settings, self._ask, self._on_new_host)

    @contextmanager
    def _session(self, path: str) -> Iterator[SftpSession]:
        """Lend a session; what the server refuses in it is translated."""
        with self._pool.borrow() as session:
            try:
                yield session
            except wire.Refused as refusal:
                raise translate_refusal(session, refusal, path or self._root, root=self._root or "/") from refusal

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}" if path else self._root or "/"

    def _stat(self, session: SftpSession, path: str) -> wire.Attributes:
        return wire.get_attributes(session.answer_to(session.send(wire.STAT, wire.pack_string(self._at(path)))))

    def _remove(self, path: str) -> None:
        name = wire.pack_string(self._at(path))
        with self._session(path) as session:
            try:
                wire.check_status(session.answer_to(session.send(wire.REMOVE, name)))
            except wire.Refused as refusal:
                if refusal.code not in {wire.PERMISSION_DENIED, wire.FAILURE}:
                    raise
                # A Windows server does not remove what is read-only.
                session.forget(session.send(wire.SETSTAT, name, wire.pack_mode(UNFINISHED_MODE)))
                wire.check_status(session.answer_to(session.send(wire.REMOVE, name)))
            finally:
                self._changes += 1


def _may_be_file(attributes: wire.Attributes) -> bool:
    return attributes.mode is None or attributes.mode & _TYPE_BITS in {0, _REGULAR, _LINK}


def _is_link(attributes: wire.Attributes) -> bool:
    return attributes.mode is not None and attributes.mode & _TYPE_BITS == _LINK
