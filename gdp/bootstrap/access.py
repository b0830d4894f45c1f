"""A way to a repository: how to reach it, and how to open and lock it. Opens nothing when it is made.

The order matters for whoever forks workers: make an Access, fork, and only then open. What parent and workers share (the
lease on the lock) exists before the fork; connections, threads and keys only after it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path

import msgspec

from gdp.bootstrap.storages import Ask, Reaching, StorageMaker
from gdp.model.events import Emit
from gdp.model.files import FileKind
from gdp.model.target import LocalTarget, Target
from gdp.repo.cache import CachedStorage, TemporaryCache
from gdp.repo.lease import Lease, LeasedStorage
from gdp.repo.locks import LockKeeper
from gdp.repo.opening import init_repository, open_repository
from gdp.repo.repository import Repository
from gdp.storage.contract import Storage


class CacheUse(Enum):
    """Which copies of index and trees on this computer are used."""

    KEPT = auto()
    FRESH = auto()
    """an empty one, gone afterwards: what an older one holds may be damaged on the server by now"""
    NONE = auto()


class AccessSettings(msgspec.Struct, frozen=True):
    """Everything about a repository but its password."""

    target: Target
    home: Path
    reaching: Reaching
    cache: CacheUse = CacheUse.KEPT
    """only for targets that are slower than the local disk"""
    reads_without_lock: bool = False
    """for targets that cannot be written to; whoever writes locks all the same"""
    retry_lock_seconds: float = 0.0


class Access:
    """A way to one repository."""

    def __init__(self, settings: AccessSettings, ask: Ask, emit: Emit) -> None:
        self.settings = settings
        self._emit = emit
        pinned_hosts = settings.home / "known_hosts"
        self.make_storage = StorageMaker(settings.target, settings.reaching, pinned_hosts, ask, emit)
        """gives each process a storage of its own, whose writes no lock protects"""
        self.lease = Lease()

    def open(
        self, password: bytes, *, lists_ahead: Sequence[FileKind] = (), meanwhile: Callable[[], None] = lambda: None
    ) -> Repository:
        """Return the repository, open. Raises NoRepository, WrongPassword.

        ``lists_ahead``: what to list while the key is derived, for a lock that is taken at once; ``meanwhile`` is called then.
        """
        repository = open_repository(
            self._leased_storage(), password, self.settings.home, lists_ahead=lists_ahead, meanwhile=meanwhile
        )
        return self._with_cache(repository)

    def create(self, password: bytes, block_bytes: int) -> Repository:
        """Make a new repository and return it open. Raises BadInput when there is one."""
        return init_repository(self._leased_storage(), password, self.settings.home, block_bytes)

    @contextmanager
    def locked(
        self,
        repository: Repository,
        *,
        exclusive: bool,
        writes: bool,
        meanwhile: Callable[[], None] | None = None,
        when_sure: Callable[[], None] | None = None,
        begins_early: bool = False,
    ) -> Iterator[None]:
        """Hold a lock while the block runs, unless it only reads and the user wants none. Raises RepositoryLocked.

        ``meanwhile`` may read, and is called while the lock is being taken, ``when_sure`` when it is sure; with ``begins_early``
        the block runs before that. See ``LockKeeper.hold``.
        """
        if self.settings.reads_without_lock and not writes:
            if meanwhile is not None:
                meanwhile()
            repository.ahead.clear()
            yield
            return
        keeper, retry_seconds = self.keeper(repository), self.settings.retry_lock_seconds
        with keeper.hold(
            exclusive=exclusive,
            lease=self.lease,
            retry_seconds=retry_seconds,
            meanwhile=meanwhile,
            when_sure=when_sure,
            begins_early=begins_early,
        ):
            yield

    def keeper(self, repository: Repository) -> LockKeeper:
        """Return who takes and gives back locks."""
        version = repository.config.version
        return LockKeeper(
            repository.storage, repository.key, version, repository.own_locks, emit=self._emit, ahead=repository.ahead
        )

    def _leased_storage(self) -> Storage:
        return LeasedStorage(self.make_storage(), self.lease)

    def _with_cache(self, repository: Repository) -> Repository:
        """The cache's folder is named by the repository's id, which is known only now."""
        if self.settings.cache is CacheUse.NONE or isinstance(self.settings.target, LocalTarget):
            return repository
        if self.settings.cache is CacheUse.FRESH:
            repository.storage = TemporaryCache(repository.storage)
        else:
            repository.storage = CachedStorage(repository.storage, self.settings.home / "cache" / repository.config.id)
        return repository
