"""The line to the server is cut, or falls silent, in the middle of a backup."""

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gdp.model.files import FileKind
from tests.crash.world import World, backup_words, process_words
from tests.sshd import run_sshd
from tests.storage.relay import Relay, run_relay

pytestmark = pytest.mark.peer

_IMPATIENT = """
import sys
from dataclasses import replace
from gdp.bootstrap import server
from gdp.cli.program import run
from gdp.storage.retry import Retrying, RetryRules

settings_of_user = server.settings_of_user
server.settings_of_user = lambda *given: replace(settings_of_user(*given), answer_seconds=1.0, connect_seconds=1.0)
server.Retrying = lambda inner, **given: Retrying(inner, RetryRules(3.0, 0.2, 1.0), **given)
sys.exit(run(sys.argv[1:]))
"""
"""gdp with seconds instead of minutes"""


@dataclass
class Remote:
    """A repository behind a line that a test can cut."""

    world: World
    relay: Relay
    user: str

    def words(self, *options: str) -> list[str]:
        """Return a backup's command line."""
        url = f"sftp://{self.user}@127.0.0.1:{self.relay.port}{self.world.repository}"
        return process_words(self.world, *backup_words(self.world, *options), repository=url)


@pytest.fixture
def remote(before_backup: World, tmp_path: Path, isolated_home: Path) -> Iterator[Remote]:
    with run_sshd(tmp_path / "sshd") as server, run_relay(server.port) as relay:
        (isolated_home / ".ssh").mkdir(mode=0o700)
        (isolated_home / ".ssh" / "config").write_text(f"Host *\n  IdentityFile {server.client_key}\n")
        yield Remote(before_backup.clone(tmp_path / "world"), relay, server.user)


@pytest.mark.parametrize("megabytes", [0.5, 1.5, 2.5])
def test_a_line_that_is_cut_costs_a_retry_and_nothing_else(remote: Remote, megabytes: float) -> None:
    """Providers cut once a day, usually at night."""
    remote.relay.cut_after(int(megabytes * 1e6))
    said = subprocess.run(
        [sys.executable, "-m", "gdp", *remote.words()], capture_output=True, text=True, timeout=100, check=False
    )

    assert said.returncode == 0, said.stderr
    assert "attempt 1 failed, the next one is in" in said.stderr
    remote.world.require_sound()
    assert len(remote.world.snapshots()) == 3


def test_a_server_that_falls_silent_is_given_up_with_a_clear_sentence(remote: Remote) -> None:
    """After bounded attempts: a backup that hangs for ever is one that nobody is told of. The next run goes on."""
    world = remote.world
    old = set(world.names(FileKind.DATA))
    words = [sys.executable, "-c", _IMPATIENT, *remote.words("--limit-upload", "1M")]
    began = time.monotonic()
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        while set(world.names(FileKind.DATA)) == old and running.poll() is None and time.monotonic() < began + 60:
            time.sleep(0.01)
        remote.relay.is_open.clear()
        silent_since = time.monotonic()
        _, said = running.communicate(timeout=90)
    silent_seconds = time.monotonic() - silent_since
    remote.relay.is_open.set()
    remote.relay.cut()

    assert running.returncode == 1, said
    assert "stayed out of reach" in said
    assert "attempts" in said
    assert "is left in the repository" in said
    assert "Traceback" not in said
    assert silent_seconds < 30
    again = subprocess.run([sys.executable, "-c", _IMPATIENT, *remote.words()], capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert "of an interrupted run" in again.stderr
    assert world.locks() == []
    world.require_sound()
