"""Passwords in files that settings name: files that nobody else can read, or credentials of systemd. Never keeps or logs one."""

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from gdp.core.errors import BadInput
from gdp.core.language import N_

CREDENTIALS = "$CREDENTIALS_DIRECTORY/"  # systemd names the folder when it starts the service
LARGEST_BYTES = 64 << 10
_VARIABLE = CREDENTIALS.strip("$/")


def secret_path(name: str, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the file that a setting means. Raises BadInput when systemd gave us no credentials."""
    if not name.startswith(CREDENTIALS):
        return Path(name)
    folder = environment.get(_VARIABLE)
    if not folder:
        raise BadInput(
            N_("the credential {name!r} is known to the service only"),
            N_("systemd hands it over by LoadCredential=. By hand, name a file with --password-file."),
            name=name.removeprefix(CREDENTIALS),
        )
    return Path(folder) / name.removeprefix(CREDENTIALS)


def check_secret(name: str) -> None:
    """Refuse a file that others can read. Raises BadInput. One that is missing, or a credential, is somebody else's affair."""
    if not name.startswith(CREDENTIALS):
        try:
            _refuse_if_others_see(Path(name), os.stat(name))
        except OSError:
            return


def read_secret(name: str, environment: Mapping[str, str] = os.environ) -> bytes:
    """Return the contents of a password file. Raises BadInput when it cannot be read, or others could."""
    path = secret_path(name, environment)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe must not keep us waiting
    except OSError as error:
        raise BadInput(
            N_("the password file {path} cannot be read: {reason}"), path=path, reason=error.strerror or str(error)
        ) from error
    with os.fdopen(descriptor, "rb") as stream:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise BadInput(N_("the password file {path} is no file"), path=path)
        if not name.startswith(CREDENTIALS):  # systemd guards its folder, and may let the service's group in
            _refuse_if_others_see(path, facts)
        return stream.read(LARGEST_BYTES)


def _refuse_if_others_see(path: Path, facts: os.stat_result) -> None:
    if facts.st_mode & 0o077:
        raise BadInput(
            N_("the password file {path} is not for its owner alone: its mode is {mode}"),
            N_("Run: chmod 600 {path}"),
            path=path,
            mode=f"{stat.S_IMODE(facts.st_mode):04o}",
        )
