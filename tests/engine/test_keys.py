"""Passwords of a repository: whoever changes one must never be locked out by it."""

from pathlib import Path

import pytest

from gdp.core.errors import BadInput, StorageError, WrongPassword
from gdp.core.kdf import DEFAULT_COST
from gdp.core.language import N_
from gdp.engine.keys import add_key, change_password, list_keys, remove_key
from gdp.model.files import FileKind, StoredFile
from gdp.repo.key_files import read_key_file
from gdp.repo.opening import open_repository
from gdp.repo.repository import Repository
from tests.repo.builder import PASSWORD, QUICK, names_of, new_repository
from tests.storage.memory import MemoryStorage


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    return new_repository(tmp_path)


def opens(repo: Repository, password: bytes) -> bool:
    try:
        return open_repository(repo.storage, password, repo.home).key.raw() == repo.key.raw()
    except WrongPassword:
        return False


def test_a_new_password_opens_beside_the_old(repo: Repository) -> None:
    """One for the owner, one for the safe."""
    name = add_key(repo, b"second", QUICK)

    assert opens(repo, b"second")
    assert opens(repo, PASSWORD)
    assert {key.name: key.is_current for key in list_keys(repo)} == {repo.key_name: True, name: False}


def test_a_written_key_is_not_weaker_than_restics(repo: Repository) -> None:
    """The key file lies on somebody else's server, to be guessed at for years."""
    name = add_key(repo, b"second")
    key = read_key_file(repo.storage, name)

    assert (key.N, key.r, key.p) == (DEFAULT_COST.N, DEFAULT_COST.r, DEFAULT_COST.p)
    assert (key.N * key.r * key.p, key.N * key.r) >= (32768 * 8 * 8, 32768 * 8)
    assert (key.username, key.hostname) == ("", "")


def test_a_changed_password_replaces_the_old(repo: Repository) -> None:
    """The old one leaked; it must not open any more."""
    name = change_password(repo, b"new", QUICK)

    assert names_of(repo, FileKind.KEYS) == [name] == [repo.key_name]
    assert opens(repo, b"new")
    assert not opens(repo, PASSWORD)


def test_the_old_password_stays_when_the_new_one_cannot_be_stored(repo: Repository) -> None:
    """A full disk in the middle of a password change."""
    assert isinstance(repo.storage, MemoryStorage)

    def fail(operation: str, file: StoredFile | None) -> None:
        if operation == "write":
            raise StorageError(N_("no room"))

    repo.storage.before = fail
    with pytest.raises(StorageError):
        change_password(repo, b"new", QUICK)
    repo.storage.before = None

    assert opens(repo, PASSWORD)


def test_the_key_in_use_cannot_be_removed(repo: Repository) -> None:
    """It may be the only one whose password anybody knows."""
    with pytest.raises(BadInput, match="in use"):
        remove_key(repo, repo.key_name[:8])

    assert opens(repo, PASSWORD)


def test_another_key_is_removed_by_a_few_digits(repo: Repository) -> None:
    """Names have 64 digits."""
    name = add_key(repo, b"second", QUICK)

    assert remove_key(repo, name[:12]) == name
    assert not opens(repo, b"second")


@pytest.mark.parametrize("text", ["", "zz", "0123456789"])
def test_a_name_that_fits_no_key_is_refused(repo: Repository, text: str) -> None:
    """Empty text fits all of them."""
    with pytest.raises(BadInput):
        remove_key(repo, text)


def test_a_name_that_fits_two_keys_is_refused(repo: Repository) -> None:
    """Guessing would lock somebody out."""
    for number in range(16):  # with the first one 17 names, and only 16 digits to begin with
        add_key(repo, b"%d" % number, QUICK)
    digits = [name[0] for name in names_of(repo, FileKind.KEYS)]
    shared = next(digit for digit in digits if digits.count(digit) > 1)

    with pytest.raises(BadInput, match="fits"):
        remove_key(repo, shared)


def test_an_empty_password_is_refused(repo: Repository) -> None:
    """An unset variable in a script is no password."""
    with pytest.raises(BadInput):
        add_key(repo, b"", QUICK)


def test_a_damaged_key_is_listed_with_its_problem(repo: Repository) -> None:
    """The owner should remove it while another still opens."""
    repo.storage.write(StoredFile(FileKind.KEYS, "ab" * 32), [b"{}"])
    (damaged,) = (key for key in list_keys(repo) if key.problem)

    assert damaged.name == "ab" * 32
