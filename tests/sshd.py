"""A real OpenSSH server for tests: as the current user, on a free port of 127.0.0.1, with keys of its own.

Where sshd is not installed the test is skipped and says so; with ``CI=true`` it fails, so that nothing is silently untested.
"""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gdp.model.target import SftpTarget, parse_target
from gdp.storage.sftp_settings import SftpSettings

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
START_SECONDS = 20.0


@dataclass(frozen=True)
class Sshd:
    """A running server."""

    port: int
    user: str
    client_key: Path
    """Opens it."""
    host_key: Path
    """The private one; the public one lies beside it."""
    folder: Path
    """Everything that belongs to it."""

    def url(self, path: Path) -> str:
        """Return the target that means a folder of this server."""
        return f"sftp://{self.user}@127.0.0.1:{self.port}{path}"


def require_sshd() -> str:
    """Return the path of sshd, or skip the test (fail it where CI=true)."""
    if SSHD is None:
        if os.environ.get("CI") == "true":
            pytest.fail("sshd is not installed (apt-get install openssh-server)")
        pytest.skip("sshd is not installed")
    return SSHD


def make_key(path: Path, *, kind: str = "ed25519", passphrase: str = "") -> Path:
    """Make a key pair."""
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", path], check=True)
    return path


@contextmanager
def run_sshd(folder: Path, *options: str) -> Iterator[Sshd]:
    """Run a server whose files lie in ``folder``; ``options`` are lines of its configuration, such as ``MaxSessions 2``."""
    sshd = require_sshd()
    folder.mkdir(parents=True, exist_ok=True)
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where it separates its privileges
    client_key, host_key = make_key(folder / "client_key"), make_key(folder / "host_key")
    (folder / "authorized_keys").write_text(client_key.with_suffix(".pub").read_text())
    port = free_port()
    config = folder / "sshd_config"
    config.write_text("\n".join([*options, *_lines(folder, port, host_key)]) + "\n")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sshd, "-D", "-e", "-f", config], stderr=log, stdin=subprocess.DEVNULL)
    try:
        _wait_for(port, process, folder / "log")
        yield Sshd(port, getpass.getuser(), client_key, host_key, folder)
    finally:
        process.terminate()
        process.wait()


def settings_for(server: Sshd, folder: Path, *, connections: int = 3) -> SftpSettings:
    """Return settings for a repository in ``folder/repository``, with host keys pinned in ``folder``."""
    target = parse_target(server.url(folder / "repository"))
    assert isinstance(target, SftpTarget)
    return SftpSettings(
        target=target,
        pinned_hosts=folder / "pinned_hosts",
        key_files=(server.client_key,),
        uses_agent=False,
        connections=connections,
    )


def free_port() -> int:
    """Return a TCP port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _lines(folder: Path, port: int, host_key: Path) -> list[str]:
    return [
        f"Port {port}",
        "ListenAddress 127.0.0.1",
        f"HostKey {host_key}",
        f"AuthorizedKeysFile {folder / 'authorized_keys'}",
        "AuthenticationMethods publickey",
        "PubkeyAuthentication yes",
        "PermitRootLogin yes",
        "StrictModes no",
        "UsePAM no",
        "UseDNS no",
        "PidFile none",
        "MaxStartups 100",
        "PerSourcePenalties no" if _knows_penalties() else "",
        "Subsystem sftp internal-sftp",
    ]


def _knows_penalties() -> bool:
    """Say whether this sshd punishes failed logins (since 9.8), which would lock the tests out."""
    answer = subprocess.run([require_sshd(), "-T", "-o", "PerSourcePenalties=no"], capture_output=True, check=False)
    return b"PerSourcePenalties" not in answer.stderr


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    pytest.fail(f"sshd did not start: {log.read_text()}")
