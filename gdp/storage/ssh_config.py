"""Where a connection really goes: the target, completed from the user's ``~/.ssh/config``. Never connects."""

import getpass
import os
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.storage.sftp_settings import SftpSettings
from gdp.storage.ssh_library import load_command_runner, load_library

if TYPE_CHECKING:
    from paramiko.config import SSHConfigDict

SSH_PORT = 22
_MATCH_EXEC = re.compile(r"^\s*match\b.*\bexec\b", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Route:
    """The way to a server."""

    host: str
    port: int
    user: str
    known_as: str
    """The name in known_hosts files: ``host``, or ``[host]:port`` unless the port is 22."""
    key_files: tuple[Path, ...] = ()
    """``IdentityFile``, as far as they exist."""
    known_hosts: tuple[Path, ...] = ()
    """``UserKnownHostsFile``."""
    uses_only_these_keys: bool = False
    """``IdentitiesOnly``: no other key of the agent is offered."""
    command: str | None = None
    """``ProxyCommand``: a program whose standard input and output are the line."""


def find_route(settings: SftpSettings) -> Route:
    """Return the way to the server. Raises BadInput for a configuration file that cannot be understood."""
    target = settings.target
    options = _look_up(settings)
    host = options.get("hostname", target.host)
    port = target.port if target.port is not None else _number(settings, options.get("port"))
    user = target.user or options.get("user") or getpass.getuser()
    name = options.get("hostkeyalias", host)
    identities: Iterable[str] = options.get("identityfile", ())  # the one option that is a list
    return Route(
        host=host,
        port=port,
        user=user,
        known_as=name if port == SSH_PORT or "hostkeyalias" in options else f"[{name}]:{port}",
        key_files=tuple(path for path in map(_expand, identities) if os.path.isfile(path)),
        known_hosts=tuple(_expand(path) for path in shlex.split(options.get("userknownhostsfile", ""))),
        uses_only_these_keys=options.get("identitiesonly", "no").lower() == "yes",
        command=_find_command(options, host, port),
    )


def _look_up(settings: SftpSettings) -> "SSHConfigDict":
    load_library()
    from paramiko.config import SSHConfig, SSHConfigDict
    from paramiko.ssh_exception import ConfigParseError

    path = settings.ssh_config
    if path is None or not os.path.isfile(path):  # says no, rather than fail, where we may not look
        return SSHConfigDict()
    try:
        config = SSHConfig()
        config.parse(_lines_of_target(settings))
        text = path.read_text()
        if _MATCH_EXEC.search(text):
            load_command_runner()
        config.parse(text.splitlines(keepends=True))
        return config.lookup(settings.target.host)
    except (ConfigParseError, ValueError, KeyError, OSError, ImportError) as error:
        raise BadInput(
            N_("the SSH configuration {path} cannot be used: {reason}"),
            N_("Correct the file; `ssh -G {host}` shows how ssh itself reads it."),
            path=path, reason=error, host=settings.target.host,
        ) from error  # fmt: skip


def _lines_of_target(settings: SftpSettings) -> list[str]:
    """Return what the target says as configuration, so that ``%p`` and ``%r`` in a proxy command are right."""
    target = settings.target
    lines = [f"Port {target.port}\n"] if target.port is not None else []
    if target.user is not None and re.fullmatch(r"[\w.@+-]+", target.user):
        lines.append(f"User {target.user}\n")
    return lines


def _find_command(options: "SSHConfigDict", host: str, port: int) -> str | None:
    """Return the command that makes the line. A jump is what ``ssh -W`` does, so ssh does it."""
    command = options.get("proxycommand") or "none"  # paramiko turns the word into None
    if command.lower() != "none":
        return command
    jumps = options.get("proxyjump", "none")
    if jumps.lower() == "none":
        return None
    first, _, last = jumps.replace(" ", "").rpartition(",")
    through = ["-J", first] if first else []
    destination = last if last.startswith("ssh://") else f"ssh://{last}"  # the form that may contain a port
    return shlex.join(["ssh", "-o", "BatchMode=yes", *through, "-W", f"[{host}]:{port}", destination])


def _number(settings: SftpSettings, text: str | None) -> int:
    if text is None:
        return SSH_PORT
    if not text.isdigit():
        raise BadInput(
            N_("the SSH configuration {path} says port {port!r}, which is not a number"),
            path=settings.ssh_config, port=text,
        )  # fmt: skip
    return int(text)


def _expand(path: str) -> Path:
    return Path(path).expanduser()
