"""Files that belong to rows: scans, documents, logos. Outside the web's root, named by the hash of their bytes, never changed."""

import os
from hashlib import sha256
from pathlib import Path

from server.domain.errors import ServerError, SetupError
from server.domain.sentence import N_


class FileMissing(ServerError):
    """A row names a file that is not there: the folder was not restored with the database."""

    http_status = 500


class FileStore:
    """Bytes by their hash, in a folder that only the server reads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Keep bytes and return their name, once they lie on the disk for good. Raises SetupError where they cannot."""
        name = sha256(content).hexdigest()
        path = self._path(name)
        if path.exists():
            return name
        temporary = path.with_name(f"{name}.{os.getpid()}.{os.urandom(4).hex()}.part")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
            _sync_folder(path.parent)
        except OSError as error:
            raise SetupError(N_("{path} cannot be written: {reason}"), path=path, reason=error.strerror or error) from error
        return name

    def get(self, name: str) -> bytes:
        """Return the bytes of a name. Raises FileMissing."""
        try:
            return self._path(name).read_bytes()
        except OSError as error:
            raise FileMissing(
                N_("The file {name} of the server cannot be read: {reason}"),
                N_("Restore the folder of files from a backup of the same moment as the database."),
                name=name,
                reason=error.strerror or error,
            ) from error

    def _path(self, name: str) -> Path:
        if len(name) != sha256().digest_size * 2 or not set(name) <= set("0123456789abcdef"):
            raise ValueError("a file is named by the hash of its bytes")
        return self._folder / name[:2] / name


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
