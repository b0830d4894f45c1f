"""Passwords in files that settings name: files that nobody else can read, or credentials of systemd. Never keeps or logs one."""

import contextlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from gdp.core.errors import BadInput
from gdp.core.language import N_

CREDENTIALS = "$CREDENTIALS_DIRECTORY/"  # systemd names the folder when it starts the service
LARGEST_BYTES = 64 << 10
_VARIABLE = CREDENTIALS.strip("$/")
_MISSING = N_("Look whether the path is right. For a new repository 'gdp key generate {path}' makes one.")


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


def read_secret(name: str, environment: Mapping[str, str] = os.environ, *, hint_where_missing: str = _MISSING) -> bytes:
    """Return the contents of a password file. Raises BadInput when it cannot be read, or others could."""
    path = secret_path(name, environment)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe must not keep us waiting
    except OSError as error:
        is_missing = isinstance(error, FileNotFoundError)
        hint = hint_where_missing if is_missing else ""
        raise BadInput(
            N_("the password file {path} cannot be read: {reason}"), hint, path=path, reason=error.strerror or str(error)
        ) from error
    with os.fdopen(descriptor, "rb") as stream:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise BadInput(N_("the password file {path} is no file"), path=path)
        if not name.startswith(CREDENTIALS):  # systemd guards its folder, and may let the service's group in
            _refuse_if_others_see(path, facts)
        return stream.read(LARGEST_BYTES)


def write_new_secret(path: Path, contents: str | bytes) -> None:
    """Write a file that only its owner can read, and that was not there before. Raises BadInput; then nothing is left of it."""
    raw = contents.encode() if isinstance(contents, str) else contents
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise BadInput(N_("{path} is there already; it is not overwritten"), N_("Name another file."), path=path) from error
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(descriptor, 0o600)
            stream.write(raw)
            stream.flush()
            os.fsync(descriptor)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(path)
        if isinstance(error, OSError):
            raise _unwritable(path, error) from error
        raise


def _unwritable(path: Path, error: OSError) -> BadInput:
    return BadInput(N_("{path} cannot be written: {reason}"), path=path, reason=error.strerror or str(error))


def _refuse_if_others_see(path: Path, facts: os.stat_result) -> None:
    if facts.st_mode & 0o077:
        raise BadInput(
            N_("the password file {path} is not for its owner alone: its mode is {mode}"),
            N_("Run: chmod 600 {path}"),
            path=path,
            mode=f"{stat.S_IMODE(facts.st_mode):04o}",
        )
