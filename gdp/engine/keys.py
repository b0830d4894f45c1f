"""Lists, adds and removes the passwords of a repository. The master key behind them never changes."""

from collections.abc import Iterator
from dataclasses import dataclass

from gdp.core.errors import BadInput, DamagedData, FileMissing
from gdp.core.kdf import DEFAULT_COST, ScryptCost
from gdp.core.language import N_
from gdp.model.files import FileKind, StoredFile
from gdp.repo.key_files import add_key as store_key
from gdp.repo.key_files import read_key_file
from gdp.repo.repository import Repository


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key file."""

    name: str
    is_current: bool
    """opened with the password of this run"""
    created: str
    """RFC 3339; empty when the file cannot be read"""
    host: str
    user: str
    problem: str = ""
    """why the file cannot be read"""


def list_keys(repo: Repository) -> list[KeyInfo]:
    """Return all keys, the oldest first. A lock is not needed."""
    return sorted(_keys(repo), key=lambda key: (key.created, key.name))


def add_key(repo: Repository, password: bytes, cost: ScryptCost = DEFAULT_COST) -> str:
    """Let another password open the repository; return the new key's name. Raises BadInput for an empty password."""
    if not password:
        raise BadInput(N_("the new password is empty"))
    return store_key(repo.storage, repo.key, password, cost)


def remove_key(repo: Repository, text: str) -> str:
    """Remove the key whose name begins with ``text`` and return its name. The caller holds an exclusive lock.

    Raises BadInput when it is the current key, none, or more than one.
    """
    names = [name for name, _ in repo.storage.list(FileKind.KEYS) if text and name.startswith(text.lower())]
    if len(names) != 1:
        raise BadInput(
            N_("{text!r} fits {count} keys instead of one"), N_("'gdp key list' shows them."), text=text, count=len(names)
        )
    if names[0] == repo.key_name:
        raise BadInput(
            N_("key {name} is the one in use; removing it could lock everybody out"),
            N_("Open the repository with another password to remove this key."),
            name=names[0],
        )
    repo.storage.remove(StoredFile(FileKind.KEYS, names[0]))
    return names[0]


def change_password(repo: Repository, password: bytes, cost: ScryptCost = DEFAULT_COST) -> str:
    """Replace the key in use by one for another password; return the new key's name. The caller holds an exclusive lock.

    The new key is stored and tried before the old one goes.
    """
    name = add_key(repo, password, cost)
    repo.storage.remove(StoredFile(FileKind.KEYS, repo.key_name))
    repo.key_name = name
    return name


def _keys(repo: Repository) -> Iterator[KeyInfo]:
    for name, _ in list(repo.storage.list(FileKind.KEYS)):
        is_current = name == repo.key_name
        try:
            key = read_key_file(repo.storage, name)
            yield KeyInfo(name, is_current, key.created, key.hostname, key.username)
        except FileMissing:
            continue
        except DamagedData as problem:
            yield KeyInfo(name, is_current, "", "", "", str(problem))
