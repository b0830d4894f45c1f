"""The way into the repository: opened, locked and compared with, while the walk has begun already.

What there is to compare with is read while the fresh lock settles. What was relied on is looked at again once the lock is sure.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace

from gdp.core.errors import RepositoryLocked
from gdp.engine.archive.dispatch import TREE_WORKER
from gdp.engine.archive.opening import Opening
from gdp.engine.archive.options import BackupOptions
from gdp.engine.archive.parent import Comparison, ForeignChunkingError, compare_with, refuse_foreign_chunking
from gdp.engine.archive.stored import StoredBlobs
from gdp.engine.archive.worker import OpenStorage
from gdp.engine.workers import WorkerPool
from gdp.model.events import Emit
from gdp.model.files import FileKind
from gdp.repo.lease import Lease
from gdp.repo.repository import CLEANED_UP, RUN_AGAIN, Repository
from gdp.repo.shared_ids import SharedIds

_CLEAN_END_SECONDS = 3.0  # how long an interrupted run waits for the opening; taking a lock needs a fraction of it


@dataclass(frozen=True, slots=True)
class BackupAccess:
    """The way to the repository, as a backup needs it: nothing is opened before the workers are forked."""

    open_storage: OpenStorage
    """for each worker"""
    secrets: Callable[[], Mapping[str, str]]
    """what the user was asked for while opening"""
    open_repository: Callable[[], Repository]
    locked: Callable[[Repository, Callable[[], None]], AbstractContextManager[None]]
    """holds a shared lock; calls the function while it is being taken, at least once"""
    lease: Lease
    agrees: Callable[[ForeignChunkingError], bool] = lambda _question: False
    """asks the user; called in the main thread, before the lock is taken"""


@dataclass(frozen=True, slots=True)
class Opened:
    """A repository, and what a run begins with."""

    repo: Repository
    stored: StoredBlobs
    comparison: Comparison


class OutdatedError(Exception):
    """Index files that were relied on while the lock was being taken are gone."""


class Entry:
    """Opens the repository of a run.

    Args:
        options: of the run; its consent to foreign chunking is noted in them.
        access: the way.
        emit: listens.
        pool: whose first worker is told to connect.
        known: the set of blob ids.
        cleanup: gives back what is taken here.
    """

    def __init__(
        self, options: BackupOptions, access: BackupAccess, emit: Emit, pool: WorkerPool, known: SharedIds, cleanup: ExitStack
    ) -> None:
        self.options = options
        self.repo: Repository | None = None
        """once it is open, locked or not"""
        self._access, self._emit, self._pool, self._known, self._cleanup = access, emit, pool, known, cleanup
        self._opening: Opening[Opened] | None = None
        """until the lock is sure"""
        self._sure_indexes: set[str] | None = None
        """listed once the lock was sure; None: there is nothing to compare with it"""

    def begin(self) -> Opening[Opened]:
        """Open and lock in the background."""
        opening = self._opening = Opening(self._open)
        self._cleanup.callback(opening.join, _CLEAN_END_SECONDS)  # a lock just taken must be known, to be given back
        return opening

    def open_with_consent(self) -> Opened:
        """Open and lock now, asking where it must be asked."""
        try:
            return self._open()
        except ForeignChunkingError as question:
            self.ask(question)
        return self._open()

    def ask(self, question: ForeignChunkingError) -> None:
        """Return when the user agrees. Raises the question itself else."""
        if not self._access.agrees(question):
            raise question
        self.options = replace(self.options, accept_foreign_chunking=True)

    def compare(self, repo: Repository) -> Opened:
        """Read what there is to compare with."""
        self._sure_indexes = None
        snapshots = repo.snapshots()  # before the index is listed: then it has all that they need
        stored = StoredBlobs(repo, self._known, self._emit, dry_run=self.options.dry_run)
        stored.distrust_snapshots(snapshots.damaged.values())
        comparison = compare_with(repo, self.options, snapshots, stored)
        if comparison.notes is not None:
            self._cleanup.callback(comparison.notes.close)
        return Opened(repo, stored, comparison)

    def is_sure(self, opened: Opened) -> bool:
        """Say whether every index file that was relied on was still there when the lock was sure."""
        return self._sure_indexes is None or opened.stored.index_names <= self._sure_indexes

    def make_sure(self, opened: Opened, *, has_begun: bool) -> None:
        """Wait until the lock is sure, and see whether what was read before still holds. Harmless when done already.

        Args:
            opened: what was relied on.
            has_begun: workers may count on blocks of it.

        Raises:
            OutdatedError: it does not hold.
            RepositoryLocked: nor does it, and workers have begun.
        """
        if self._opening is None:
            return
        self._opening.result()
        self._opening = None
        if self.is_sure(opened):
            return
        if has_begun:
            raise RepositoryLocked(CLEANED_UP, RUN_AGAIN)
        raise OutdatedError

    def _open(self, show_draft: Callable[[Opened], None] = lambda _draft: None) -> Opened:
        """Open and lock. What there is to compare with is read while the fresh lock settles, and shown as a draft."""
        repo = self.repo
        if repo is None:
            repo = self.repo = self._access.open_repository()
            self._cleanup.callback(repo.storage.close)
        refuse_foreign_chunking(repo, self.options)
        drafts: list[Opened] = []

        def look_ahead() -> None:
            if not drafts:
                drafts.append(self.compare(repo))
                show_draft(drafts[0])

        if self.options.dry_run:
            look_ahead()
        else:
            self._pool.channels[TREE_WORKER].send(("connect", dict(self._access.secrets())))
            self._access.lease.expect()
            self._cleanup.enter_context(self._access.locked(repo, look_ahead))
            self._access.lease.confirm()
            self._sure_indexes = {name for name, _ in repo.storage.list(FileKind.INDEX)}
        return drafts[0]
