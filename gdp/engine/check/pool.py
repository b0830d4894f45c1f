"""Lets several processes check packs. They are forked before the repository is opened, and fetch packs for themselves."""

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from heapq import heappop, heappush

from gdp.core.crypto import MasterKey
from gdp.core.errors import DamagedData, FileMissing, GdpError
from gdp.engine.check.packs import PackJob, PackVerdict, fetch_pack, verify_pack
from gdp.engine.workers import Channel, WorkerPool, worker_count
from gdp.model.files import CONFIG_FILE
from gdp.repo.pack_reader import PackBytes
from gdp.storage.contract import Storage

OpenStorage = Callable[[Mapping[str, str]], Storage]
"""opens the repository's storage in a worker, given the secrets that it needs (passwords, passphrases) by name"""

READ_AHEAD_PACKS = 1  # it arrives while the one before is checked; each takes the memory of a pack
_UNDER_WAY = READ_AHEAD_PACKS + 1  # with one, so that a worker never waits for its parent


class CheckWorkers:
    """Worker processes that wait for packs to check."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self._waiting: list[tuple[tuple[bool, int], PackJob]] = []
        """a heap"""
        self._under_way = [0] * len(pool)
        self._have_key = False

    @property
    def is_busy(self) -> bool:
        """Say whether verdicts are to come."""
        return any(self._under_way)

    def begin(self, key: MasterKey, secrets: Mapping[str, str]) -> None:
        """Give the workers what they need to read the repository, before the first pack. Called again, it forgets every pack."""
        self._waiting.clear()
        while self.is_busy:
            for _ in self.verdicts():
                pass
        if not self._have_key:
            self._pool.broadcast((key.raw(), dict(secrets)))
            self._have_key = True

    def add(self, job: PackJob) -> None:
        """Let a pack be checked, soon."""
        heappush(self._waiting, (job.rank, job))
        self._feed()

    def verdicts(self, timeout_seconds: float | None = None) -> Iterator[PackVerdict]:
        """Wait, then yield what the workers have found; nothing when nothing is under way."""
        if not self.is_busy:
            return
        for number, answer in self._pool.receive(timeout_seconds):
            self._under_way[number] -= 1
            self._feed()
            yield PackVerdict(*answer)

    def close(self, *, at_once: bool = False) -> None:
        """End the workers."""
        self._pool.close(at_once=at_once)

    def _feed(self) -> None:
        """Hand out what waits to the workers that have least to do."""
        while self._waiting and (least := min(self._under_way)) < _UNDER_WAY:
            number = self._under_way.index(least)
            self._under_way[number] += 1
            self._pool.channels[number].send(tuple(heappop(self._waiting)[1]))


def prepare_check(open_storage: OpenStorage, count: int | None = None) -> CheckWorkers:
    """Fork the workers. To be called before the first thread, connection or key exists in this process."""

    def serve(channel: Channel) -> None:
        _serve(channel, open_storage)

    return CheckWorkers(WorkerPool(count or worker_count(), serve))


def verify_here(storage: Storage, key: MasterKey, jobs: Iterable[PackJob]) -> Iterator[PackVerdict]:
    """Yield the verdicts on all jobs without worker processes; the next pack arrives while one is checked."""
    with ThreadPoolExecutor(READ_AHEAD_PACKS, "packs") as readers:
        ahead: deque[tuple[PackJob, Future[PackBytes | DamagedData | FileMissing]]] = deque()
        waiting = iter(jobs)
        while True:
            while len(ahead) < READ_AHEAD_PACKS and (job := next(waiting, None)):
                ahead.append((job, readers.submit(fetch_pack, storage, job)))
            if not ahead:
                return
            job, content = ahead.popleft()
            yield verify_pack(storage, key, job, content.result())


def _serve(channel: Channel, open_storage: OpenStorage) -> None:
    raw_key, secrets = channel.receive()
    with contextlib.closing(open_storage(secrets)) as storage, ThreadPoolExecutor(READ_AHEAD_PACKS, "packs") as readers:
        readers.submit(_connect, storage)
        ahead: deque[tuple[PackJob, Future[PackBytes | DamagedData | FileMissing]]] = deque()
        key = MasterKey(raw_key)
        while True:
            # Wait for a job only when there is nothing to do; a job that is there already is begun beside the current one.
            while len(ahead) < READ_AHEAD_PACKS and (not ahead or channel.has_message()):
                job = PackJob(*channel.receive())
                ahead.append((job, readers.submit(fetch_pack, storage, job)))
            job, content = ahead.popleft()
            channel.send(tuple(verify_pack(storage, key, job, content.result())))


def _connect(storage: Storage) -> None:
    """Make the connection while the parent still reads the index. Whatever goes wrong, the first pack meets and tells it."""
    with contextlib.suppress(GdpError):
        storage.size(CONFIG_FILE)
