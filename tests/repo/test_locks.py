"""Locks: whoever holds one is alone with his job, and whoever lost one stops before he does harm."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gdp.core.errors import DamagedData, RepositoryLocked, StorageDenied, StorageUnreachable
from gdp.core.gotext import encode_json, format_time
from gdp.core.language import N_
from gdp.model.events import Event, Problem
from gdp.model.files import FileKind, StoredFile
from gdp.model.records import LockFile
from gdp.repo import lock_files, lock_threads
from gdp.repo.lease import REFRESHABLE_SECONDS, Lease, LeasedStorage
from gdp.repo.lock_threads import REFRESH_SECONDS
from gdp.repo.locks import LockKeeper, ignoring_hangup
from gdp.repo.own_locks import OwnLocks
from gdp.repo.repository import Repository
from gdp.repo.seen_lock import STALE_SECONDS
from gdp.storage.contract import Storage
from tests.repo.builder import names_of, new_repository
from tests.storage.memory import MemoryStorage

PATIENCE_SECONDS = 20.0


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    return new_repository(tmp_path)


@pytest.fixture
def quick_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the refresher look at once."""
    monkeypatch.setattr(lock_threads, "TICK_SECONDS", 0.005)
    monkeypatch.setattr(lock_files, "SETTLE_SECONDS", 0.0)


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def keeper(repo: Repository, journal: str = "mine", sleep: Callable[[float], None] = lambda _: None) -> LockKeeper:
    return LockKeeper(repo.storage, repo.key, 2, OwnLocks(repo.home / journal), sleep)


def lock_names(repo: Repository) -> list[str]:
    return names_of(repo, FileKind.LOCKS)


def write_lock(
    repo: Repository, *, age_seconds: float = 0, exclusive: bool = False, host: str = "elsewhere", pid: int = 1
) -> str:
    """Store a lock of somebody else."""
    moment = format_time(time.time_ns() - int(age_seconds * 1e9))
    return repo.save_json(FileKind.LOCKS, encode_json(LockFile(moment, exclusive, host, "somebody", pid)))


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until a thread has done something."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        threading.Event().wait(0.005)


@pytest.mark.parametrize(
    ("first", "second", "allowed"),
    [(False, False, True), (False, True, False), (True, False, False), (True, True, False)],
)
def test_shared_locks_go_together_and_exclusive_ones_stand_alone(
    repo: Repository, first: bool, second: bool, allowed: bool
) -> None:
    """Two backups may run at once; nothing may run beside a prune."""
    with keeper(repo).hold(exclusive=first, lease=Lease()):
        if allowed:
            with keeper(repo, "yours").hold(exclusive=second, lease=Lease()):
                assert len(lock_names(repo)) == 2
        else:
            with pytest.raises(RepositoryLocked) as caught, keeper(repo, "yours").hold(exclusive=second, lease=Lease()):
                pass
            assert str(os.getpid()) in str(caught.value)
        assert len(lock_names(repo)) == 1

    assert lock_names(repo) == []


def test_a_lock_is_given_back_when_the_job_fails(repo: Repository) -> None:
    """Else one error would block everybody for half an hour."""
    with pytest.raises(ValueError, match="job"), keeper(repo).hold(exclusive=True, lease=Lease()):
        raise ValueError("job")

    assert lock_names(repo) == []


def test_a_lock_that_cannot_be_given_back_is_left_and_told(repo: Repository) -> None:
    """The run fails with what ended it, not with the lock; the journal knows the lock for the next run."""
    told: list[Event] = []
    journal = OwnLocks(repo.home / "mine")
    storage = repo.storage
    assert isinstance(storage, MemoryStorage)

    def down(_operation: str, _file: StoredFile | None) -> None:
        raise StorageUnreachable(N_("no line"))

    def fail() -> None:
        storage.before = down
        raise StorageUnreachable(N_("cut after a quarter of an hour"))

    holder = LockKeeper(storage, repo.key, 2, journal, lambda _: None, emit=told.append)
    with pytest.raises(StorageUnreachable, match="cut after"), holder.hold(exclusive=False, lease=Lease()):
        fail()
    storage.before = None

    assert storage.is_hurried
    (problem,) = told
    assert isinstance(problem, Problem)
    assert lock_names(repo)[0].startswith(str(problem.facts["name"]))
    assert str(problem.facts["reason"]) == "no line"
    assert journal.held() == lock_names(repo)


def test_a_run_that_succeeds_is_patient_with_its_lock(repo: Repository) -> None:
    """A line that is back in ten minutes still lets the lock be given back."""
    with keeper(repo).hold(exclusive=False, lease=Lease()):
        pass

    assert isinstance(repo.storage, MemoryStorage)
    assert not repo.storage.is_hurried


def test_who_sees_another_after_writing_withdraws(repo: Repository) -> None:
    """Both looked first, both saw nothing, both wrote: the second look decides."""
    waits: list[float] = []

    def meanwhile(seconds: float) -> None:
        waits.append(seconds)
        write_lock(repo, exclusive=True)

    with pytest.raises(RepositoryLocked), keeper(repo, sleep=meanwhile).hold(exclusive=False, lease=Lease()):
        pass

    assert waits == [pytest.approx(lock_files.SETTLE_SECONDS, abs=0.1)]
    assert len(lock_names(repo)) == 1


def test_what_is_read_before_the_lock_is_sure_is_read_again_after_a_conflict(repo: Repository) -> None:
    """Whoever was faster may have changed everything until he was gone."""
    theirs: list[str] = []
    looks: list[int] = []

    def look() -> None:
        looks.append(len(theirs))
        if not theirs:
            theirs.append(write_lock(repo, exclusive=True))

    def wait(seconds: float) -> None:
        if seconds > lock_files.SETTLE_SECONDS:  # for the other one to end
            repo.storage.remove(StoredFile(FileKind.LOCKS, theirs[0]))

    with keeper(repo, sleep=wait).hold(exclusive=True, lease=Lease(), retry_seconds=60, meanwhile=look):
        assert lock_names(repo) != theirs

    assert looks == [0, 1]


# --- reading before the lock is sure -----------------------------------------------------------------------------------


class Settling:
    """The fifth of a second after a lock was written; it lasts until a test ends it, perhaps after a conflict came up."""

    def __init__(self) -> None:
        self.has_begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self, _seconds: float) -> None:
        self.has_begun.set()
        assert self.may_end.wait(PATIENCE_SECONDS)


def test_who_only_reads_may_begin_before_the_lock_is_sure(repo: Repository) -> None:
    """A fifth of a second of every restore, and more over a long line. What is written waits all the same."""
    settling, lease = Settling(), Lease(sleep=lambda _: None)
    with keeper(repo, sleep=settling).hold(exclusive=False, lease=lease, begins_early=True):
        assert len(lock_names(repo)) == 1
        lease.go_on()
        with pytest.raises(RepositoryLocked):
            lease.require()
        settling.may_end.set()
        eventually(lambda: lease.age_seconds < PATIENCE_SECONDS)
        lease.require()

    assert lock_names(repo) == []


def test_a_conflict_in_the_second_look_ends_who_began_early(repo: Repository) -> None:
    """He asks before each step whether to go on, and is told whose lock it is."""
    settling, lease = Settling(), Lease()
    hold = keeper(repo, sleep=settling).hold(exclusive=False, lease=lease, begins_early=True)

    def read() -> None:
        write_lock(repo, exclusive=True)
        settling.may_end.set()
        eventually(lambda: lease.is_lost)
        lease.go_on()

    with pytest.raises(RepositoryLocked, match="somebody@elsewhere"), hold:
        read()

    assert len(lock_names(repo)) == 1


@pytest.mark.parametrize("fails", [False, True])
def test_a_conflict_counts_whatever_became_of_the_block_that_began_early(repo: Repository, fails: bool) -> None:
    """Done within a moment, it has not been sure of its lock; and what it missed the other one may have removed."""
    settling = Settling()
    hold = keeper(repo, sleep=settling).hold(exclusive=False, lease=Lease(), begins_early=True)

    def read() -> None:
        write_lock(repo, exclusive=True)
        settling.may_end.set()
        if fails:
            raise DamagedData(N_("a pack is gone"))

    with pytest.raises(RepositoryLocked, match="somebody@elsewhere"), hold:
        read()

    assert len(lock_names(repo)) == 1


def test_what_fails_in_a_block_that_began_early_is_told_when_nobody_else_was_there(repo: Repository) -> None:
    """A missing pack is a missing pack."""
    hold = keeper(repo).hold(exclusive=False, lease=Lease(), begins_early=True)
    with pytest.raises(DamagedData, match="a pack is gone"), hold:
        raise DamagedData(N_("a pack is gone"))

    assert lock_names(repo) == []


def test_an_interruption_does_not_wait_for_the_lock_to_be_sure(repo: Repository) -> None:
    """Ctrl-C on a line that is down."""
    settling = Settling()
    hold = keeper(repo, sleep=settling).hold(exclusive=False, lease=Lease(), begins_early=True)

    def read() -> None:
        assert settling.has_begun.wait(PATIENCE_SECONDS)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), hold:
        read()

    assert lock_names(repo) == []
    settling.may_end.set()


def test_who_waits_for_locks_does_not_begin_before_his_own_is_sure(repo: Repository) -> None:
    """What was begun could not be begun again after the conflict."""
    began: list[bool] = []

    def settle(_seconds: float) -> None:
        began.append(False)

    hold = keeper(repo, sleep=settle).hold(exclusive=False, lease=Lease(), retry_seconds=60, begins_early=True)
    with hold:
        began.append(True)

    assert began == [False, True]


@pytest.mark.usefixtures("quick_ticks")
def test_the_lock_of_who_began_early_is_refreshed_in_time(repo: Repository) -> None:
    """A restore takes hours."""
    clock = Clock()
    lease = Lease(clock)
    with keeper(repo).hold(exclusive=False, lease=lease, begins_early=True):
        (first,) = lock_names(repo)
        eventually(lambda: lease.age_seconds < 1)
        clock.now += REFRESH_SECONDS + 1
        eventually(lambda: lease.age_seconds < 1)

        eventually(lambda: len(lock_names(repo)) == 1)
        assert lock_names(repo) != [first]


def test_our_own_lock_is_not_fetched_again(repo: Repository) -> None:
    """Two round trips of every run, to learn what we have just written."""
    theirs = write_lock(repo)
    storage = repo.storage
    assert isinstance(storage, MemoryStorage)
    storage.calls.clear()
    with keeper(repo).hold(exclusive=False, lease=Lease()):
        fetched = [file.name for operation, file in storage.calls if operation == "read" and file is not None]

        assert fetched == [theirs, theirs]


def test_an_old_lock_still_blocks(repo: Repository) -> None:
    """As with restic: only `unlock` acts on age. Its owner may be alive behind a broken line."""
    write_lock(repo, age_seconds=STALE_SECONDS + 60, exclusive=True)

    with pytest.raises(RepositoryLocked), keeper(repo).hold(exclusive=False, lease=Lease()):
        pass


def test_waiting_for_a_lock_ends_when_it_is_gone(repo: Repository) -> None:
    """--retry-lock: the nightly backup waits for the prune."""
    name = write_lock(repo, exclusive=True)
    waits: list[float] = []

    def pass_by(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            repo.storage.remove(StoredFile(FileKind.LOCKS, name))

    with keeper(repo, sleep=pass_by).hold(exclusive=False, lease=Lease(), retry_seconds=600):
        pass

    assert waits[0] <= 5 < waits[1] * 1.3
    assert waits[1] < waits[2] <= 60


def test_waiting_for_a_lock_ends_when_time_is_up(repo: Repository) -> None:
    """A lock that stays must become an error."""
    write_lock(repo, exclusive=True)
    waits: list[float] = []
    with (
        pytest.raises(RepositoryLocked),
        keeper(repo, sleep=waits.append).hold(exclusive=False, lease=Lease(), retry_seconds=100),
    ):
        pass

    assert sum(waits) == pytest.approx(100, abs=1)


def test_an_empty_lock_is_passed_over(repo: Repository) -> None:
    """A server that ran full leaves files without contents; restic skips them too."""
    repo.storage.write(StoredFile(FileKind.LOCKS, "ab" * 32), [b""])

    with keeper(repo).hold(exclusive=True, lease=Lease()):
        pass


def test_an_unreadable_lock_is_looked_at_again_and_then_an_error(repo: Repository) -> None:
    """It may be being written; if not, somebody must look at it. Passing over it could mean two prunes at once."""
    repo.storage.write(StoredFile(FileKind.LOCKS, "ab" * 32), [b"half a lock"])
    waits: list[float] = []
    with pytest.raises(DamagedData), keeper(repo, sleep=waits.append).hold(exclusive=False, lease=Lease()):
        pass

    assert waits == [5.0, 10.0, 20.0]


def test_unlock_removes_what_nobody_is_behind_and_nothing_else(repo: Repository) -> None:
    """Old ones, and those of dead processes of this computer."""
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    alive = write_lock(repo, host=socket.gethostname(), pid=os.getpid())
    foreign = write_lock(repo, host="elsewhere", pid=process.pid)
    write_lock(repo, host=socket.gethostname(), pid=process.pid)
    write_lock(repo, age_seconds=STALE_SECONDS + 60)

    assert keeper(repo).files.unlock(everything=False) == 2
    assert set(lock_names(repo)) == {alive, foreign}
    assert keeper(repo).files.unlock(everything=True) == 2
    assert lock_names(repo) == []


# --- our own orphans ---------------------------------------------------------------------------------------------------


def test_a_killed_runs_lock_is_cleared_by_the_next_run_and_nobody_elses(repo: Repository) -> None:
    """A laptop that lost power must back up again the next day, without `unlock`, and without touching others."""
    child = os.fork()
    if child == 0:
        keeper(repo).files.write(exclusive=True)
        os._exit(0)
    os.waitpid(child, 0)
    # The storage is in memory, so the child's lock file is written here, under the name its journal knows.
    (orphan,) = (path.name for path in (repo.home / "mine").iterdir())
    theirs = write_lock(repo, pid=child, host=socket.gethostname())
    repo.storage.write(StoredFile(FileKind.LOCKS, orphan), [b"sealed"])

    assert keeper(repo).files.clear_orphans() == [orphan]
    assert lock_names(repo) == [theirs]
    assert list((repo.home / "mine").iterdir()) == []


def test_the_lock_of_a_living_run_is_never_cleared(repo: Repository) -> None:
    """A second run of ours starts while the first one works."""
    with keeper(repo).hold(exclusive=False, lease=Lease()):
        assert keeper(repo).files.clear_orphans() == []
        assert len(lock_names(repo)) == 1


def test_a_later_process_with_the_same_number_is_not_taken_for_the_owner(repo: Repository) -> None:
    """Process ids come again, at the latest after a reboot."""
    name = keeper(repo).files.write(exclusive=False)
    note = repo.home / "mine" / name
    pid, _started, boot = note.read_text().split(" ")
    note.write_text(f"{pid} 1 {boot}")

    assert keeper(repo).files.clear_orphans() == [name]


def test_a_note_without_its_lock_is_dropped(repo: Repository) -> None:
    """Killed between noting and writing."""
    journal = OwnLocks(repo.home / "mine")
    journal.remember("ab" * 32)
    (repo.home / "mine" / ("ab" * 32)).write_text("999999999 1 x")

    assert keeper(repo).files.clear_orphans() == []
    assert list(journal.orphans()) == []


def test_where_nobody_may_delete_runs_go_on_and_locks_that_stay_are_told(repo: Repository) -> None:
    """Some append-only servers forbid it for locks as well. A backup there is a backup; what deletes is refused at once."""
    told: list[Event] = []
    storage = repo.storage
    assert isinstance(storage, MemoryStorage)

    def forbid(operation: str, _file: StoredFile | None) -> None:
        if operation == "remove":
            raise StorageDenied(N_("{path} is denied"), path="locks")

    def holder() -> LockKeeper:
        return LockKeeper(storage, repo.key, 2, OwnLocks(repo.home / "mine"), lambda _: None, emit=told.append)

    storage.before = forbid
    with holder().hold(exclusive=True, lease=Lease()):
        pass
    for note in (repo.home / "mine").iterdir():  # its process is dead
        note.write_text("999999999 1 x")
    with holder().hold(exclusive=False, lease=Lease()):
        pass
    with pytest.raises(StorageDenied), holder().hold(exclusive=True, lease=Lease()):
        pytest.fail("it was refused too late")

    assert len(lock_names(repo)) == 2
    assert [event.template for event in told if isinstance(event, Problem)] == [
        "lock {name} stays in the repository, which lets nobody delete"
    ] * 2


# --- keeping it, and losing it -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("quick_ticks")
def test_a_lock_is_replaced_by_a_fresh_one_in_time(repo: Repository) -> None:
    """Others take a lock of half an hour for stale. There is never a moment without one."""
    clock = Clock()
    lease = Lease(clock)
    with keeper(repo).hold(exclusive=True, lease=lease):
        (first,) = lock_names(repo)
        repo.storage.calls.clear()  # type: ignore[attr-defined]
        clock.now += REFRESH_SECONDS + 1
        eventually(lambda: lease.age_seconds < 1)
        eventually(lambda: len(lock_names(repo)) == 1)

        assert lock_names(repo) != [first]
        assert [call for call, _ in repo.storage.calls if call in ("write", "remove")] == ["write", "remove"]  # type: ignore[attr-defined]
    assert lock_names(repo) == []


@pytest.mark.usefixtures("quick_ticks")
def test_after_a_sleep_a_lock_that_is_still_there_is_renewed(repo: Repository) -> None:
    """The lid was closed for an hour, and nobody came by: the run goes on."""
    clock = Clock()
    lease = Lease(clock)
    with keeper(repo).hold(exclusive=True, lease=lease):
        (first,) = lock_names(repo)
        clock.now += 3600
        lease.require()

        assert lease.age_seconds < 1
        eventually(lambda: len(lock_names(repo)) == 1)
        assert lock_names(repo) != [first]


@pytest.mark.usefixtures("quick_ticks")
def test_after_a_sleep_in_which_the_lock_was_taken_away_nothing_is_written_any_more(repo: Repository) -> None:
    """Somebody ran `unlock` and prunes right now: our packs would be deleted under us."""
    clock = Clock()
    lease = Lease(clock)
    leased = LeasedStorage(repo.storage, lease)
    file = StoredFile(FileKind.DATA, "ab" * 32)
    with keeper(repo).hold(exclusive=False, lease=lease):
        (name,) = lock_names(repo)
        repo.storage.remove(StoredFile(FileKind.LOCKS, name))
        clock.now += 3600
        eventually(lambda: lease.age_seconds == float("inf"))

        with pytest.raises(RepositoryLocked):
            leased.write(file, [b"too late"])
        with pytest.raises(RepositoryLocked):
            leased.remove(file)
    assert lock_names(repo) == []
    assert file not in repo.storage.files  # type: ignore[attr-defined]


@pytest.mark.usefixtures("quick_ticks")
def test_a_line_that_is_down_for_a_while_does_not_end_the_run(repo: Repository) -> None:
    """The refresh is tried again; writes go on as long as the lock is surely ours."""
    clock = Clock()
    lease = Lease(clock)
    storage = repo.storage
    failed = threading.Event()

    def down(operation: str, file: StoredFile | None) -> None:
        if operation == "write":
            failed.set()
            raise StorageUnreachable(N_("no line"))

    with keeper(repo).hold(exclusive=False, lease=lease):
        storage.before = down  # type: ignore[attr-defined]
        clock.now += REFRESH_SECONDS + 1
        assert failed.wait(PATIENCE_SECONDS)
        lease.require()
        storage.before = None  # type: ignore[attr-defined]
        eventually(lambda: lease.age_seconds < 1)


def test_a_write_waits_for_the_lock_to_be_confirmed_and_not_for_ever() -> None:
    """A worker wakes up before the process that holds the lock."""
    clock = Clock()
    waited: list[float] = []
    lease = Lease(clock, waited.append)
    clock.now += REFRESHABLE_SECONDS + 1
    with pytest.raises(RepositoryLocked):
        lease.require()
    assert 60 <= sum(waited) <= 300

    def confirm(_seconds: float) -> None:
        lease.confirm()

    lease = Lease(clock, confirm)
    clock.now += REFRESHABLE_SECONDS + 1
    lease.require()
    assert lease.age_seconds == 0


def test_a_write_waits_while_the_lock_is_being_taken_and_not_for_ever() -> None:
    """Workers begin to read before the lock is sure. None of them may store anything by then."""
    clock = Clock()
    waited: list[float] = []
    lease = Lease(clock, waited.append)
    lease.expect()

    with pytest.raises(RepositoryLocked):
        lease.require()
    assert 60 < sum(waited) < 600

    waited.clear()

    def confirm(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            lease.confirm()

    lease = Lease(clock, confirm)
    lease.expect()
    lease.require()

    assert len(waited) == 3


def test_reading_needs_no_good_lock_and_locks_can_always_be_written(repo: Repository) -> None:
    """Else a lost lock could never be replaced."""
    lease = Lease(Clock())
    lease.give_up()
    leased: Storage = LeasedStorage(repo.storage, lease)
    leased.write(StoredFile(FileKind.LOCKS, "ab" * 32), [b"lock"])

    assert leased.read(StoredFile(FileKind.LOCKS, "ab" * 32)) == b"lock"
    leased.remove(StoredFile(FileKind.LOCKS, "ab" * 32))
    assert list(leased.list(FileKind.LOCKS)) == []


def test_a_forked_worker_sees_that_the_lock_is_lost() -> None:
    """Workers write packs; only the parent talks to the lock."""
    lease = Lease(Clock())
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.read(reader, 1)
        os._exit(0 if lease.age_seconds == float("inf") else 1)
    lease.give_up()
    os.write(writer, b"x")
    _, status = os.waitpid(child, 0)
    os.close(reader)
    os.close(writer)

    assert os.waitstatus_to_exitcode(status) == 0


def test_restics_probe_does_not_end_us() -> None:
    """Restic asks whether a lock's process lives by sending it SIGHUP."""
    before = signal.getsignal(signal.SIGHUP)
    with ignoring_hangup():
        os.kill(os.getpid(), signal.SIGHUP)

    assert signal.getsignal(signal.SIGHUP) == before


@pytest.mark.peer
def test_restic_obeys_our_lock_and_we_obey_its(peer_restic: Path, tmp_path: Path) -> None:
    """Both may use one repository at once."""
    from gdp.repo.opening import open_repository
    from gdp.storage.local import LocalStorage

    def restic(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(peer_restic), "--repo", str(tmp_path / "repository"), "--no-cache", *arguments]
        return subprocess.run(
            command, env={**os.environ, "RESTIC_PASSWORD": "geheim"}, capture_output=True, text=True, check=False
        )

    assert restic("init").returncode == 0
    repo = open_repository(LocalStorage(tmp_path / "repository"), b"geheim", tmp_path / "home")
    ours = LockKeeper(repo.storage, repo.key, 2, repo.own_locks)
    with ignoring_hangup(), ours.hold(exclusive=True, lease=Lease()):
        answer = restic("snapshots")
        assert answer.returncode != 0
        assert "already locked" in answer.stderr
    assert restic("snapshots").returncode == 0
    with ignoring_hangup(), ours.hold(exclusive=False, lease=Lease()):
        assert restic("snapshots").returncode == 0
