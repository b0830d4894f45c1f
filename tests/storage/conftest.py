"""What several tests of the storages share."""

from collections.abc import Iterator

import pytest

from gdp.storage.sftp import SftpStorage
from tests.sshd import Sshd, run_sshd
from tests.storage.one_file import storage_on
from tests.storage.sftp_server import SftpServer


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A real SSH server for all tests that do not change it."""
    with run_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture
def server() -> SftpServer:
    """A server in memory, well-behaved until it is told otherwise."""
    return SftpServer()


@pytest.fixture
def storage(server: SftpServer) -> Iterator[SftpStorage]:
    """A storage on it, with an empty repository's folders."""
    made = storage_on(server)
    made.create_folders()
    yield made
    made.close()
