"""Secrets on their way to a command: a file with mode 0600 below the home folder, gone again at once."""

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path

from gdp.settings.secrets import write_new_secret

FOLDER = "passwords"


@contextlib.contextmanager
def secret_for_a_moment(home: Path, text: str) -> Iterator[Path]:
    """Give a file with a secret in it, while the block runs. Raises BadInput when it cannot be written."""
    path = private_folder(home) / f".{secrets.token_hex(8)}"
    write_new_secret(path, f"{text}\n")
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def keep_secret(home: Path, name: str, text: str) -> Path:
    """Write a secret into a new file that is called ``name``, with a number where there is one already, and return the file.

    Raises BadInput when it cannot be written.
    """
    folder, number = private_folder(home), 1
    path = folder / name
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}"
    write_new_secret(path, f"{text}\n")
    return path


def is_kept_here(home: Path, path: str) -> bool:
    """Say whether a password file is one that ``keep_secret`` made."""
    return Path(path).parent == home / FOLDER


def private_folder(home: Path) -> Path:
    """Return the folder of secrets, made where it is missing. Raises BadInput."""
    from gdp.core.errors import BadInput
    from gdp.core.language import N_

    folder = home / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise BadInput(N_("{path} cannot be written: {reason}"), path=folder, reason=error.strerror or str(error)) from error
    return folder
