"""One backup run from beginning to end: walk, compare, read, store, snapshot.

Processes are forked first. While the repository is being opened, which is slow by design, the walk begins. While the fresh lock
settles, what was found is compared with the last backup; what was relied on is looked at again once the lock is sure. The index
is loaded only if anything changed. What becomes durable comes in this order: packs, the index files that list them, the snapshot.
"""

import os
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace

from gdp.core.errors import GdpError, Interrupted
from gdp.core.language import N_
from gdp.core.packformat import MIN_PACK_BYTES
from gdp.engine.archive.dispatch import BATCH_FILES, Dispatcher
from gdp.engine.archive.entry import BackupAccess, Entry, Opened, OutdatedError
from gdp.engine.archive.finish import BackupResult, make_snapshot, standard_input_trees
from gdp.engine.archive.opening import Opening
from gdp.engine.archive.options import BackupOptions, StandardInput
from gdp.engine.archive.parent import ForeignChunkingError, without_notes
from gdp.engine.archive.read_file import FileRead
from gdp.engine.archive.sending import Sending
from gdp.engine.archive.sources import existing_sources, root_of
from gdp.engine.archive.stored import IndexIncompleteError, StoredBlobs
from gdp.engine.archive.telling import Telling
from gdp.engine.archive.trees import FileTicket, TreeBuilder
from gdp.engine.archive.walk import Directory, Walker
from gdp.engine.archive.worker import ArchiveWorker, WorkerStart
from gdp.engine.workers import WorkerPool, worker_count
from gdp.model.broken_off import NOTHING_KEPT
from gdp.model.events import BeganAnew, Emit, StageBegan
from gdp.repo.line_speed import LineSpeed
from gdp.repo.locks import ignoring_hangup
from gdp.repo.shared_ids import SharedIds

_LEAST_AHEAD_ENTRIES = 2_000  # a small tree is walked whole, so that progress knows its end from the beginning
_MOST_AHEAD_ENTRIES = 200_000  # walked while the repository is being opened; about 120 bytes each
_UPLOADS_A_WORKER = 2
_MORE_TIME = N_(
    "If the line was not known yet, the next run sends smaller blocks. If this comes again, a run needs more time "
    "('longest-run', 'window') or more of the line ('limits' of [bandwidth])."
)


def run_backup(options: BackupOptions, access: BackupAccess, emit: Emit) -> BackupResult:
    """Back up and return what was done. Main thread only; no other threads may run yet.

    Raises whatever makes a snapshot impossible. Sources that could not be read are Problem events, and counted in the result.
    """
    known = SharedIds()
    with ExitStack() as cleanup:
        sending = Sending(worker_count(), _UPLOADS_A_WORKER, options.seconds_allowed)
        cleanup.callback(sending.close)
        if options.standard_input is not None:  # a forked process gets an empty standard input of its own
            stream = os.dup(options.standard_input.descriptor)
            cleanup.callback(os.close, stream)
            options = replace(options, standard_input=replace(options.standard_input, descriptor=stream))
        cleanup.callback(known.close)
        pool = WorkerPool(worker_count(), ArchiveWorker(access.open_storage, access.lease, known, sending).serve)
        cleanup.callback(pool.close)
        cleanup.enter_context(ignoring_hangup())
        run = _Run(options, access, emit, _Workers(pool, known, sending), cleanup)
        try:
            return run.run()
        except KeyboardInterrupt:
            pool.close(at_once=True)
            run.break_off()
            raise
        except BaseException:
            pool.close(at_once=True)  # before the lock is given back: nobody may write without it
            raise


@dataclass(frozen=True, slots=True)
class _Workers:
    """What was made before the fork."""

    pool: WorkerPool
    known: SharedIds
    sending: Sending


class _Run:
    def __init__(self, options: BackupOptions, access: BackupAccess, emit: Emit, workers: _Workers, cleanup: ExitStack) -> None:
        self._access, self._emit, self._cleanup = access, emit, cleanup
        self._pool, self._sending = workers.pool, workers.sending
        self._entry = Entry(options, access, emit, workers.pool, workers.known, cleanup)
        self._telling = Telling(emit, workers.sending, self._note_speed)
        self._began_ns, self._began = time.time_ns(), time.monotonic()
        self._walker = Walker(options, emit)
        self._missing_sources = 0
        self._line_speed: LineSpeed | None = None
        self._builder: TreeBuilder | None = None
        self._stored: StoredBlobs | None = None

    @property
    def _options(self) -> BackupOptions:
        return self._entry.options

    def run(self) -> BackupResult:
        source = self._options.standard_input
        if source is not None:
            opened = self._entry.open_with_consent()
            if not self._entry.is_sure(opened):
                opened = self._entry.compare(opened.repo)
            return self._finish(opened, *self._save_stream(opened, source))
        self._emit(StageBegan(N_("looking through the sources")))
        existing = existing_sources(self._options.sources, self._emit)
        self._missing_sources = len(self._options.sources) - len(existing)
        self._entry.options = replace(self._options, sources=existing)
        opening = self._entry.begin()
        walk = self._walker.walk(root_of(self._options.sources))
        ahead = self._walk_while_opening(walk, opening)
        try:
            opened = opening.draft()
        except ForeignChunkingError as question:
            self._entry.ask(question)
            opening = self._entry.begin()
            opened = opening.draft()
        self._emit(StageBegan(N_("saving files")))
        while True:
            try:
                saved = self._save_tree(opened, opening, ahead, walk)
                return self._finish(opened, *saved)
            except IndexIncompleteError:  # no worker has begun yet
                opening.result()
                opened = replace(opened, comparison=without_notes(opened.comparison, opened.repo, opened.stored))
            except OutdatedError:  # nor here
                if opened.comparison.notes is not None:
                    opened.comparison.notes.close()  # else they are found in use
                opened = self._entry.compare(opened.repo)
            self._emit(BeganAnew())
            self._walker = Walker(self._options, self._emit)
            ahead, walk = deque(), self._walker.walk(root_of(self._options.sources))

    def _walk_while_opening(self, walk: Iterator[Directory], opening: Opening[Opened]) -> deque[Directory]:
        ahead: deque[Directory] = deque()
        entries = 0
        while entries < (_LEAST_AHEAD_ENTRIES if opening.has_draft else _MOST_AHEAD_ENTRIES):
            directory = next(walk, None)
            if directory is None:
                break
            entries += 1 + directory.file_count
            ahead.append(directory)
        return ahead

    def _save_tree(
        self, opened: Opened, opening: Opening[Opened], ahead: deque[Directory], walk: Iterator[Directory]
    ) -> tuple[bytes, TreeBuilder]:
        """Compare and save. Workers begin at once; the lease has them wait before they write, until the lock is sure.

        Raises OutdatedError, IndexIncompleteError.
        """
        dispatcher = self._dispatcher(opened)
        comparison = opened.comparison
        builder = TreeBuilder(
            self._options, comparison.known, comparison.notes, dispatcher, opened.stored.is_new_tree, self._emit
        )
        self._begin_with(builder, opened.stored)
        entries = gathered = 0
        while (directory := ahead.popleft() if ahead else next(walk, None)) is not None:
            builder.enter(directory)
            entries += 1 + directory.file_count
            if opening.is_done or dispatcher.is_full:
                self._entry.make_sure(
                    opened, has_begun=dispatcher.has_begun
                )  # not sure of it, the workers may be waiting themselves
            if dispatcher.is_full or entries - gathered >= BATCH_FILES:
                dispatcher.gather(None if dispatcher.is_full else 0.0)
                gathered = entries
            self._telling.tell()
        self._telling.is_walked = True
        dispatcher.finish_files_until(lambda: opening.is_done)
        self._entry.make_sure(opened, has_begun=dispatcher.has_begun)
        dispatcher.finish_files()
        dispatcher.flush()
        assert builder.root is not None
        return builder.root, builder

    def _save_stream(self, opened: Opened, source: StandardInput) -> tuple[bytes, TreeBuilder]:
        dispatcher = self._dispatcher(opened)
        builder = TreeBuilder(self._options, opened.comparison.known, None, dispatcher, opened.stored.is_new_tree, self._emit)
        self._begin_with(builder, opened.stored)
        content, size = dispatcher.read_stream(source.descriptor)
        root = b""
        for tree in standard_input_trees(source, content, size, self._began_ns):
            root = builder.store_tree(tree)
        builder.counts.files["new"] = builder.counts.files_done = 1
        builder.counts.bytes_done = size
        dispatcher.flush()
        return root, builder

    def _dispatcher(self, opened: Opened) -> Dispatcher:
        dispatcher = Dispatcher(
            self._pool, lambda: self._start(opened), self._file_done, opened.stored.pack_stored, self._telling.count_large,
            self._telling.tell,
        )  # fmt: skip
        self._cleanup.callback(dispatcher.close)
        return dispatcher

    def _start(self, opened: Opened) -> WorkerStart:
        opened.stored.expected_blobs = self._walker.files_found
        opened.stored.load()
        if opened.stored.has_leftovers:
            self._entry.make_sure(opened, has_begun=False)
            opened.stored.adopt()  # before anybody stores the same again
        repo, options = opened.repo, self._options
        if not options.dry_run:
            self._line_speed = repo.line_speed
            self._sending.expect(self._line_speed.read())
        parameters = repo.chunker_parameters()
        return WorkerStart(
            secrets=dict(self._access.secrets()),
            key=repo.key.raw(),
            format_version=repo.config.version,
            block_bytes=parameters.average_bytes,
            seed=parameters.seed,
            known_slots=opened.stored.slots,
            journal_folder=str(repo.state_folder / "packs"),
            pack_bytes=options.pack_bytes,
            compression=str(options.compression),
            threads=worker_count(),
            uploads=_UPLOADS_A_WORKER,
            dry_run=options.dry_run,
        )

    def _finish(self, opened: Opened, tree: bytes, builder: TreeBuilder) -> BackupResult:
        repo, stored, comparison = opened.repo, opened.stored, opened.comparison
        counts = builder.counts
        snapshot = make_snapshot(self._options, tree, comparison.parent, counts, stored, self._began_ns)
        snapshot_id = None
        if not self._options.dry_run:
            stored.finish()
            snapshot_id = repo.save_snapshot(snapshot)
            if comparison.notes is not None:
                comparison.notes.commit(snapshot_id, stored.index_names.union(stored.saved_indexes), builder.owners)
            stored.keep()
        assert snapshot.summary is not None
        problems = counts.problems + self._walker.problems + self._missing_sources
        duration = time.monotonic() - self._began
        return BackupResult(
            snapshot_id,
            snapshot,
            snapshot.summary,
            problems,
            counts.removed_files,
            counts.removed_directories,
            self._walker.skipped,
            stored.damages,
            duration,
        )

    def break_off(self) -> None:
        """Keep what the run has got so far, for the next one. Raises Interrupted when that is nothing of what it was sending."""
        sent = self._sending.totals()
        if self._stored is None or self._entry.repo is None or not sent.found:
            return
        self._entry.repo.storage.hurry()
        with suppress(GdpError):  # then the next run finds the packs by the journal
            self._stored.break_off()
        if not sent.stored and sent.waiting >= MIN_PACK_BYTES and not self._options.dry_run:
            raise Interrupted(NOTHING_KEPT, _MORE_TIME)

    def _note_speed(self, bytes_per_second: int) -> None:
        if self._line_speed is not None:
            self._line_speed.note(bytes_per_second)

    def _begin_with(self, builder: TreeBuilder, stored: StoredBlobs) -> None:
        self._builder, self._stored = builder, stored
        self._telling.begin(self._walker, builder)

    def _file_done(self, ticket: FileTicket, result: FileRead) -> None:
        assert self._builder is not None
        self._builder.file_done(ticket, result)
        self._telling.count_large(-result.streamed_bytes)
