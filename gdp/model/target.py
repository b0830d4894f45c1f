"""Where a repository lies, as a person writes it. Never touches a disk or a network.

=====================================  ==========================================
written                                meaning
=====================================  ==========================================
``/srv/backup``, ``backup``            a folder of this computer
``sftp://user@host:port/srv/backup``   a folder of an SSH server
``sftp://user@[2001:db8::1]/backup``   the same, with an IPv6 address
``sftp:user@host:/srv/backup``         the same, as restic writes it (no port)
=====================================  ==========================================

In the URL form ``%20`` and the like are decoded. A path that does not begin with ``/`` is possible in restic's form
only and is relative to the folder the server opens at login.
"""

import re
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

import msgspec

from gdp.core.errors import BadInput
from gdp.core.language import N_

HIGHEST_PORT = 65535
_URL = "sftp://"
_RESTIC = "sftp:"
_HOW = N_("give a folder, or sftp://user@host/folder")
_HOST_MALFORMED = N_("the host of the target {text!r} is missing or malformed; an IPv6 address stands in brackets")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


class LocalTarget(msgspec.Struct, frozen=True):
    """A folder of this computer."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)


class SftpTarget(msgspec.Struct, frozen=True):
    """A folder of an SSH server. There is no password in it."""

    host: str
    """A name, an alias of ``~/.ssh/config``, or an address; IPv6 without its brackets."""
    path: str
    user: str | None = None
    """None: whatever ``~/.ssh/config`` says, else who we are here."""
    port: int | None = None
    """None: whatever ``~/.ssh/config`` says, else 22."""

    def __str__(self) -> str:
        user = f"{quote(self.user, safe='')}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        if not self.path.startswith("/"):
            return f"{_RESTIC}{self.user + '@' if self.user else ''}{host}:{self.path}"
        port = f":{self.port}" if self.port is not None else ""
        return f"{_URL}{user}{host}{port}{quote(self.path)}"


Target = LocalTarget | SftpTarget


def parse_target(text: str) -> Target:
    """Return what ``text`` means. Raises BadInput for what makes no sense, and for a password in it."""
    if not text.strip() or "\0" in text:
        raise BadInput(N_("the target is empty"), _HOW)
    if text.lower().startswith(_URL):
        return _parse_url(text)
    if text.lower().startswith(_RESTIC):
        return _parse_restic(text)
    if _SCHEME.match(text):
        scheme = text.split("://", 1)[0]
        raise BadInput(N_("the target's kind {scheme!r} is not known"), _HOW, scheme=scheme)
    return LocalTarget(Path(text))


def _parse_url(text: str) -> SftpTarget:
    login, slash, path = text[len(_URL) :].partition("/")
    user, _, address = login.rpartition("@")
    if ":" in user:
        raise _has_password()
    if not slash:
        raise _nonsense(N_("the target {text!r} has no folder after the host"), text)
    host, port = _split_address(text, address)
    return SftpTarget(_decode(text, host), _tidy("/" + _decode(text, path)), _decode(text, user) or None, port)


def _parse_restic(text: str) -> SftpTarget:
    rest = text[len(_RESTIC) :]
    login, at, address = rest.rpartition("@") if "@" in rest.partition("/")[0] else ("", "", rest)
    if ":" in login:
        raise _has_password()
    match = re.fullmatch(r"(\[[^\]]+\]|[^:/]+):(.+)", address, re.DOTALL)
    if match is None or (at and not login):
        raise _nonsense(N_("the target {text!r} makes no sense; this form is sftp:user@host:/folder"), text)
    host, _ = _split_address(text, match[1])
    return SftpTarget(host, _tidy(match[2]), login or None, None)


def _split_address(text: str, address: str) -> tuple[str, int | None]:
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+(?:%[^\]]+)?)\]|([^\[\]:]+))(?::(\d*))?", address)
    if match is None:
        raise _nonsense(_HOST_MALFORMED, text)
    host = match[1] or match[2]
    if host.startswith("-") or any(character.isspace() for character in host):
        raise _nonsense(_HOST_MALFORMED, text)
    if not match[3]:
        return host, None
    port = int(match[3])
    if not 0 < port <= HIGHEST_PORT:
        raise _nonsense(N_("in the target {text!r} the port is not a number from 1 to 65535"), text)
    return host, port


def _tidy(path: str) -> str:
    """Return the path without doubled or trailing slashes; ``..`` stays, since only the server knows its links."""
    return re.sub(r"/{2,}", "/", path).rstrip("/") or "/"


def _decode(text: str, part: str) -> str:
    try:
        decoded = unquote_to_bytes(part).decode()
    except UnicodeDecodeError as error:
        raise _nonsense(N_("the percent-encoding of the target {text!r} is not UTF-8"), text) from error
    if "\0" in decoded:
        raise _nonsense(N_("the target {text!r} contains a zero byte"), text)
    return decoded


def _nonsense(template: str, text: str) -> BadInput:
    """Return the error, without what stands before the ``@``: it may contain a password that was typed wrongly."""
    shown = re.sub(r"^(sftp:(?://)?).*@", r"\1...@", text, flags=re.IGNORECASE | re.DOTALL)
    return BadInput(template, _HOW, text=shown)


def _has_password() -> BadInput:
    return BadInput(
        N_("the target contains a password, which would end up in logs and process lists"),
        N_("Leave the password out; use an SSH key, or give the password when asked."),
    )
