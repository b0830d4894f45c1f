"""Where a repository's password comes from: a file, a program, or the terminal. Never from the command line itself.

A password file is read as restic reads it, so that both programs open a repository with the same file: a byte order mark and
white space around the password do not count.
"""

import codecs
import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from gdp.bootstrap.storages import Ask
from gdp.core.errors import BadInput, GdpError
from gdp.core.language import N_
from gdp.settings.secrets import read_secret

_NONE_GIVEN = N_("no password was given, and there is no terminal to ask for one")
_HOW = N_("Give --password-file or set GDP_PASSWORD_FILE.")


class PasswordSource(msgspec.Struct, frozen=True):
    """Where to look. With neither a file nor a program the user is asked."""

    file: str | None = None
    command: str | None = None
    is_private: bool = False
    """the file is named by settings: one that others can read is refused, and it may be a credential of systemd"""

    @property
    def is_given(self) -> bool:
        """Say whether there is more than the terminal."""
        return bool(self.file or self.command)


def find_password(source: PasswordSource, ask: Ask, question: str) -> bytes:
    """Return the password of a repository that exists. Raises BadInput."""
    text = _from_source(source) if source.is_given else ask(question, {})
    return _checked(text)


def choose_password(source: PasswordSource, ask: Ask, question: str, on_typed: Callable[[str], None] = lambda _: None) -> bytes:
    """Return a new password; asked for twice at a terminal, with ``on_typed`` called between. Raises BadInput."""
    if source.is_given:
        return _checked(_from_source(source))
    first = ask(question, {})
    password = _checked(first)
    on_typed(first or "")
    if ask(N_("Repeat the password: "), {}) != first:
        raise BadInput(N_("the two passwords differ"))
    return password


def _from_source(source: PasswordSource) -> str:
    if source.file and source.command:
        raise BadInput(N_("give either a password file or a password program, not both"))
    if source.file and source.is_private:
        return _text_of(read_secret(source.file), source.file)
    return _from_file(source.file) if source.file else _from_command(source.command or "")


def _from_file(name: str) -> str:
    if name == "-":
        raise BadInput(
            N_("the password is not read from standard input"), N_("Name a file, or leave the option out to be asked.")
        )
    path = Path(name).expanduser()
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput(N_("the password file {path} cannot be read: {reason}"), path=path, reason=error.strerror) from error
    return _text_of(raw, path)


def _text_of(raw: bytes, path: object) -> str:
    try:
        return _decode(raw).strip()
    except UnicodeDecodeError as error:
        raise BadInput(N_("the password file {path} is not UTF-8 text"), path=path) from error


def _from_command(command: str) -> str:
    import shlex  # start-up time
    import subprocess

    try:
        words = shlex.split(command)
        run = subprocess.run(words, stdout=subprocess.PIPE, check=True)
        return run.stdout.decode().strip()
    except (OSError, ValueError, IndexError, subprocess.CalledProcessError) as error:
        raise GdpError(N_("the password program failed: {reason}"), reason=str(error)) from error


def _decode(raw: bytes) -> str:
    for mark, encoding in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if raw.startswith(mark):
            return raw[len(mark) :].decode(encoding)
    return raw.decode("utf-8", "surrogateescape")


def _checked(text: str | None) -> bytes:
    if text is None:
        raise BadInput(_NONE_GIVEN, _HOW)
    if not text:
        raise BadInput(N_("the password is empty"), _HOW)
    return os.fsencode(text) if text.isascii() else text.encode("utf-8", "surrogateescape")
