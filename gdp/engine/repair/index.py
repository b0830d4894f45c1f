"""Makes the index files agree with the packs that are there. Reads packs' tables of contents where indexes do not help."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from gdp.core.errors import DamagedData, FileMissing
from gdp.core.ids import PackId
from gdp.core.language import N_
from gdp.core.packformat import PackedBlob
from gdp.model.events import Emit, Note, Problem, Progress, StageBegan
from gdp.model.files import FileKind, StoredFile
from gdp.repo.index_files import IndexWriter, decode_index
from gdp.repo.pack_reader import PackSummary, read_pack_contents, summarize
from gdp.repo.repository import Repository

READ_THREADS = 8  # each reads a few kilobytes: round trips are all that counts


@dataclass(frozen=True, slots=True)
class IndexRepair:
    """What was done."""

    packs_added: tuple[str, ...]
    """packs whose own table of contents is now in the index"""
    packs_dropped: tuple[str, ...]
    """packs that the indexes listed and that are missing or unreadable"""
    files_removed: int
    files_written: int

    @property
    def changed(self) -> bool:
        """Say whether anything was done."""
        return bool(self.files_removed or self.files_written)


def repair_index(repo: Repository, emit: Emit, *, read_all_packs: bool = False) -> IndexRepair:
    """Replace index files that are wrong. The caller holds an exclusive lock; the index must be loaded anew afterwards.

    New files are stored before any old one is removed.

    Args:
        repo: the repository.
        emit: told of every pack or index file that is wrong.
        read_all_packs: do not believe any index file.
    """
    emit(StageBegan(N_("comparing indexes with packs")))
    stored = {PackId.from_hex(name): size for name, size in repo.storage.list(FileKind.DATA)}
    survey = _Survey(repo, stored, emit)
    survey.read(believe=not read_all_packs)
    missing = {pack: size for pack, size in stored.items() if pack not in survey.good}
    return _rewrite(repo, survey, missing, emit)


class _Survey:
    """Which index files are wholly right, and which packs the others describe rightly."""

    def __init__(self, repo: Repository, stored: Mapping[PackId, int], emit: Emit) -> None:
        self._repo, self._stored, self._emit = repo, stored, emit
        self.good: dict[PackId, PackSummary] = {}
        """packs that the indexes describe in a way that fits the pack's size"""
        self.wrong: set[PackId] = set()
        """packs that an index lists and that are missing or described wrongly"""
        self.kept: set[PackId] = set()
        """packs listed in files that stay"""
        self.obsolete: list[str] = []

    def read(self, *, believe: bool) -> None:
        names = [name for name, _ in self._repo.storage.list(FileKind.INDEX)]
        if not believe:
            self.obsolete = names
            return
        for name in names:
            packs = self.packs_in(name)
            if packs is None or not self._take(packs):
                self.obsolete.append(name)
        # A pack that two files describe differently is wrong in both, also in a file that seemed right.
        if self.wrong & self.kept:
            for name in [name for name in names if name not in self.obsolete]:
                found = {pack for pack, _ in self.packs_in(name) or ()}
                if found & self.wrong:
                    self.obsolete.append(name)
                    self.kept -= found
        for pack in self.wrong:
            self.good.pop(pack, None)

    def packs_in(self, name: str) -> list[tuple[PackId, list[PackedBlob]]] | None:
        """Return what an index file lists; None when it cannot be read, which is then said."""
        try:
            decoded = decode_index(self._repo.load_json(FileKind.INDEX, name), name)
            return [*decoded.packs, *decoded.marked]
        except (DamagedData, FileMissing) as problem:
            self._emit(Note("{reason}", {"reason": problem}))
            return None

    def _take(self, packs: Iterable[tuple[PackId, list[PackedBlob]]]) -> bool:
        """Note an index file's packs; return whether the file can stay."""
        found: list[PackId] = []
        can_stay = True
        for pack, blobs in packs:
            summary = summarize(sorted(blobs, key=lambda blob: blob.offset))
            if self._stored.get(pack) != summary.size or self.good.get(pack, summary) != summary:
                self.wrong.add(pack)
                can_stay = False
            elif pack in self.good:
                can_stay = False  # listed twice; once is enough
            else:
                self.good[pack] = summary
                found.append(pack)
        if can_stay:
            self.kept.update(found)
        return can_stay


def _rewrite(repo: Repository, survey: _Survey, unlisted: Mapping[PackId, int], emit: Emit) -> IndexRepair:
    writer = IndexWriter(lambda json: repo.save_json(FileKind.INDEX, json))
    written = set(survey.kept)
    for name in survey.obsolete:
        for pack, blobs in survey.packs_in(name) or () if survey.good else ():
            if pack in survey.good and pack not in written:
                written.add(pack)
                writer.add(pack, blobs)
    added: list[str] = []
    for pack, contents in _read_contents(repo, unlisted, emit):
        if isinstance(contents, DamagedData):
            emit(Problem("{reason}", {"reason": str(contents)}, hint=N_("Run 'gdp repair packs' with its name.")))
        else:
            writer.add(pack, contents)
            added.append(pack.hex())
    writer.flush()
    for name in survey.obsolete:
        if name not in writer.saved:
            with suppress(FileMissing):
                repo.storage.remove(StoredFile(FileKind.INDEX, name))
    dropped = sorted(pack.hex() for pack in survey.wrong if pack.hex() not in added)
    return IndexRepair(tuple(added), tuple(dropped), len(survey.obsolete), len(writer.saved))


def _read_contents(
    repo: Repository, packs: Mapping[PackId, int], emit: Emit
) -> Iterator[tuple[PackId, list[PackedBlob] | DamagedData]]:
    """Yield the packs' tables of contents, or why they cannot be read."""
    if not packs:
        return
    emit(StageBegan(N_("reading packs' tables of contents")))

    def read(item: tuple[PackId, int]) -> tuple[PackId, list[PackedBlob] | DamagedData | None]:
        try:
            return item[0], read_pack_contents(repo.storage, repo.key, *item)
        except DamagedData as problem:
            return item[0], problem
        except FileMissing:
            return item[0], None  # removed between the listing and now

    ahead: deque[Future[tuple[PackId, list[PackedBlob] | DamagedData | None]]] = deque()
    waiting = iter(packs.items())
    with ThreadPoolExecutor(READ_THREADS, "packs") as threads:
        done = 0
        while True:
            while len(ahead) < 2 * READ_THREADS and (item := next(waiting, None)):
                ahead.append(threads.submit(read, item))
            if not ahead:
                return
            pack, contents = ahead.popleft().result()
            done += 1
            emit(Progress(done, len(packs)))
            if contents is not None:
                yield pack, contents
