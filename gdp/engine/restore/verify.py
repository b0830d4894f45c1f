"""Reads every restored file again and compares it with the snapshot, block by block."""

from gdp.core.errors import DamagedData
from gdp.engine.restore.batch import UNLIKE
from gdp.engine.restore.dispatch import Dispatcher
from gdp.engine.restore.handles import FolderPath
from gdp.engine.restore.messages import Outcome, plain_bytes
from gdp.engine.restore.options import RestoreOptions
from gdp.engine.restore.outgoing import BATCH_BLOCKS, BATCH_BYTES, Batch, find_blocks
from gdp.engine.restore.plan import PlannedFolder, PlannedItem, Planner
from gdp.engine.restore.report import Report
from gdp.model.events import ignore_events
from gdp.repo.repository import Repository


class Verification:
    """The second pass over a snapshot. Uses the same workers; ``settle`` must be the dispatcher's."""

    def __init__(self, repo: Repository, options: RestoreOptions, dispatcher: Dispatcher, report: Report) -> None:
        self._repo, self._dispatcher, self._report = repo, dispatcher, report
        # Without handles it plans for an empty target, that is: everything. Problems were told the first time.
        self._planner = Planner(repo, options, None, ignore_events)
        self._batch = Batch(0)

    def run(self, tree: bytes, leave_out: set[tuple[FolderPath, bytes]]) -> None:
        """Compare all files but some."""
        for folder in self._planner.folders(tree):
            for item in folder.items:
                if item.node.type == "file" and (folder.path, item.name) not in leave_out:
                    self._report.result.files_verified += 1
                    self._add(folder, item)
        self._flush()
        while self._dispatcher.wait():
            pass

    def settle(self, batch: Batch, outcome: Outcome) -> None:
        """Tell which files are not right, each once."""
        for failure in outcome.failures:
            subject = batch.subjects[failure.position]
            assert isinstance(subject, tuple)
            folder, item = subject
            if (folder.path, item.name) not in self._report.failed:
                self._report.result.files_verified -= 1
                self._report.item_problem(folder, item, UNLIKE, failure.facts.get("reason", ""))

    def _add(self, folder: PlannedFolder, item: PlannedItem) -> None:
        content = item.node.content or []
        try:
            size = sum(map(plain_bytes, find_blocks(self._repo.index, content)))
        except DamagedData:
            return  # was told when it could not be restored
        offset, length, places = 0, 0, []
        for place in find_blocks(self._repo.index, content):
            places.append(place)
            length += plain_bytes(place)
            if self._batch.total_bytes + length >= BATCH_BYTES or len(places) >= BATCH_BLOCKS:
                self._batch.add_check(folder, item, offset, size, places)
                self._flush()
                offset, length, places = offset + length, 0, []
        if places or not content:
            self._batch.add_check(folder, item, offset, size, places)
        if self._batch.is_full:
            self._flush()

    def _flush(self) -> None:
        if self._batch.entries:
            full, self._batch = self._batch, Batch(self._batch.number + 1)
            self._dispatcher.send(full)
            self._report.progress()
