"""Runs a check from the configuration down to the last byte, in the order in which a reader would trip over things."""

import random
import time
from collections.abc import Mapping

from gdp.core.ids import PackId
from gdp.core.language import N_
from gdp.engine.check.blob_marks import BlobMarks
from gdp.engine.check.directory_proof import DirectoryProof
from gdp.engine.check.files import judge_small_files, judge_snapshots
from gdp.engine.check.indexes import IndexSurvey, compare_with_stored, survey_indexes
from gdp.engine.check.options import (
    ALL_PACKS,
    CheckOptions,
    CheckResult,
    Finding,
    Findings,
    Part,
    Subset,
    error,
    is_in_part,
    select_packs,
)
from gdp.engine.check.packs import PackJob, PackVerdict
from gdp.engine.check.pool import CheckWorkers, verify_here
from gdp.engine.check.trees import judge_tree
from gdp.engine.check.walk import walk_trees
from gdp.model.events import Emit, Progress, StageBegan
from gdp.model.files import FileKind
from gdp.repo.pack_reader import PackSummary
from gdp.repo.repository import Repository
from gdp.repo.verified_packs import DAMAGED

_TREES_A_LOOK = 32  # directories between two looks at what the workers found; a worker has work for longer than that takes


def check_repository(
    repo: Repository,
    options: CheckOptions,
    emit: Emit,
    workers: CheckWorkers | None = None,
    secrets: Mapping[str, str] | None = None,
) -> CheckResult:
    """Check a repository on which the caller holds an exclusive lock. See ``RepositoryCheck``."""
    check = RepositoryCheck(options, emit, workers)
    check.begin(repo, secrets or {})
    return check.finish()


class RepositoryCheck:
    """Checks one repository in two steps, so that the first can be taken while the lock is not sure yet.

    The repository is open over the storage itself or over an empty cache: what an older one holds says nothing about the server.

    Args:
        options: how deep to look.
        emit: told of every finding, and of progress.
        workers: from ``prepare_check``; None: packs are checked in this process.
    """

    def __init__(self, options: CheckOptions, emit: Emit, workers: CheckWorkers | None = None) -> None:
        self._options, self._emit, self._workers = options, emit, workers

    def begin(self, repo: Repository, secrets: Mapping[str, str]) -> None:
        """Read everything but the packs, and let the workers begin with those. Called again, it forgets all and begins anew.

        What is found is told by ``finish``, when it is certain that nobody changed the repository meanwhile. ``secrets`` is
        what the workers need to open the storage. The repository's index is read anew.
        """
        self._repo = repo
        self._findings = Findings()
        self._trees = self._packs_read = self._bytes_read = 0
        self._read: dict[bytes, int] = {}
        self._emit(StageBegan(N_("checking keys, snapshots and indexes")))
        if self._workers and self._options.read_data:
            self._workers.begin(repo.key, secrets)
        self._findings.add_all(judge_small_files(repo))
        self._snapshots = repo.snapshots()
        self._findings.add_all(judge_snapshots(self._snapshots))
        stored = {PackId.from_hex(name): size for name, size in repo.storage.list(FileKind.DATA)}
        self._queue = _PackQueue(stored, self._options.read_data, self._workers)
        self._survey = survey_indexes(repo, self._findings.add, self._queue.offer)
        self._findings.add_all(compare_with_stored(self._survey, stored))
        self._note_damaged_sizes(stored)
        self._queue.complete(self._survey)
        self._proof = DirectoryProof(self._survey.index.locate)

    def finish(self) -> CheckResult:
        """Check directories and packs, and return everything that was found; each finding is emitted as it is found."""
        for finding in self._findings.all:
            self._emit(finding)
        if self._options.read_data == ALL_PACKS:
            self._read_packs()
            if not self._are_directories_proven():
                self._check_trees()
        else:
            self._check_trees()
            self._read_packs()
        if self._read:
            self._repo.verified_packs.note(self._read, self._survey.packs)
        return self._result()

    def _roots(self) -> list[bytes]:
        return [bytes.fromhex(snapshot.tree) for snapshot in self._snapshots.snapshots.values()]

    def _are_directories_proven(self) -> bool:
        """Say whether no directory needs to be looked at any more, after all packs were read."""
        if self._findings.errors:
            return False
        count = self._proof.directories(self._survey.index.packs, self._roots())
        self._trees = count or 0
        return count is not None

    def _check_trees(self) -> None:
        self._emit(StageBegan(N_("checking snapshots and directories")))
        for tree in walk_trees(self._repo, self._roots(), BlobMarks()):
            self._trees += 1
            for finding in judge_tree(tree, self._survey.index.locate):
                self._tell(finding)
            if self._trees % _TREES_A_LOOK == 0:
                self._emit(Progress(self._trees))
                for verdict in self._workers.verdicts(0) if self._workers else ():
                    self._take(verdict)

    def _read_packs(self) -> None:
        if not self._queue.packs:
            return
        self._emit(StageBegan(N_("checking every byte of the packs")))
        workers = self._workers
        if workers is None:
            for verdict in verify_here(self._repo.storage, self._repo.key, self._queue.jobs):
                self._take(verdict)
        while workers and workers.is_busy:
            for verdict in workers.verdicts():
                self._take(verdict)

    def _take(self, verdict: PackVerdict) -> None:
        self._packs_read += 1
        self._bytes_read += verdict.bytes_read
        self._read[verdict.pack] = DAMAGED if verdict.faults else int(time.time())
        for template, facts in verdict.faults:
            self._tell(error(template, **facts))
        if verdict.faults:
            self._findings.damaged_packs.append(verdict.pack.hex())
        self._proof.add(verdict)
        self._emit(Progress(self._packs_read, self._queue.packs, self._bytes_read, self._queue.bytes))

    def _note_damaged_sizes(self, stored: Mapping[PackId, int]) -> None:
        packs = self._survey.packs.items()
        self._findings.damaged_packs += [pack.hex() for pack, summary in packs if stored.get(pack, summary.size) != summary.size]

    def _tell(self, finding: Finding) -> None:
        self._findings.add(finding)
        self._emit(finding)

    def _result(self) -> CheckResult:
        return CheckResult(
            tuple(self._findings.errors),
            tuple(self._findings.hints),
            tuple(dict.fromkeys(self._findings.damaged_packs)),
            len(self._snapshots.snapshots),
            self._trees,
            len(self._survey.packs),
            self._survey.index.blob_count,
            self._packs_read,
            self._bytes_read,
        )


class _PackQueue:
    """Decides which packs are read. For a part that is known pack by pack, so workers begin at once; for a random share not."""

    def __init__(self, stored: Mapping[PackId, int], subset: Subset | None, workers: CheckWorkers | None) -> None:
        self._stored, self._subset, self._workers = stored, subset, workers
        self.jobs: list[PackJob] = []
        """what to check in this process; stays empty with workers"""
        self.packs = self.bytes = 0

    def offer(self, pack: PackId, summary: PackSummary, holds_directories: bool) -> None:  # noqa: FBT001
        """Take a pack of which it is clear already that it is to be read."""
        if isinstance(self._subset, Part) and is_in_part(pack, self._subset):
            self._take(pack, summary, holds_directories=holds_directories)

    def complete(self, survey: IndexSurvey) -> None:
        """Choose among all packs where chance decides."""
        if self._subset is None or isinstance(self._subset, Part):
            return
        there = {pack: self._stored[pack] for pack in survey.packs if pack in self._stored}
        for pack in select_packs(there, self._subset, random.SystemRandom()):
            self._take(pack, survey.packs[pack])

    def _take(self, pack: PackId, summary: PackSummary, *, holds_directories: bool = False) -> None:
        size = self._stored.get(pack)
        if size is None:
            return  # missing; that was said
        self.packs += 1
        self.bytes += size
        job = PackJob(pack, size, *summary, self._subset == ALL_PACKS, holds_directories)
        if self._workers:
            self._workers.add(job)
        else:
            self.jobs.append(job)
