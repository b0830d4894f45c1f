"""What several tests of the storages share."""

from collections.abc import Iterator

import pytest

from tests.sshd import Sshd, run_sshd


@pytest.fixture(scope="session")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A real SSH server for all tests that do not change it."""
    with run_sshd(tmp_path_factory.mktemp("sshd")) as server:
        yield server
