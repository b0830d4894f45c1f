"""Locks of ours that nobody holds any more, and how they are told from those that somebody does."""

import os
import signal
from pathlib import Path

import pytest

from gdp.core.errors import StorageUnreachable
from gdp.model.files import FileKind, StoredFile
from gdp.repo.lease import Lease
from gdp.repo.locks import LockKeeper
from gdp.repo.own_locks import OwnLocks
from gdp.repo.repository import Repository
from tests.repo.builder import names_of, new_repository
from tests.storage.memory import MemoryStorage


def keeper(repo: Repository) -> LockKeeper:
    return LockKeeper(repo.storage, repo.key, 2, repo.own_locks, sleep=lambda _: None)


def test_a_killed_process_that_nobody_asked_for_is_dead(tmp_path: Path) -> None:
    """In a container without an init it stays a zombie for ever, and its lock would bar the way for as long."""
    reader, writer = os.pipe()
    process = os.fork()
    if not process:
        OwnLocks(tmp_path).remember("of the dead")
        os.write(writer, b".")
        signal.pause()
    os.read(reader, 1)
    assert list(OwnLocks(tmp_path).orphans()) == []
    os.kill(process, signal.SIGKILL)
    os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)

    assert list(OwnLocks(tmp_path).orphans()) == ["of the dead"]
    os.waitpid(process, 0)
    os.close(reader)
    os.close(writer)


def test_a_lock_given_back_while_the_journal_is_read_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs of ours share the journal; the end of one must not end the other."""
    journal = OwnLocks(tmp_path)
    journal.remember("a")
    journal.remember("b")
    real = Path.read_text

    def read_after_the_other_run_ended(path: Path) -> str:
        OwnLocks(tmp_path).forget("a")
        return real(path)

    monkeypatch.setattr(
        Path, "read_text", lambda path: read_after_the_other_run_ended(path) if path.parent == tmp_path else real(path)
    )

    assert list(journal.orphans()) == []


def test_a_refresh_that_failed_half_way_leaves_no_lock_behind(tmp_path: Path) -> None:
    """The new one was stored, the old one could not be removed: both go at the end of the run."""
    repo = new_repository(tmp_path)
    assert isinstance(repo.storage, MemoryStorage)
    ours = keeper(repo)
    with ours.hold(exclusive=True, lease=Lease()):
        [old] = names_of(repo, FileKind.LOCKS)

        def fail(operation: str, _file: StoredFile | None) -> None:
            if operation == "remove":
                raise StorageUnreachable("the line broke")

        repo.storage.before = fail
        with pytest.raises(StorageUnreachable):
            ours.files.replace(old, exclusive=True)
        repo.storage.before = None
        assert len(names_of(repo, FileKind.LOCKS)) == 2

    assert names_of(repo, FileKind.LOCKS) == []


def test_a_lock_is_noted_durably_before_it_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a power failure nobody has to unlock by hand what an unattended computer left."""
    repo = new_repository(tmp_path)
    synced: list[str] = []
    real = os.fsync

    def sync(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", sync)
    assert isinstance(repo.storage, MemoryStorage)
    before: list[list[str]] = []
    repo.storage.before = lambda operation, _: before.append(list(synced)) if operation == "write" else None
    name = keeper(repo).files.write(exclusive=True)

    assert before == [[str(repo.state_folder / "locks" / name), str(repo.state_folder / "locks")]]


def test_a_disk_that_takes_no_note_keeps_nobody_from_a_lock(tmp_path: Path) -> None:
    """Whoever has no room left at home may have to restore right now."""
    (tmp_path / "no folder").write_text("")
    repo = new_repository(tmp_path)
    journal = OwnLocks(tmp_path / "no folder" / "locks")
    with LockKeeper(repo.storage, repo.key, 2, journal, sleep=lambda _: None).hold(exclusive=False, lease=Lease()):
        held = names_of(repo, FileKind.LOCKS)

    assert len(held) == 1
    assert names_of(repo, FileKind.LOCKS) == []
    assert list(journal.orphans()) == []
