"""Where the repositories of a benchmark lie: a folder, or the same folder behind a real OpenSSH server and a line.

==========  ================================================================
name        what lies between
==========  ================================================================
local       nothing
sshd        sshd on loopback
rtt         sshd behind a line with 30 ms round trip
slow        sshd behind a line of 100 Mbit/s with 30 ms round trip
==========  ================================================================
"""

import contextlib
import getpass
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

NAMES = ("local", "sshd", "rtt", "slow")
ROUND_TRIP_MS = 30
RATE_MBIT = 100
PROJECT = Path(__file__).resolve().parent.parent  # where `python -m bench.link` is found
START_SECONDS = 10.0  # sshd answers within a fraction of this, or something is wrong


@dataclass(frozen=True, slots=True)
class Target:
    """A place for repositories, with what the tools need to get there."""

    name: str
    home: Path
    """a home folder with ``.ssh/`` for the tools"""
    port: int | None = None
    """None: local"""
    line: "Line | None" = None

    def url(self, folder: Path, scheme: str = "sftp://") -> str:
        """Return how a tool addresses ``folder``."""
        if self.port is None:
            return str(folder)
        return f"{scheme}{getpass.getuser()}@127.0.0.1:{self.port}/{folder}"

    @property
    def ssh_config(self) -> Path:
        """The file for ``ssh -F``."""
        return self.home / ".ssh" / "config"


class Line:
    """A relay as a process of its own, so that it takes no time from the measuring one."""

    def __init__(self, command: Sequence[str], *, port: int | None = None) -> None:
        self._process = subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._counts = port is None
        self.port = port or int(self._answer())
        _wait_for(self.port)

    def carried_bytes(self) -> int | None:
        """Return the bytes of both directions since the last call; None when the relay does not count."""
        if not self._counts or self._process.stdin is None:
            return None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return sum(map(int, self._answer().split()))

    def close(self) -> None:
        """End the relay."""
        self._process.kill()
        self._process.communicate()

    def _answer(self) -> str:
        return self._process.stdout.readline() if self._process.stdout else ""


@contextlib.contextmanager
def opened(name: str, work: Path, link_tool: str | None = None) -> Iterator[Target]:
    """Start what a target needs, and end it afterwards.

    Args:
        name: one of NAMES.
        work: where keys and logs of the server go.
        link_tool: another relay, called as ``TOOL LISTEN_PORT TARGET_PORT --delay-ms N --rate-mbit N``.
    """
    home = work / "home"
    (home / ".ssh").mkdir(parents=True, exist_ok=True, mode=0o700)
    if name == "local":
        yield Target(name, home)
        return
    with _sshd(work / "sshd", home) as port:
        if name == "sshd":
            yield _with_keys(Target(name, home, port), work)
            return
        line = _line(port, RATE_MBIT if name == "slow" else 0, link_tool)
        try:
            yield _with_keys(Target(name, home, line.port, line), work)
        finally:
            line.close()


@contextlib.contextmanager
def _sshd(folder: Path, home: Path) -> Iterator[int]:
    sshd = shutil.which("sshd", path="/usr/sbin:/sbin:/usr/local/sbin:/usr/bin")
    if sshd is None:
        sys.exit("sshd is missing: sudo apt-get install openssh-server")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for key in (folder / "host_key", home / ".ssh" / "id_ed25519"):
        if not key.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    shutil.copy(home / ".ssh" / "id_ed25519.pub", folder / "authorized_keys")
    port = _free_port()
    config = folder / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host_key\nAuthorizedKeysFile {folder}/authorized_keys\n"
        "PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nPermitRootLogin yes\n"
        "Subsystem sftp internal-sftp\nMaxStartups 100\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True) if getpass.getuser() == "root" else None
    with (folder / "log").open("ab") as log:
        server = subprocess.Popen([sshd, "-D", "-e", "-f", str(config)], stdin=subprocess.DEVNULL, stderr=log)
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait()


def _with_keys(target: Target, work: Path) -> Target:
    """Tell the tools' ssh which key to use and which host key to expect."""
    kind, key = (work / "sshd" / "host_key.pub").read_text().split()[:2]
    known = target.home / ".ssh" / "known_hosts"
    known.write_text(f"[127.0.0.1]:{target.port} {kind} {key}\n")
    identity = target.home / ".ssh" / "id_ed25519"
    target.ssh_config.write_text(
        f"Host *\n  IdentityFile {identity}\n  IdentitiesOnly yes\n  UserKnownHostsFile {known}\n  BatchMode yes\n"
    )
    target.ssh_config.chmod(0o600)
    return target


def _line(port: int, rate_mbit: float, link_tool: str | None) -> Line:
    options = ["--delay-ms", str(ROUND_TRIP_MS / 2), "--rate-mbit", str(rate_mbit)]
    if link_tool is None:
        return Line([sys.executable, "-m", "bench.link", str(port), *options])
    listen = _free_port()
    return Line([sys.executable, str(Path(link_tool).resolve()), str(listen), str(port), *options], port=listen)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                sys.exit(f"nothing answers on port {port}")
            time.sleep(0.05)
        else:
            return
