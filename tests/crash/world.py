"""A user with a folder, a repository and a home, who runs ``gdp`` in processes that may be killed. Cheap to clone."""

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gdp.cli.program import run
from gdp.core.ids import PackId
from gdp.core.kdf import ScryptCost
from gdp.engine.browse.lookup import find_folder
from gdp.engine.check import CheckOptions, check_repository
from gdp.engine.check.options import ALL_PACKS
from gdp.model.events import ignore_events
from gdp.model.files import FileKind
from gdp.model.snapshot import SnapshotId
from gdp.repo import lock_files
from gdp.repo.lease import Lease
from gdp.repo.locks import LockKeeper
from gdp.repo.opening import init_repository, open_repository
from gdp.repo.pack_reader import read_pack_contents
from gdp.repo.repository import Repository
from gdp.storage.local import LocalStorage
from tests.repo.builder import noise, read_snapshot

Contents = dict[SnapshotId, dict[str, bytes]]
PASSWORD = "geheim"
BLOCK_BYTES = 128 << 10
_CHEAP = ScryptCost(N=16, r=1, p=1)  # a key of a test protects nothing; opening reads what its file says
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class World:
    """Everything there is, below one folder. The source may be shared with other worlds."""

    folder: Path
    source: Path

    @property
    def repository(self) -> Path:
        """The repository's root."""
        return self.folder / "repository"

    @property
    def home(self) -> Path:
        """Where gdp keeps its state."""
        return self.folder / "home"

    @property
    def output(self) -> str:
        """All that the runs said so far."""
        return (self.folder / "output").read_text()

    def init(self) -> None:
        """Make the repository and a password file."""
        (self.folder / "password").write_text(PASSWORD)
        init_repository(LocalStorage(self.repository), PASSWORD.encode(), self.home, BLOCK_BYTES, _CHEAP)

    def clone(self, folder: Path) -> "World":
        """Return a world like this one. What a repository holds is never changed, so its files are only linked."""
        folder.mkdir()
        shutil.copytree(self.repository, folder / "repository", copy_function=os.link)
        shutil.copytree(self.home, folder / "home")
        shutil.copy(self.folder / "password", folder)
        return World(folder, self.source)

    def run(self, *arguments: str, prepare: Callable[[], None] = lambda: None, repository: str | None = None) -> int:
        """Run a command line in a forked process; return its exit code, or minus the signal that ended it.

        ``prepare`` is called in that process before. When this returns, none of the run's processes lives any more.
        """
        words = process_words(self, *arguments, repository=repository)
        with _adopting_orphans():
            process = os.fork()
            if not process:
                self._be_gdp(words, prepare)
            _, status = os.waitpid(process, 0)
            _reap(process)
        return os.waitstatus_to_exitcode(status)

    def backup(self, prepare: Callable[[], None] = lambda: None, repository: str | None = None) -> int:
        """Run a backup of the source in the smallest packs."""
        return self.run(*backup_words(self), prepare=prepare, repository=repository)

    def open(self) -> Repository:
        """Return the repository, its index loaded; lying in any other place it is opened as by another program."""
        repo = open_repository(LocalStorage(self.repository), PASSWORD.encode(), self.home)
        repo.load_index()
        return repo

    def snapshots(self) -> Contents:
        """Return what every snapshot holds."""
        return hashes_of_snapshots(self.open())

    def trees(self) -> list[bytes]:
        """Return the id of the source's folder in each snapshot, oldest first."""
        repo = self.open()
        folder = os.fsencode(self.source).strip(b"/")
        return [find_folder(repo, snapshot, folder) for snapshot in repo.snapshots().snapshots.values()]

    def locks(self) -> list[str]:
        """Return the names of all locks."""
        return self.names(FileKind.LOCKS)

    def names(self, kind: FileKind) -> list[str]:
        """Return the names of the stored files of a kind."""
        return sorted(name for name, _ in LocalStorage(self.repository).list(kind))

    def blobs_of_packs(self) -> dict[str, set[bytes]]:
        """Return the ids of the blobs in every pack, as its own table of contents has them."""
        repo = self.open()
        packs = dict(repo.storage.list(FileKind.DATA))
        contents = {name: read_pack_contents(repo.storage, repo.key, PackId.from_hex(name), size) for name, size in packs.items()}
        return {name: {blob.id for blob in blobs} for name, blobs in contents.items()}

    def require_sound(self, *, may_have_unlisted_packs: bool = False) -> None:
        """Check every byte, as ``gdp check --read-data`` does: with an exclusive lock, which no stale lock of ours may hinder."""
        repo = self.open()
        keeper = LockKeeper(repo.storage, repo.key, 2, repo.own_locks, sleep=lambda _: None)
        with keeper.hold(exclusive=True, lease=Lease()):
            result = check_repository(repo, CheckOptions(ALL_PACKS), ignore_events)
        unlisted = [hint for hint in result.hints if "is in no index" in hint.template]

        assert result.errors == ()
        assert may_have_unlisted_packs or not unlisted
        assert self.locks() == []

    def _be_gdp(self, words: Sequence[str], prepare: Callable[[], None]) -> None:
        """Become a gdp of its own. Never returns."""
        code = 99
        try:
            # An interrupt that falls into coverage leaves its lock locked, and what is traced here is never saved.
            sys.settrace(None)
            threading.settrace(None)
            os.setpgid(0, 0)
            output = os.open(self.folder / "output", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            nothing = os.open(os.devnull, os.O_RDONLY)
            for descriptor, number in ((nothing, 0), (output, 1), (output, 2)):
                os.dup2(descriptor, number)
            sys.stdin = open(0, closefd=False)  # noqa: SIM115 - for as long as the process lives
            sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
            sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
            lock_files.SETTLE_SECONDS = 0.0
            prepare()
            code = run(words)
        except BaseException:  # noqa: BLE001 - goes into the output, which every test shows when it fails
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)


def backup_words(world: World, *options: str) -> list[str]:
    """Return the command that backs up a world's source in the smallest packs."""
    return ["backup", "--transfer-block-size", "1M", *options, str(world.source)]


def process_words(world: World, *arguments: str, repository: str | None = None) -> list[str]:
    """Return a command line that works in a world."""
    words = ["--repo", repository or str(world.repository), "--home", str(world.home)]
    return [*words, "--password-file", str(world.folder / "password"), *arguments]


def restic(program: Path, world: World, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run restic on a world's repository."""
    return subprocess.run(
        [program, "--repo", world.repository, "--no-cache", *arguments],
        env={**os.environ, "RESTIC_PASSWORD": PASSWORD},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def require_restic_content(program: Path, world: World) -> None:
    """Let restic remove stale locks and check: it finds nothing wrong."""
    for arguments in (["unlock"], ["check"]):
        said = restic(program, world, *arguments)
        assert said.returncode == 0, said.stdout + said.stderr
    assert world.locks() == []


def fill(source: Path, names: Sequence[str], seed: int, size: int = 300_000) -> None:
    """Write files that nothing compresses."""
    for number, name in enumerate(names):
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(noise(seed * 1000 + number, size))


def hashes_of_snapshots(repo: Repository, names: Sequence[SnapshotId] | None = None) -> Contents:
    """Return the hash of every file of snapshots (None: all): what a restore would bring. Raises what it would trip over."""
    wanted = repo.snapshots().snapshots if names is None else names
    return {name: _hashed(read_snapshot(repo, name)) for name in wanted}


def _hashed(files: dict[str, bytes]) -> dict[str, bytes]:
    return {path: hashlib.sha256(content).digest() for path, content in files.items()}


@contextmanager
def _adopting_orphans() -> Iterator[None]:
    """Become the parent of grandchildren whose parent dies, so that they can be waited for."""
    libc = ctypes.CDLL(None)
    libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _reap(group: int) -> None:
    while True:
        try:
            os.waitpid(-group, 0)
        except ChildProcessError:
            return
