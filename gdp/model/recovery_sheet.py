"""What a recovery sheet says, and the text of its QR code. Holds a secret: never log one.

The code's text is one line, so that a terminal takes it where the password is asked for::

    gdp-recovery:1?password=...&repo=...&host-key=...&set=...&host=...

Values are percent-encoded, a plus sign is one; names that are not known are passed over.
"""

import shlex
from urllib.parse import parse_qs, quote, urlencode

import msgspec

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.model.target import SftpTarget, Target, parse_target

QR_BEGINNING = "gdp-recovery:"
_VERSION = "1"
_SSH_PORT = 22


class RecoverySheet(msgspec.Struct, frozen=True, kw_only=True):
    """A sheet."""

    password: str
    """as it opens the repository, dashes included"""
    repo: Target
    """without anything that only this computer knows, such as an alias"""
    host_key: str = ""
    """``ssh-ed25519 SHA256:...``; empty for a folder"""
    set_name: str = ""
    host: str = ""
    """the computer's name in the set's snapshots"""
    tag: str = ""
    """of the set's snapshots"""
    key_name: str = ""
    """of the key that the password opens"""
    made_ns: int = 0

    def __repr__(self) -> str:
        return f"RecoverySheet(repo={str(self.repo)!r}, set_name={self.set_name!r})"

    @property
    def qr_text(self) -> str:
        """What the QR code says."""
        values = {
            "password": self.password,
            "repo": str(self.repo),
            "host-key": self.host_key,
            "set": self.set_name,
            "host": self.host,
        }
        query = urlencode({name: value for name, value in values.items() if value}, quote_via=quote, safe="/:@")
        return f"{QR_BEGINNING}{_VERSION}?{query}"

    @property
    def restic_commands(self) -> list[list[str]]:
        """The words of the commands that list and restore without us; each is one argument of a shell."""
        begin = ["restic", "-r", restic_address(self.repo)]
        of_set = [*(["--host", self.host] if self.host else []), *(["--tag", self.tag] if self.tag else [])]
        commands = [[*begin, "snapshots"], [*begin, "restore", "latest", *of_set, "--target", "/srv/restored"]]
        return [[_quoted(word) for word in words] for words in commands]


def read_qr_text(text: str) -> RecoverySheet:
    """Return what a scanned code says. Raises BadInput."""
    version, _, query = text.strip().removeprefix(QR_BEGINNING).partition("?")
    if version != _VERSION:
        raise BadInput(N_("this code is from another version of the program, or not whole"), N_("Type the password instead."))
    values = {name: found[0] for name, found in parse_qs(query.replace("+", "%2B")).items()}
    if not values.get("password") or not values.get("repo"):
        raise BadInput(N_("the code is not whole: password or address is missing"), N_("Type the password instead."))
    return RecoverySheet(
        password=values["password"],
        repo=parse_target(values["repo"]),
        host_key=values.get("host-key", ""),
        set_name=values.get("set", ""),
        host=values.get("host", ""),
    )


def restic_address(repo: Target) -> str:
    """Return how restic writes an address: a folder from the root of a server begins with two slashes."""
    if not isinstance(repo, SftpTarget) or not repo.path.startswith("/"):
        return str(repo)
    if repo.port in {None, _SSH_PORT} and ":" not in repo.host:
        return f"sftp:{repo.user + '@' if repo.user else ''}{repo.host}:{repo.path}"
    user = f"{quote(repo.user, safe='')}@" if repo.user else ""
    host = f"[{repo.host}]" if ":" in repo.host else repo.host
    return f"sftp://{user}{host}{f':{repo.port}' if repo.port else ''}/{quote(repo.path)}"


def _quoted(word: str) -> str:
    """Return a word for a shell. What paper may not show is written in bash's octal numbers."""
    if word.isprintable() and word.isascii():
        return shlex.quote(word)
    escaped = "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b"\\'" else f"\\{byte:03o}"
        for byte in word.encode("utf-8", "surrogateescape")
    )
    return f"$'{escaped}'"
