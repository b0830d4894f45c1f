"""Files of known host keys, in OpenSSH's format. Never decides whether a key is good.

One key a line: ``[@marker] names type base64 [comment]``. Names are separated by commas; one may be a pattern with ``*``
and ``?``, negated by ``!``, or hashed (``|1|salt|HMAC-SHA1``), so that a thief of the file does not learn the hosts.
"""

import base64
import binascii
import fcntl
import hashlib
import hmac
import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

_MARKER_REVOKED = "@revoked"


class KnownKey(NamedTuple):
    """A line that is about the host looked for."""

    file: Path
    line: int
    key_type: str
    blob: bytes
    is_revoked: bool

    @property
    def fingerprint(self) -> str:
        return make_fingerprint(self.blob)


def make_fingerprint(blob: bytes) -> str:
    """Return the fingerprint of a public key as OpenSSH shows it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def find_known_keys(files: Iterable[Path], name: str) -> list[KnownKey]:
    """Return every key the files hold for a host (``host`` or ``[host]:port``). An unreadable file holds none."""
    return [key for file in files for key in _read(file, name)]


def append_known_key(file: Path, name: str, key_type: str, blob: bytes) -> list[KnownKey]:
    """Pin a key for a host that has none in this file, and return what is then known of it.

    Several processes may meet the host at the same moment: the first one's key counts.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+b") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        if not find_known_keys([file], name):
            content = stream.read()
            separator = b"" if not content or content.endswith(b"\n") else b"\n"
            stream.write(separator + f"{name} {key_type} {base64.b64encode(blob).decode()}\n".encode())
            stream.flush()
            os.fsync(descriptor)
        return find_known_keys([file], name)


def _read(file: Path, name: str) -> Iterator[KnownKey]:
    try:
        lines = file.read_bytes().decode("utf-8", "replace").splitlines()
    except OSError:
        return
    for number, line in enumerate(lines, 1):
        fields = line.split()
        marker = fields.pop(0) if fields and fields[0].startswith("@") else ""
        if len(fields) < 3 or fields[0].startswith("#") or marker not in {"", _MARKER_REVOKED}:
            continue  # a certificate authority (@cert-authority) is not used by paramiko
        if not _is_named(fields[0], name):
            continue
        try:
            blob = base64.b64decode(fields[2], validate=True)
        except binascii.Error:
            continue
        yield KnownKey(file, number, fields[1], blob, marker == _MARKER_REVOKED)


def _is_named(patterns: str, name: str) -> bool:
    name = name.lower()
    is_match = False
    for pattern in patterns.split(","):
        if pattern.startswith("|1|"):
            is_match = is_match or _is_hash_of(pattern, name)
        elif pattern.startswith("!"):
            if _fits(pattern[1:], name):
                return False
        else:
            is_match = is_match or _fits(pattern, name)
    return is_match


def _fits(pattern: str, name: str) -> bool:
    """Say whether a pattern fits; a ``[`` belongs to ``[host]:port`` and is no character class."""
    return fnmatchcase(name, pattern.lower().replace("[", "[[]"))


def _is_hash_of(pattern: str, name: str) -> bool:
    try:
        _, _, salt, digest = pattern.split("|")
        expected = base64.b64decode(digest, validate=True)
        actual = hmac.new(base64.b64decode(salt, validate=True), name.encode(), hashlib.sha1).digest()
    except (ValueError, binascii.Error):
        return False
    return hmac.compare_digest(actual, expected)
