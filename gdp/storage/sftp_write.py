"""Put one file on an SFTP server: under a temporary name first, then, whole and checked, under its own.

Three round trips for a file whose folder exists: look and open; content, sync, size and close; rename and look again.
"""

from collections.abc import Collection
from contextlib import suppress

from gdp.core.errors import StorageDenied, StorageError
from gdp.core.language import N_
from gdp.model.files import CONFIG_FILE, FileKind, StoredFile
from gdp.storage import sftp_wire as wire
from gdp.storage.contract import Buffer
from gdp.storage.names import make_temporary_name
from gdp.storage.parts import count_bytes
from gdp.storage.sftp_errors import translate_refusal
from gdp.storage.sftp_folders import is_folder, make_folders
from gdp.storage.sftp_pipeline import download
from gdp.storage.sftp_session import SftpSession
from gdp.storage.sftp_upload import UNFINISHED_MODE, check_size, upload


def write_file(session: SftpSession, root: str, file: StoredFile, parts: Collection[Buffer]) -> None:
    """Store the parts as a file, whole and durable.

    Args:
        session: the conversation.
        root: the repository's root on the server, without a slash at its end.
        file: what it is.
        parts: its content.

    Raises:
        StorageError: it is not stored; the temporary file is removed, unless the line is dead.
    """
    _Writing(session, root, file, parts).run()


class _Writing:
    """One file on its way."""

    def __init__(self, session: SftpSession, root: str, file: StoredFile, parts: Collection[Buffer]) -> None:
        self._session = session
        self._root = root
        self._file = file
        self._parts = parts
        self._expected = count_bytes(parts)
        self._is_config = file == CONFIG_FILE
        self._final = f"{root}/{file.path}"
        self._folder = self._final.rpartition("/")[0]
        self._temporary = f"{self._folder}/{make_temporary_name(file.name)}"

    def run(self) -> None:
        looking = self._send_look()
        opening = self._send_open()
        found = _size_or_none(self._session.answer_to(looking))
        if found is not None and (self._is_config or found == self._expected):
            self._abandon(opening)
            self._compare_config()
            return
        try:
            upload(self._session, self._temporary, self._get_handle(opening), self._parts, self._expected)
            self._publish()
        except wire.Refused as refusal:
            error = translate_refusal(
                self._session, refusal, self._file.path, root=self._root or "/", needed_bytes=self._expected or 1
            )
            self._remove_temporary()  # only now: it makes room, and statvfs was to show that there was none
            raise error from refusal
        except StorageError:
            self._remove_temporary()
            raise

    def _send_look(self) -> int:
        return self._session.send(wire.STAT, wire.pack_string(self._final))

    def _send_open(self) -> int:
        flags = wire.pack_number(wire.OPEN_NEW)
        return self._session.send(wire.OPEN, wire.pack_string(self._temporary), flags, wire.pack_mode(UNFINISHED_MODE))

    def _send_rename(self, *, replaces: bool) -> int:
        """Send a rename. The plain one of the draft fails when the new name is taken: right for the config."""
        names = wire.pack_string(self._temporary) + wire.pack_string(self._final)
        if replaces:
            return self._session.extended(wire.POSIX_RENAME, names)
        return self._session.send(wire.RENAME, names)

    def _get_handle(self, opening: int) -> bytes:
        """Return the temporary file's handle. A missing folder is made for it, but never the repository's root."""
        try:
            return wire.get_handle(self._session.answer_to(opening))
        except wire.Refused as refusal:
            if refusal.code != wire.NO_SUCH_FILE:
                raise
        if not is_folder(self._session, self._root or "/"):
            raise StorageError(
                N_("the folder of {location} does not exist"),
                N_("check on the server that the disk is mounted"),
                location=self._session.location,
            )
        if self._file.kind is FileKind.DATA:
            make_folders(self._session, [f"{self._root}/data"])
        make_folders(self._session, [self._folder])
        return wire.get_handle(self._session.answer_to(self._send_open()))

    def _publish(self) -> None:
        """Give the file its own name, and look whether the server holds under it what was written."""
        renaming = self._send_rename(replaces=not self._is_config and wire.POSIX_RENAME in self._session.extensions)
        looking = self._send_look()
        try:
            wire.check_status(self._session.answer_to(renaming))
        except wire.Refused:
            if not self._settle_collision(_size_or_none(self._session.answer_to(looking))):
                raise
            looking = self._send_look()
        size = wire.get_attributes(self._session.answer_to(looking)).size
        check_size(self._session, self._final, size, self._expected)

    def _settle_collision(self, found: int | None) -> bool:
        """Return whether the file lies under its name after all: somebody wrote it too, or a torn one was in the way."""
        if found is None:
            return False
        if self._is_config or found == self._expected:
            self._compare_config()
            self._remove_temporary()
            return True
        if wire.POSIX_RENAME in self._session.extensions:
            return False  # it would have replaced the torn file, so it was not allowed to
        wire.check_status(self._session.answer_to(self._session.send(wire.REMOVE, wire.pack_string(self._final))))
        wire.check_status(self._session.answer_to(self._send_rename(replaces=False)))
        return True

    def _compare_config(self) -> None:
        """Return if the config that is there is the very one to be written. Raises StorageDenied otherwise."""
        if self._is_config and download(self._session, self._final, 0, None) != b"".join(self._parts):
            raise StorageDenied(
                N_("{location} already has a config file, and it is never overwritten"),
                N_("open the repository that is there, or choose another folder"),
                location=self._session.location,
            )

    def _abandon(self, opening: int) -> None:
        try:
            handle = wire.get_handle(self._session.answer_to(opening))
        except wire.Refused:
            return
        self._session.forget(self._session.send(wire.CLOSE, wire.pack_string(handle)))
        self._remove_temporary()

    def _remove_temporary(self) -> None:
        if self._session.is_broken:
            return
        with suppress(StorageError, wire.Refused):
            removing = self._session.send(wire.REMOVE, wire.pack_string(self._temporary))
            wire.check_status(self._session.answer_to(removing))


def _size_or_none(answer: wire.Answer) -> int | None:
    try:
        return wire.get_attributes(answer).size
    except wire.Refused:
        return None  # whatever else is wrong, the next request says it better
