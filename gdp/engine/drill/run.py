"""Makes a restore drill: draw files, restore them with the restore that everybody uses, compare them, remove them."""

import os
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.engine.browse.walk import Entry, walk
from gdp.engine.drill.choose import choose_files
from gdp.engine.drill.compare import SourceState, compare_with_source, is_as_stored
from gdp.engine.drill.place import open_up, temporary_place
from gdp.engine.restore import RestoreOptions, restore
from gdp.engine.workers import WorkerPool
from gdp.model.events import Emit, Event, Note, Problem, Progress, StageBegan
from gdp.model.sizes import typed_size
from gdp.model.snapshot import Snapshot
from gdp.repo.repository import Repository

UNLIKE_SNAPSHOT = N_("was restored on trial, but is not what was backed up")
UNLIKE_SOURCE = N_("differs from what was backed up, although its size and time of change are the same")
_UNLIKE_HINT = N_("Its disk may be failing, or a program writes to it and sets the time back. Compare the two by hand.")


@dataclass(frozen=True, slots=True)
class DrillOptions:
    """What to draw, and where to restore it."""

    folder: Path
    """in it a temporary place is made"""
    most_files: int
    most_bytes: int
    """all files together"""
    seed: int
    """the same one draws the same files of the same snapshot"""
    has_sources_here: bool
    """the snapshot was made on this computer"""


@dataclass(frozen=True, slots=True)
class FileProof:
    """What came of one file."""

    path: bytes
    size: int
    is_right: bool
    source: SourceState


@dataclass(slots=True)
class DrillResult:
    """What came of all."""

    files: list[FileProof] = field(default_factory=list)
    files_restored: int = 0
    bytes_restored: int = 0
    folders_unreadable: int = 0
    """directories of the snapshot that could not be read, so that nothing was drawn from them"""

    @property
    def files_verified(self) -> int:
        """How many are what was backed up."""
        return sum(proof.is_right for proof in self.files)

    @property
    def mismatches(self) -> int:
        """How many files and directories could not be restored, or not rightly."""
        return len(self.files) - self.files_verified + self.folders_unreadable

    def sources(self, *states: SourceState) -> int:
        """How many files have a source in one of these states."""
        return sum(proof.source in states for proof in self.files)


def drill(
    repo: Repository,
    snapshot: Snapshot,
    options: DrillOptions,
    pool: WorkerPool,
    *,
    secrets: Mapping[str, str],
    emit: Emit,
    may_go_on: Callable[[], None] = lambda: None,
) -> DrillResult:
    """Restore random files of a snapshot to a temporary place, compare them, and remove the place.

    Args:
        repo: with its index loaded.
        pool: made by ``start_workers`` of the restore, for this drill only.
        secrets, may_go_on: as for ``restore``.
        emit: told of every problem.

    Raises:
        BadInput: every file of the snapshot is too large.
        DamagedData: not even the snapshot's first directory can be read.
        GdpError: the temporary place cannot be made, or has no room.
    """
    run = _Drill(repo, snapshot, options, emit)
    emit(StageBegan(N_("drawing files")))
    files = run.draw()
    if not files:
        return run.result
    with temporary_place(options.folder, sum(entry.node.size for entry in files), emit) as place:
        target = RestoreOptions(place, paths=[entry.path for entry in files])
        done = restore(repo, snapshot, target, pool, secrets=secrets, emit=run.pass_on, may_go_on=may_go_on)
        run.result.files_restored = done.files_restored + done.links_restored
        run.result.bytes_restored = done.bytes_restored
        open_up(place)
        emit(StageBegan(N_("comparing what was restored")))
        for number, entry in enumerate(files, 1):
            run.compare(entry, place)
            emit(Progress(number, len(files)))
    return run.result


class _Drill:
    """One drill under way."""

    def __init__(self, repo: Repository, snapshot: Snapshot, options: DrillOptions, emit: Emit) -> None:
        self._repo, self._snapshot, self._options, self._emit = repo, snapshot, options, emit
        self._told: set[str] = set()
        """paths of which a problem was told"""
        self.result = DrillResult()

    def pass_on(self, event: Event) -> None:
        """Tell what walking and restoring tell, but for notes such as that only root can give files away."""
        if isinstance(event, Problem):
            self._told.add(event.path)
        if not isinstance(event, Note):
            self._emit(event)

    def draw(self) -> list[Entry]:
        """Return the files to restore."""
        entries = walk(self._repo, bytes.fromhex(self._snapshot.tree), self.pass_on)
        possible = (entry for entry in entries if b".." not in entry.path.split(b"/"))  # such a name leads out of the place
        choice = choose_files(possible, self._options.most_files, self._options.most_bytes, random.Random(self._options.seed))
        self.result.folders_unreadable = len(self._told)
        if not choice.files and choice.too_large:
            raise BadInput(
                N_("every file of the snapshot is larger than the {size} that the drill may restore"),
                N_("Give more with --size, or drill-size in the set."),
                size=typed_size(self._options.most_bytes),
            )
        return choice.files

    def compare(self, entry: Entry, place: Path) -> None:
        """Note whether a file was restored rightly, and how its source is."""
        name, restored = os.fsdecode(entry.path), place / os.fsdecode(entry.path[1:])
        is_right = is_as_stored(restored, entry.node, self._repo.index)
        if not is_right and name not in self._told:
            self._emit(Problem(UNLIKE_SNAPSHOT, {}, name))
        state = SourceState.ELSEWHERE
        if is_right and self._options.has_sources_here and _is_whole_path(entry.path, self._snapshot):
            state = compare_with_source(restored, entry.node, entry.path)
        if state is SourceState.UNLIKE:
            self._emit(Problem(UNLIKE_SOURCE, {}, name, _UNLIKE_HINT))
        self.result.files.append(FileProof(entry.path, entry.node.size, is_right, state))


def _is_whole_path(path: bytes, snapshot: Snapshot) -> bool:
    """Say whether a file's place in the snapshot is its place on the disk, which is not so for relative sources."""
    return any(path == source or path.startswith(source.rstrip(b"/") + b"/") for source in map(os.fsencode, snapshot.paths))
