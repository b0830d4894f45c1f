"""A user with a repository. The key of a test is derived cheaply; that of a user never is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gdp.core.kdf import ScryptCost
from gdp.repo.opening import init_repository
from gdp.storage.local import LocalStorage
from tests.cli.command_line import PASSWORD, Gdp
from tests.sshd import Sshd, run_sshd

CHEAP = ScryptCost(1 << 14, 8, 1)


@pytest.fixture
def gdp(tmp_path: Path) -> Gdp:
    """A user without a repository."""
    return Gdp(tmp_path)


@pytest.fixture
def ready(gdp: Gdp, isolated_home: Path) -> Gdp:
    """A user with an empty repository."""
    init_repository(LocalStorage(gdp.repository), PASSWORD.strip().encode(), isolated_home / "gdp", cost=CHEAP)
    return gdp


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A small folder to back up."""
    folder = tmp_path / "source"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("alpha\n")
    (folder / "sub" / "b.txt").write_text("beta\n")
    (folder / "sub" / "c.tmp").write_text("gamma\n")
    return folder


@pytest.fixture
def server(tmp_path: Path, isolated_home: Path) -> Iterator[Sshd]:
    """A server that the user's ~/.ssh knows how to log in to."""
    with run_sshd(tmp_path / "sshd") as running:
        ssh = isolated_home / ".ssh"
        ssh.mkdir(mode=0o700)
        (ssh / "config").write_text(f"Host *\n  IdentityFile {running.client_key}\n")
        yield running
