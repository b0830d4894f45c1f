"""A file, and a storage on a server in memory: what the tests of SftpStorage begin with."""

import hashlib
from pathlib import Path

from gdp.model.files import FileKind, StoredFile
from gdp.model.target import SftpTarget
from gdp.storage.sftp import SftpStorage
from gdp.storage.sftp_settings import SftpSettings
from tests.storage.sftp_server import SftpServer

ROOT = "/srv/repository"
DATA = hashlib.shake_128(b"pack").digest(1_000_003)
FILE = StoredFile(FileKind.DATA, hashlib.sha256(DATA).hexdigest())


def storage_on(server: SftpServer) -> SftpStorage:
    """Return a storage with a single session, so that one that was not given back would be noticed by waiting for ever."""
    settings = SftpSettings(SftpTarget("test", ROOT), Path("/nowhere"), connections=1)
    return SftpStorage(settings, open_session=server.open_session)


def names_on(server: SftpServer) -> list[str]:
    """Return the paths of the files there."""
    return sorted(path.removeprefix(f"{ROOT}/") for path in server.files)
