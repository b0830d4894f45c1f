"""What is needed to reach an SFTP server, as plain values that a worker process can be given. Never opens anything."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gdp.model.target import SftpTarget


class SecretKind(StrEnum):
    """What is asked for."""

    PASSWORD = "password"
    """of the user on the server"""
    KEY_PASSPHRASE = "key_passphrase"
    """that opens a key file"""


@dataclass(frozen=True, slots=True)
class SecretRequest:
    """A secret is needed to log in."""

    kind: SecretKind
    about: str
    """``user@host``, or the key file's path."""


@dataclass(frozen=True, slots=True)
class NewHostKey:
    """A server was met for the first time, and its key is now pinned."""

    host: str
    """As in a known_hosts file: ``host`` or ``[host]:port``."""
    key_type: str
    fingerprint: str
    """As ``ssh-keygen -l`` shows it: ``SHA256:...``."""


AskSecret = Callable[[SecretRequest], str | None]
"""Returns the secret, or None when there is none. Called again for each connection: the caller remembers the answer."""
OnNewHostKey = Callable[[NewHostKey], None]


@dataclass(frozen=True, slots=True)
class SftpSettings:
    """How to reach a repository on an SSH server."""

    target: SftpTarget
    pinned_hosts: Path
    """Our own known_hosts file; host keys are pinned there at the first contact."""
    key_files: tuple[Path, ...] = ()
    """Private keys to log in with, tried before all others."""
    ssh_config: Path | None = None
    """The user's ``~/.ssh/config``; None: none is read."""
    known_hosts: tuple[Path, ...] = ()
    """Further known_hosts files that are believed, such as ``~/.ssh/known_hosts``. Never written."""
    default_keys: tuple[Path, ...] = ()
    """Keys tried last, where they exist, such as ``~/.ssh/id_ed25519``."""
    uses_agent: bool = True
    """Whether keys of a running SSH agent are tried."""
    expected_fingerprint: str | None = None
    """``SHA256:...`` that the host key must have, pinned or not (a recovery sheet, an enrolment); None: any."""
    expected_key_type: str | None = None
    """Which of its keys a server that is not known yet is asked for, such as ``ssh-ed25519``; None: what suits."""
    connections: int = 4
    """How many operations run at the same time, each over its own connection."""
    connect_seconds: float = 30.0
    """Within this, each step of connecting (TCP, key exchange, login) succeeds or fails."""
    answer_seconds: float = 90.0
    """After this long without a sign of life the line is given up. A stalled line must fail, not hang."""


def settings_of_user(target: SftpTarget, pinned_hosts: Path, home: Path) -> SftpSettings:
    """Return settings that use what the user's ``~/.ssh`` offers, like the ``ssh`` command."""
    folder = home / ".ssh"
    return SftpSettings(
        target=target,
        pinned_hosts=pinned_hosts,
        ssh_config=folder / "config",
        known_hosts=(folder / "known_hosts", Path("/etc/ssh/ssh_known_hosts")),
        default_keys=tuple(folder / name for name in ("id_ed25519", "id_ecdsa", "id_rsa")),
    )
