"""Both programs on one real OpenSSH server, which is how most repositories are reached."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from gdp.core.kdf import ScryptCost
from gdp.repo.opening import init_repository
from gdp.storage.local import LocalStorage
from tests.cli.command_line import Outcome, here
from tests.engine.archive.running import HOST, PASSWORD
from tests.interop.restic import Restic
from tests.manifest import differences, manifest
from tests.sshd import Sshd, run_sshd

pytestmark = [pytest.mark.peer, pytest.mark.slow]


@pytest.fixture
def server(tmp_path: Path, isolated_home: Path) -> Iterator[Sshd]:
    """A server that the user's ~/.ssh knows how to log in to."""
    with run_sshd(tmp_path / "sshd") as running:
        (isolated_home / ".ssh").mkdir(mode=0o700)
        (isolated_home / ".ssh" / "config").write_text(f"Host *\n  IdentityFile {running.client_key}\n")
        yield running


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Many small files and one of several blocks."""
    folder, chance = tmp_path / "source", random.Random(5)
    for number in range(3000):
        path = folder / f"{number % 40}" / f"{number}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(chance.randbytes(chance.randrange(3000)))
    (folder / "large").write_bytes(chance.randbytes(12_000_000))
    return folder


def test_in_turn_on_one_server(server: Sshd, source: Path, tmp_path: Path, restic: Restic, isolated_home: Path) -> None:
    """We back up, restic finds nothing new, checks, adds and prunes; we find that in order, and restore it."""
    folder = tmp_path / "repository"
    init_repository(LocalStorage(folder), PASSWORD, isolated_home / "gdp", cost=ScryptCost(2, 1, 1))
    (tmp_path / "password").write_bytes(PASSWORD)
    trusting = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
    ssh = f"ssh -p {server.port} -i {server.client_key} {trusting}"
    remote = Restic(
        restic.program, f"sftp:{server.user}@127.0.0.1:{folder}", "-o", f"sftp.command={ssh} {server.user}@127.0.0.1 -s sftp"
    )

    def gdp(*arguments: str | Path) -> Outcome:
        done = here(["--repo", server.url(folder), "--password-file", str(tmp_path / "password"), *map(str, arguments)])
        assert done.code == 0, done.err
        return done

    first = gdp("--json", "backup", "--host", HOST, source).summary
    again = remote.backup(source)
    (source / "new").write_bytes(b"new" * 1000)
    added = remote.backup(source)
    (source / "7" / "7").unlink()
    second = gdp("--json", "backup", "--host", HOST, source).summary
    remote("forget", "--keep-last", "1", "--prune", "--max-unused", "0", "--group-by", "host")
    remote.check()
    gdp("check", "--read-data")
    gdp("restore", f"latest:{source}", "--target", tmp_path / "ours", "--verify")
    remote("restore", "latest", "--target", tmp_path / "theirs")

    assert first["files_new"] == 3001
    assert (again["files_new"], again["files_changed"], again["files_unmodified"]) == (0, 0, 3001)
    assert (added["files_new"], added["files_changed"]) == (1, 0)
    assert (second["files_new"], second["files_changed"], second["files_unmodified"]) == (0, 0, 3001)
    assert not differences(manifest(source), manifest(tmp_path / "ours"))
    assert not differences(manifest(source), manifest(Path(f"{tmp_path}/theirs{source}")))
    assert list(folder.rglob("*-temp-*")) == []
