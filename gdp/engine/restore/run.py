"""Carries out a restore: plans as it goes, makes directories, keeps the workers busy, and finishes what only one can finish."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping

import msgspec

from gdp.core.errors import DamagedData
from gdp.core.ids import BlobId
from gdp.core.language import N_
from gdp.engine.browse.lookup import find_folder
from gdp.engine.restore.batch import NO_METADATA, NOT_WRITTEN
from gdp.engine.restore.dispatch import Dispatcher
from gdp.engine.restore.existing import Action
from gdp.engine.restore.finish import delete_extras, make_links
from gdp.engine.restore.folders import FolderMaker
from gdp.engine.restore.handles import FolderHandles, open_target
from gdp.engine.restore.messages import SPECIAL, SYMLINK, Failure, Outcome, Place, Start, plain_bytes
from gdp.engine.restore.metadata import Metadata, MetadataWriter, metadata_of
from gdp.engine.restore.options import RestoreOptions, RestoreResult
from gdp.engine.restore.outgoing import BATCH_BLOCKS, BATCH_BYTES, Batch, SharedFile, find_block, find_blocks
from gdp.engine.restore.plan import PlannedFolder, PlannedItem, Planner
from gdp.engine.restore.report import Report
from gdp.engine.restore.shared import SharedFiles
from gdp.engine.restore.verify import Verification
from gdp.engine.restore.writing import raise_if_hopeless
from gdp.engine.workers import WorkerPool
from gdp.model.events import Emit, StageBegan, ignore_events
from gdp.model.snapshot import Snapshot
from gdp.repo.repository import Repository

SHARED_BYTES = BATCH_BYTES // 2  # a larger file keeps several workers busy


def plan_restore(
    repo: Repository, snapshot: Snapshot, options: RestoreOptions, *, folder: bytes = b"", emit: Emit = ignore_events
) -> Iterator[PlannedFolder]:
    """Yield what a restore would do, directory by directory. Changes nothing.

    Raises BadInput when the snapshot has no directory ``folder``, DamagedData when that cannot be read.
    """
    tree = find_folder(repo, snapshot, folder)
    handles = open_target(options.target, create=False)
    try:
        yield from Planner(repo, options, handles, emit).folders(tree)
    finally:
        if handles:
            handles.close()


def restore(
    repo: Repository,
    snapshot: Snapshot,
    options: RestoreOptions,
    pool: WorkerPool,
    *,
    folder: bytes = b"",
    secrets: Mapping[str, str] | None = None,
    emit: Emit = ignore_events,
    may_go_on: Callable[[], None] = lambda: None,
) -> RestoreResult:
    """Restore a snapshot, or what lies below one of its directories.

    Args:
        repo: with its index loaded.
        snapshot: what to restore.
        options: where to, what of it, and what to do with what is there.
        pool: made by ``start_workers``, for one restore; not used for a dry run. The caller closes it.
        folder: the directory of the snapshot whose contents go into the target.
        secrets: what the workers need to open the storage.
        emit: told of progress, problems and (if ``options.report_items``) every entry.
        may_go_on: asked before anything is done; what it raises ends the restore, and what is restored by then stays.

    Returns:
        what was done. ``problems`` counts what could not be restored; the rest was.

    Raises:
        BadInput: the snapshot has no such directory.
        DamagedData: not even that directory can be read.
        GdpError: the target cannot be written to, or a worker died.
        StorageError: the repository cannot be reached.
    """
    tree = find_folder(repo, snapshot, folder)
    report = Report(options, snapshot, folder, emit)
    if options.dry_run:
        return _count(repo, tree, options, report, emit)
    handles = open_target(options.target, create=True)
    assert handles
    with handles:
        _Restore(repo, options, pool, handles, report=report, secrets=secrets or {}, may_go_on=may_go_on).run(tree)
    return report.result


def _count(repo: Repository, tree: BlobId, options: RestoreOptions, report: Report, emit: Emit) -> RestoreResult:
    handles = open_target(options.target, create=False)
    planner = Planner(repo, options, handles, emit)
    try:
        for folder in planner.folders(tree):
            report.result.folders_restored += folder.node is not None and folder.is_wanted
            for item in folder.items:
                report.planned(folder, item)
            for name in folder.extras:
                report.deleted((*folder.path, name), 1)
    finally:
        if handles:
            handles.close()
    report.result.problems += planner.problems
    return report.result


class _Restore:
    """One restore under way."""

    def __init__(
        self,
        repo: Repository,
        options: RestoreOptions,
        pool: WorkerPool,
        handles: FolderHandles,
        *,
        report: Report,
        secrets: Mapping[str, str],
        may_go_on: Callable[[], None],
    ) -> None:
        self._repo, self._options, self._handles, self._report = repo, options, handles, report
        self._may_go_on = may_go_on
        self._metadata = MetadataWriter()
        self._folders = FolderMaker(handles, self._metadata, report.folder_problem, may_delete=options.delete)
        self._shared = SharedFiles(repo.index, handles, self._metadata, report)
        found = os.fstat(handles.open(()))
        start = Start(
            repo.key.raw(),
            dict(secrets),
            os.fsencode(options.target.absolute()),
            (found.st_dev, found.st_ino),
            options.sparse,
            options.delete,
        )
        self._dispatcher = Dispatcher(pool, start, repo.index, self._settle)
        self._links: list[tuple[PlannedFolder, PlannedItem]] = []
        self._batch = Batch(0)
        self._sharing: deque[Iterator[None]] = deque()
        """of each shared file under way, what sends its parts"""
        self._most_sharing = len(pool)

    def run(self, tree: bytes) -> None:
        planner = Planner(self._repo, self._options, self._handles, self._report.emit)
        self._report.emit(StageBegan(N_("restoring files")))
        for folder in planner.folders(tree):
            self._may_go_on()
            if folder.is_wanted or folder.items:
                self._begin(folder)
                folder.items = []  # directories are kept until the end, their files only until they are written
        self._drain()
        self._may_go_on()
        self._report.result.problems += planner.problems
        make_links(self._links, self._handles, self._report, delete=self._options.delete)
        if self._options.delete:
            delete_extras(self._folders.made, self._options, self._handles, self._report)
        self._report.result.folders_restored = self._folders.finish()
        self._report.shortfalls(sorted(self._metadata.shortfalls))
        if self._options.verify:
            self._report.emit(StageBegan(N_("reading the restored files again")))
            verification = Verification(self._repo, self._options, self._dispatcher, self._report)
            self._dispatcher.settle = verification.settle
            verification.run(tree, planner.skipped | self._report.failed)
        self._report.progress()

    # --- sending -----------------------------------------------------------------------------------------------------

    def _begin(self, folder: PlannedFolder) -> None:
        if not self._folders.ensure(folder):
            return
        for item in folder.items:
            try:
                self._add(folder, item)
            except DamagedData as error:
                self._report.damage(folder, item, error)
            except (OSError, ValueError, OverflowError) as error:
                if isinstance(error, OSError):
                    raise_if_hopeless(error)
                self._report.item_problem(folder, item, NOT_WRITTEN, getattr(error, "strerror", None) or str(error))

    def _add(self, folder: PlannedFolder, item: PlannedItem) -> None:
        node = item.node
        if item.action is Action.SKIP:
            self._report.skipped(folder, item)
        elif item.link_to:
            self._links.append((folder, item))
        elif node.type == "file":
            self._add_file(folder, item)
        elif node.type == "symlink":
            self._batch.add_item(folder, item, SYMLINK, self._metadata_of(folder, item), node.target)
        else:
            self._batch.add_item(folder, item, SPECIAL, self._metadata_of(folder, item), (node.type, node.device))
        if self._batch.is_full:
            self._flush()

    def _metadata_of(self, folder: PlannedFolder, item: PlannedItem) -> Metadata:
        try:
            return metadata_of(item.node)
        except DamagedData as error:
            self._report.item_problem(folder, item, NO_METADATA, str(error))
            return metadata_of(msgspec.structs.replace(item.node, extended_attributes=None))

    def _add_file(self, folder: PlannedFolder, item: PlannedItem) -> None:
        node = item.node
        # Nearly all files have neither attributes nor a second block, and this runs once for each.
        if node.extended_attributes:
            metadata = self._metadata_of(folder, item)
        else:
            metadata = node.mode, node.uid, node.gid, node.mtime, node.atime, None
        content = node.content or []
        if len(content) == 1:
            places = [find_block(self._repo.index, content[0])]
            size = plain_bytes(places[0])
        elif node.size <= SHARED_BYTES and len(content) <= BATCH_BLOCKS:
            places = list(find_blocks(self._repo.index, content))
            size = sum(map(plain_bytes, places))
        else:
            size = sum(map(plain_bytes, find_blocks(self._repo.index, content)))
            self._share(folder, item, metadata, content, size)
            return
        if size <= SHARED_BYTES:
            self._batch.add_file(folder, item, metadata, places, size)
        else:
            self._share(folder, item, metadata, content, size)

    def _share(self, folder: PlannedFolder, item: PlannedItem, metadata: Metadata, content: list[str], size: int) -> None:
        shared = self._shared.begin(folder, item, metadata, size, delete=self._options.delete)
        if shared:
            self._sharing.append(self._add_parts(shared, content))
            while len(self._sharing) >= self._most_sharing:
                self._share_on()

    def _share_on(self) -> None:
        """Send a part of one file, then of the next one: workers that write to the same file wait for each other."""
        parts = self._sharing.popleft()
        for _ in parts:
            self._sharing.append(parts)
            break

    def _add_parts(self, shared: SharedFile, content: list[str]) -> Iterator[None]:
        offset, length, places = 0, 0, list[Place]()
        for place in find_blocks(self._repo.index, content):
            places.append(place)
            length += plain_bytes(place)
            if self._batch.total_bytes + length >= BATCH_BYTES or len(places) >= BATCH_BLOCKS:
                self._batch.add_part(shared, offset, places)
                self._flush()
                offset, length, places = offset + length, 0, []
                yield
        if places:
            self._batch.add_part(shared, offset, places)
        shared.is_all_sent = True
        self._shared.settle(shared)

    def _flush(self) -> None:
        if self._batch.entries:
            self._may_go_on()
            full, self._batch = self._batch, Batch(self._batch.number + 1)
            self._dispatcher.send(full)

    def _drain(self) -> None:
        """Wait until every file is written, from whatever copy of its blocks is good."""
        while self._sharing:
            self._share_on()
        self._flush()
        while self._shared.retries or self._dispatcher.wait():
            while self._shared.retries:
                self._shared.add_retry(self._batch)
                if self._batch.is_full:
                    self._flush()
            self._flush()

    # --- receiving ---------------------------------------------------------------------------------------------------

    def _settle(self, batch: Batch, outcome: Outcome) -> None:
        self._report.shortfalls(outcome.shortfalls)
        self._count(batch, outcome)
        self._report.progress()

    def _count(self, batch: Batch, outcome: Outcome) -> None:
        is_plain = batch.files == len(batch.entries) and not (outcome.failures or outcome.unchanged)
        if is_plain and self._report.files(batch.files, batch.total_bytes):
            return
        failed = set()
        for failure in outcome.failures:
            failed.add(failure.position)
            self._settle_failure(batch, failure)
        unchanged = set(outcome.unchanged)
        for position, subject in enumerate(batch.subjects):
            if position in failed:
                continue
            if isinstance(subject, SharedFile):
                self._shared.settle_part(subject, batch.sizes[position], is_unchanged=position in unchanged)
            else:
                self._report.item(*subject, batch.sizes[position], is_unchanged=position in unchanged)

    def _settle_failure(self, batch: Batch, failure: Failure) -> None:
        if failure.missing:
            self._shared.adopt(batch, failure)
            return
        subject = batch.subjects[failure.position]
        if isinstance(subject, SharedFile):
            self._shared.fail(subject, failure)
        else:
            self._report.item_problem(*subject, failure.template, failure.facts.get("reason", ""), failure.hint)
