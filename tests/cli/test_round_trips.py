"""What a short run over a long line costs: round trips, nearly all of them in a row. They must not become more unnoticed.

Counted at a server in memory, in the process that runs the command; a worker gets a copy of the server, and counts for itself.
"""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gdp.bootstrap.server import ServerStorages
from gdp.storage.contract import Storage
from gdp.storage.retry import Retrying
from tests.cli.command_line import Gdp, here
from tests.storage.one_file import ROOT, storage_on
from tests.storage.sftp_server import SftpServer

GREETING = 1
KEY = 4  # list keys; read one
AHEAD = 2 + 2 + 2 + 2  # read the configuration; list locks, snapshots and index files: while the key is derived
TAKE_LOCK = 3 + 2  # write; list locks again
GIVE_BACK = 1
LOOK_AGAIN = 2  # list index files
STORE = 3  # an index file or a snapshot

Run = Callable[..., int]
"""Runs a command and returns how many round trips it took."""


@pytest.fixture
def disk(ready: Gdp, source: Path, isolated_home: Path, monkeypatch: pytest.MonkeyPatch) -> SftpServer:
    """A server with a repository that holds the source; this computer has seen nothing of it."""
    assert ready("backup", source).code == 0
    server = SftpServer()
    storage_on(server).create_folders()
    for path in filter(Path.is_file, ready.repository.rglob("*")):
        name = f"{ROOT}/{path.relative_to(ready.repository)}"
        server.files[name], server.modes[name] = bytearray(path.read_bytes()), 0o400
    shutil.rmtree(isolated_home / "gdp")

    def make(_self: ServerStorages, _secrets: Mapping[str, str], slowed: Callable[[Storage], Storage]) -> Storage:
        return Retrying(slowed(storage_on(server)))

    monkeypatch.setattr(ServerStorages, "make", make)
    return server


@pytest.fixture
def count(ready: Gdp, disk: SftpServer) -> Run:
    def run(*arguments: str | Path) -> int:
        disk.flights = 0
        words = ["--repo", f"sftp://test{ROOT}", "--password-file", str(ready.password_file), *map(str, arguments)]
        ended = here(words)
        assert ended.code == 0, ended.err
        return disk.flights

    return run


def test_a_backup_costs_few_round_trips(count: Run, disk: SftpServer, source: Path) -> None:
    """Unchanged, it stores a snapshot; with a change, a list of what its workers stored as well."""
    count("backup", source)  # fetches the snapshot, the index file and the directories
    opening = GREETING + KEY + AHEAD + TAKE_LOCK + LOOK_AGAIN
    for is_changed in (False, True):
        if is_changed:
            (source / "a.txt").write_text("changed\n")
        before = len(disk.files)

        # Also where the file is unchanged there may be an index file: another test has made a folder beside the source.
        assert count("backup", source) <= opening + STORE * (len(disk.files) - before) + GIVE_BACK


def test_a_restore_costs_few_round_trips(count: Run, tmp_path: Path) -> None:
    """All but its first directory and its files comes while something else is waited for."""
    fetched = 2 * 3  # the snapshot, the index file, and the pack of directories: to open, then to read
    opening = GREETING + KEY + AHEAD + TAKE_LOCK + LOOK_AGAIN
    assert count("restore", "latest", "--target", tmp_path / "first") <= opening + fetched + GIVE_BACK
    assert count("restore", "latest", "--target", tmp_path / "second") <= opening + GIVE_BACK
