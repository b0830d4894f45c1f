"""Runs a check from the configuration down to the last byte, in the order in which a reader would trip over things."""

import random
from collections.abc import Iterable, Mapping

from gdp.core.ids import PackId
from gdp.core.language import N_
from gdp.engine.check.blob_marks import BlobMarks
from gdp.engine.check.files import judge_small_files, judge_snapshots
from gdp.engine.check.indexes import IndexSurvey, compare_with_stored, survey_indexes
from gdp.engine.check.options import CheckOptions, CheckResult, Finding, Findings, Part, Subset, error, is_in_part, select_packs
from gdp.engine.check.packs import PackJob, PackVerdict
from gdp.engine.check.pool import CheckWorkers, verify_here
from gdp.engine.check.trees import judge_tree
from gdp.engine.check.walk import walk_trees
from gdp.model.events import Emit, Progress, StageBegan
from gdp.model.files import FileKind
from gdp.repo.pack_reader import PackSummary
from gdp.repo.repository import Repository
from gdp.repo.snapshots import SnapshotList

_TREES_A_LOOK = 32  # directories between two looks at what the workers found; a worker has work for longer than that takes


def check_repository(
    repo: Repository,
    options: CheckOptions,
    emit: Emit,
    workers: CheckWorkers | None = None,
    secrets: Mapping[str, str] | None = None,
) -> CheckResult:
    """Check a repository and return everything that was found; each finding is emitted as it is found.

    The caller holds an exclusive lock, and opens ``repo`` over the storage itself or over an empty cache: what an older cache
    holds says nothing about the server.

    Args:
        repo: the repository; its index is read anew.
        options: how deep to look.
        emit: told of every finding, and of progress.
        workers: from ``prepare_check``; None: packs are checked in this process.
        secrets: what the workers need to open the storage.
    """
    return _Check(repo, emit).run(options, workers, secrets or {})


class _Check:
    def __init__(self, repo: Repository, emit: Emit) -> None:
        self._repo, self._emit = repo, emit
        self._findings = Findings()
        self._trees = self._packs_read = self._bytes_read = 0
        self._packs_total = self._bytes_total = 0

    def run(self, options: CheckOptions, workers: CheckWorkers | None, secrets: Mapping[str, str]) -> CheckResult:
        self._emit(StageBegan(N_("checking keys, snapshots and indexes")))
        self._tell_all(judge_small_files(self._repo))
        snapshots = self._repo.snapshots()
        self._tell_all(judge_snapshots(snapshots))
        stored = {PackId.from_hex(name): size for name, size in self._repo.storage.list(FileKind.DATA)}
        queue = _PackQueue(stored, options.read_data, workers)
        if workers:
            workers.begin(self._repo.key, secrets)
        survey = survey_indexes(self._repo, self._tell, queue.offer)
        self._tell_all(compare_with_stored(survey, stored))
        self._note_damaged_sizes(survey, stored)
        queue.complete(survey)
        self._packs_total, self._bytes_total = queue.packs, queue.bytes
        self._check_trees(snapshots, workers)
        self._read_packs(queue, workers)
        return self._result(snapshots, survey)

    def _check_trees(self, snapshots: SnapshotList, workers: CheckWorkers | None) -> None:
        self._emit(StageBegan(N_("checking snapshots and directories")))
        roots = [bytes.fromhex(snapshot.tree) for snapshot in snapshots.snapshots.values()]
        for tree in walk_trees(self._repo, roots, BlobMarks()):
            self._trees += 1
            self._tell_all(judge_tree(tree, self._repo.index.locate))
            if self._trees % _TREES_A_LOOK == 0:
                self._emit(Progress(self._trees))
                for verdict in workers.verdicts(0) if workers else ():
                    self._take(verdict)

    def _read_packs(self, queue: "_PackQueue", workers: CheckWorkers | None) -> None:
        if not queue.packs:
            return
        self._emit(StageBegan(N_("checking every byte of the packs")))
        if workers is None:
            for verdict in verify_here(self._repo.storage, self._repo.key, queue.jobs):
                self._take(verdict)
        while workers and workers.is_busy:
            for verdict in workers.verdicts():
                self._take(verdict)

    def _take(self, verdict: PackVerdict) -> None:
        self._packs_read += 1
        self._bytes_read += verdict.bytes_read
        for template, facts in verdict.faults:
            self._tell(error(template, **facts))
        if verdict.faults:
            self._findings.damaged_packs.append(verdict.pack.hex())
        self._emit(Progress(self._packs_read, self._packs_total, self._bytes_read, self._bytes_total))

    def _note_damaged_sizes(self, survey: IndexSurvey, stored: Mapping[PackId, int]) -> None:
        wrong = [pack.hex() for pack, summary in survey.packs.items() if stored.get(pack, summary.size) != summary.size]
        self._findings.damaged_packs += wrong

    def _tell_all(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self._tell(finding)

    def _tell(self, finding: Finding) -> None:
        self._findings.add(finding)
        self._emit(finding)

    def _result(self, snapshots: SnapshotList, survey: IndexSurvey) -> CheckResult:
        return CheckResult(
            tuple(self._findings.errors),
            tuple(self._findings.hints),
            tuple(dict.fromkeys(self._findings.damaged_packs)),
            len(snapshots.snapshots),
            self._trees,
            len(survey.packs),
            survey.index.blob_count,
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

    def offer(self, pack: PackId, summary: PackSummary) -> None:
        """Take a pack of which it is clear already that it is to be read."""
        if isinstance(self._subset, Part) and is_in_part(pack, self._subset):
            self._take(pack, summary)

    def complete(self, survey: IndexSurvey) -> None:
        """Choose among all packs where chance decides."""
        if self._subset is None or isinstance(self._subset, Part):
            return
        there = {pack: self._stored[pack] for pack in survey.packs if pack in self._stored}
        for pack in select_packs(there, self._subset, random.SystemRandom()):
            self._take(pack, survey.packs[pack])

    def _take(self, pack: PackId, summary: PackSummary) -> None:
        size = self._stored.get(pack)
        if size is None:
            return  # missing; that was said
        self.packs += 1
        self.bytes += size
        job = PackJob(pack, size, *summary)
        if self._workers:
            self._workers.add(job)
        else:
            self.jobs.append(job)
