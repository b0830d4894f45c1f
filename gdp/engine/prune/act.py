"""Carries out a prune: copies first, then indexes, then removals, so that a stop anywhere leaves everything readable.

======================================  ===========================================================
step                                    stopped after it, the repository holds
======================================  ===========================================================
1 remove packs that no index lists      nothing that anybody could find is gone
2 store copies, and indexes for them    some blobs twice
3 store indexes without the old packs   old packs listed still by the old indexes
4 remove the old indexes                old packs that no index lists: the next prune removes them
5 remove the old packs                  what it should
======================================  ===========================================================
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

from gdp.core.aes_ctr import Buffer
from gdp.core.errors import DamagedData, FileMissing
from gdp.core.ids import PackId
from gdp.core.language import N_
from gdp.core.packformat import BlobKind, PackedBlob
from gdp.engine.copy.pack_store import PackStore
from gdp.engine.copy.reseal import Resealer
from gdp.engine.prune.index_rewrite import rewrite_indexes
from gdp.engine.prune.needed import Mark, find_needed
from gdp.engine.prune.options import PruneOptions, PrunePlan
from gdp.engine.prune.plan import plan_prune
from gdp.model.events import Emit, Note, Progress, StageBegan
from gdp.model.files import FileKind, StoredFile
from gdp.repo.pack_reader import PackBytes, pack_file
from gdp.repo.repository import Repository
from gdp.storage.leftovers import sweep_leftovers

REMOVE_THREADS = 4  # a removal is one round trip
_READ_AHEAD = 2


def prepare_prune(repo: Repository, options: PruneOptions, emit: Emit) -> PrunePlan:
    """Read the repository and return what a prune would do. The caller holds an exclusive lock, for a dry run too.

    Raises DamagedData when a snapshot, an index or a directory cannot be read, or something needed is missing.
    """
    emit(StageBegan(N_("finding out what the snapshots need")))
    snapshots = repo.snapshots()
    for problem in snapshots.damaged.values():
        raise DamagedData(
            N_("{reason}; nothing was removed, since nobody knows what that snapshot needs"),
            N_("Run 'gdp check'. When the snapshot is lost for good, forget it by its id first."),
            reason=problem,
        ) from problem
    index = repo.load_index()
    needed = find_needed(repo, snapshots.snapshots, emit)
    stored = {PackId.from_hex(name): size for name, size in repo.storage.list(FileKind.DATA)}
    return plan_prune(index, needed, stored, options, format_version=repo.config.version)


def prune(repo: Repository, plan: PrunePlan, options: PruneOptions, emit: Emit) -> None:
    """Carry out a plan of ``prepare_prune``. The repository's index must be loaded anew afterwards."""
    if plan.remove_first:
        repo.pack_journal.clear()  # what earlier runs noted and never indexed goes now
    _remove_packs(repo, plan.remove_first, emit)
    indexes = list(repo.index_names)
    if plan.repack:
        emit(StageBegan(N_("copying what is needed out of old packs")))
        with PackStore(repo, options.pack_bytes) as store:
            _copy_needed(repo, plan, store, emit)
            _require_all_copied(plan)
        indexes += store.index_names
    gone = {*plan.repack, *plan.remove, *plan.ignore}
    if gone:
        emit(StageBegan(N_("writing new indexes")))
        rewrite_indexes(repo, indexes, gone)
    _remove_packs(repo, sorted((*plan.repack, *plan.remove)), emit)
    _sweep(repo, emit)


def _sweep(repo: Repository, emit: Emit) -> None:
    """Remove what interrupted uploads of ours left behind; their age is judged by the lock that was just written."""
    for lock in repo.own_locks.held():
        swept = sweep_leftovers(repo.storage, StoredFile(FileKind.LOCKS, lock))
        if swept:
            emit(Note(N_("removed {count:unfinished file|unfinished files} of interrupted uploads"), {"count": swept}))


def _copy_needed(repo: Repository, plan: PrunePlan, store: PackStore, emit: Emit) -> None:
    resealer = Resealer(repo.key, repo.key, target_version=repo.config.version)
    sizes = dict(repo.storage.list(FileKind.DATA))
    for done, (pack, content) in enumerate(_read_ahead(repo, [(pack, sizes[pack.hex()]) for pack in plan.repack]), 1):
        for blob in content.contents(repo.key):
            if plan.marks.get(blob.kind, blob.id) == Mark.NEEDED:
                store.add(blob.kind, blob.id, *_copy(repo, resealer, content, blob))
                plan.marks.mark(blob.kind, blob.id, Mark.COPIED)
        emit(Progress(done, len(plan.repack), current=pack.hex()))


def _copy(repo: Repository, resealer: Resealer, content: PackBytes, blob: PackedBlob) -> tuple[Buffer, int]:
    try:
        return resealer.reseal(blob, content.read(blob.offset, blob.length))
    except DamagedData:
        # Another copy may be good; else this raises, and the prune ends before anything needed is removed.
        return resealer.seal(blob.kind, repo.load_blob(BlobKind(blob.kind), blob.id))


def _read_ahead(repo: Repository, packs: Iterable[tuple[PackId, int]]) -> Iterator[tuple[PackId, PackBytes]]:
    waiting = iter(packs)
    ahead: deque[tuple[PackId, Future[PackBytes]]] = deque()
    with ThreadPoolExecutor(_READ_AHEAD, "packs") as readers:
        while True:
            while len(ahead) < _READ_AHEAD and (following := next(waiting, None)):
                ahead.append((following[0], readers.submit(PackBytes, repo.storage, *following)))
            if not ahead:
                return
            pack, content = ahead.popleft()
            yield pack, content.result()


def _require_all_copied(plan: PrunePlan) -> None:
    left = next(plan.marks.marked(Mark.NEEDED), None)
    if left:
        raise DamagedData(
            N_("the needed block {blob} was in none of the packs in which the index has it; nothing needed was removed"),
            N_("Run 'gdp repair index', then 'gdp check'."),
            blob=left[1].hex(),
        )


def _remove_packs(repo: Repository, packs: Sequence[PackId], emit: Emit) -> None:
    if not packs:
        return
    emit(StageBegan(N_("removing packs")))
    with ThreadPoolExecutor(REMOVE_THREADS, "remove") as threads:
        for done, _ in enumerate(threads.map(lambda pack: _remove(repo, pack), packs), 1):
            emit(Progress(done, len(packs)))


def _remove(repo: Repository, pack: PackId) -> None:
    with suppress(FileMissing):
        repo.storage.remove(pack_file(pack))
