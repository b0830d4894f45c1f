"""Lists that are made while the key is derived save round trips. None may ever stand for what is stored once there is a lock."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gdp.core.errors import NoRepository, RepositoryLocked, StorageDenied, WrongPassword
from gdp.core.language import N_
from gdp.model.files import CONFIG_FILE, FileKind, StoredFile
from gdp.repo.ahead import FRESH_SECONDS, TO_LOOK_INTO, ReadAhead
from gdp.repo.lease import Lease
from gdp.repo.locks import LockKeeper
from gdp.repo.opening import open_repository
from gdp.repo.own_locks import OwnLocks
from gdp.repo.repository import Repository
from gdp.storage.wrapper import StorageWrapper
from tests.repo.builder import PASSWORD, new_repository
from tests.repo.test_locks import write_lock
from tests.storage.memory import MemoryStorage


@pytest.fixture
def stored(tmp_path: Path) -> Repository:
    return new_repository(tmp_path)


@pytest.fixture
def storage(stored: Repository) -> MemoryStorage:
    assert isinstance(stored.storage, MemoryStorage)
    return stored.storage


def reopened(repo: Repository) -> Repository:
    return open_repository(repo.storage, PASSWORD, repo.home, lists_ahead=TO_LOOK_INTO)


def keeper(repo: Repository) -> LockKeeper:
    return LockKeeper(repo.storage, repo.key, 2, OwnLocks(repo.home / "mine"), lambda _: None, ahead=repo.ahead)


def listings(storage: MemoryStorage) -> int:
    return [operation for operation, _ in storage.calls].count("list")


def add_index_file(repo: Repository) -> StoredFile:
    return StoredFile(FileKind.INDEX, repo.save_json(FileKind.INDEX, b'{"packs":[]}'))


def test_what_was_listed_while_opening_is_not_listed_again(stored: Repository, storage: MemoryStorage) -> None:
    """Two round trips each, of every run."""
    repo = reopened(stored)
    storage.calls.clear()

    def look() -> None:
        repo.snapshots()
        repo.load_index()
        assert listings(storage) == 0

    with keeper(repo).hold(exclusive=False, lease=Lease(), meanwhile=look):
        assert listings(storage) == 1  # of locks, when ours was there


def test_a_list_is_handed_out_once(stored: Repository, storage: MemoryStorage) -> None:
    """Who asks again wants to know what has changed."""
    repo = reopened(stored)
    add_index_file(stored)

    assert list(repo.list_files(FileKind.INDEX)) == []
    assert len(repo.list_files(FileKind.INDEX)) == 1


def test_an_old_list_is_not_handed_out(storage: MemoryStorage) -> None:
    """Somebody may have been asked for a password in between, or the computer slept."""
    now = [0.0]
    ahead = ReadAhead(storage, (FileKind.INDEX, FileKind.SNAPSHOTS), clock=lambda: now[0])
    ahead.begin()
    ahead.join()

    assert ahead.take(FileKind.INDEX) == []
    now[0] += FRESH_SECONDS
    assert ahead.take(FileKind.SNAPSHOTS) is None


def test_with_a_lock_everything_is_listed_anew(stored: Repository) -> None:
    """Only from then on nobody removes anything."""
    repo = reopened(stored)
    added = add_index_file(stored)

    with keeper(repo).hold(exclusive=False, lease=Lease()):
        assert [name for name, _ in repo.list_files(FileKind.INDEX)] == [added.name]


def test_after_a_conflict_everything_is_listed_anew(stored: Repository) -> None:
    """Whoever held the lock may have replaced the whole index."""
    theirs = write_lock(stored, exclusive=True)
    repo = reopened(stored)
    added = add_index_file(stored)
    seen: list[str] = []

    def pass_by(_seconds: float) -> None:
        if (file := StoredFile(FileKind.LOCKS, theirs)) in stored.storage.files:  # type: ignore[attr-defined]
            stored.storage.remove(file)

    def look() -> None:
        seen.extend(name for name, _ in repo.list_files(FileKind.INDEX))

    waiting = LockKeeper(repo.storage, repo.key, 2, OwnLocks(repo.home / "mine"), pass_by, ahead=repo.ahead)
    with waiting.hold(exclusive=False, lease=Lease(), retry_seconds=60, meanwhile=look):
        assert seen == [added.name]


def test_an_index_that_is_gone_when_the_lock_is_sure_is_noticed(stored: Repository, storage: MemoryStorage) -> None:
    """A prune that began and ended between our list and our lock: what the index names may be gone."""
    replaced = add_index_file(stored)
    repo = reopened(stored)

    def look() -> None:
        repo.load_index()
        storage.remove(replaced)

    hold = keeper(repo).hold(exclusive=False, lease=Lease(), meanwhile=look, when_sure=repo.refuse_vanished_index)
    with pytest.raises(RepositoryLocked, match="cleaned up"), hold:
        pass


def test_what_is_added_meanwhile_does_no_harm(stored: Repository) -> None:
    """Others may back up at any time."""
    add_index_file(stored)
    repo = reopened(stored)
    repo.load_index()
    stored.save_json(FileKind.INDEX, b'{"packs":[],"supersedes":[]}')

    repo.refuse_vanished_index()


def test_a_list_that_fails_is_made_again_by_who_needs_it(stored: Repository, storage: MemoryStorage) -> None:
    """A background thread has nobody to tell."""

    def refuse(operation: str, _file: StoredFile | None) -> None:
        if operation == "list" and CONFIG_FILE in [file for _, file in storage.calls]:
            raise StorageDenied(N_("not this folder"))

    storage.calls.clear()
    storage.before = refuse
    repo = reopened(stored)

    with pytest.raises(StorageDenied, match="not this folder"):
        repo.snapshots()
    storage.before = None
    assert repo.snapshots().snapshots == {}


def test_index_files_are_listed_after_snapshots(stored: Repository) -> None:
    """So that the index has all that the snapshots need, whoever adds both meanwhile."""
    kinds: list[FileKind] = []

    class Watched(StorageWrapper):
        def list(self, kind: FileKind) -> Iterator[tuple[str, int]]:
            kinds.append(kind)
            return super().list(kind)

    open_repository(Watched(stored.storage), PASSWORD, stored.home, lists_ahead=TO_LOOK_INTO)

    assert kinds == [FileKind.KEYS, FileKind.LOCKS, FileKind.SNAPSHOTS, FileKind.INDEX]


@pytest.mark.parametrize("password", [PASSWORD, b"wrong"])
def test_without_a_configuration_there_is_no_repository_whatever_the_key(
    stored: Repository, storage: MemoryStorage, password: bytes
) -> None:
    """It is read after the keys, but a script that runs init on code 10 must not see code 12."""
    del storage.files[CONFIG_FILE]

    with pytest.raises(NoRepository, match="there is no repository"):
        open_repository(storage, password, stored.home)


def test_a_wrong_password_is_told_where_there_is_a_repository(stored: Repository) -> None:
    """And not mistaken for anything else."""
    with pytest.raises(WrongPassword):
        open_repository(stored.storage, b"wrong", stored.home)
