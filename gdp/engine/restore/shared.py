"""Files too large for one worker, or in need of another copy of a damaged block: written in parts, finished by the parent."""

import os

from gdp.core.errors import DamagedData
from gdp.core.packformat import BlobKind
from gdp.engine.restore.batch import NO_METADATA
from gdp.engine.restore.existing import Action
from gdp.engine.restore.handles import FolderHandles
from gdp.engine.restore.messages import PART, Failure, Place, plain_bytes
from gdp.engine.restore.metadata import Metadata, MetadataWriter
from gdp.engine.restore.outgoing import Batch, SharedFile
from gdp.engine.restore.plan import PlannedFolder, PlannedItem
from gdp.engine.restore.report import Report
from gdp.engine.restore.writing import create_file, open_existing, path_handle
from gdp.repo.blob_index import BlobIndex

PartToSend = tuple[SharedFile, int, bytes, int]
"""(file, offset, blob id, which copy)"""


class SharedFiles:
    """Makes shared files and finishes them when their last part is written."""

    def __init__(self, index: BlobIndex, handles: FolderHandles, metadata: MetadataWriter, report: Report) -> None:
        self._index, self._handles, self._metadata, self._report = index, handles, metadata, report
        self.retries: list[PartToSend] = []
        """blocks to be tried from another copy"""
        self._tried: dict[bytes, set[tuple[bytes, int]]] = {}

    def begin(
        self, folder: PlannedFolder, item: PlannedItem, metadata: Metadata, size: int, *, delete: bool
    ) -> SharedFile | None:
        """Make the file at its full size, or check the one that is there. Returns None when nothing is to be written.

        Raises OSError.
        """
        descriptor = self._handles.open(folder.path)
        if item.action is Action.KEEP:
            assert item.existing
            self._finish(SharedFile(folder, item, metadata, item.existing, size))
            return None
        is_resized = True
        if item.action is Action.CHECK:
            assert item.existing
            file = open_existing(descriptor, item.name, item.existing, os.O_RDWR)
            is_resized = os.fstat(file).st_size != size
        else:
            file = create_file(descriptor, item.name, item.action, delete=delete)
        try:
            if is_resized:
                os.ftruncate(file, size)
            found = os.fstat(file)
        finally:
            os.close(file)
        return SharedFile(folder, item, metadata, (found.st_dev, found.st_ino), size, is_changed=is_resized)

    def settle_part(self, shared: SharedFile, size: int, *, is_unchanged: bool) -> None:
        """Note that a part is dealt with, and finish the file if it was the last."""
        shared.parts_open -= 1
        shared.done_bytes += size
        self._report.under_way_bytes += size
        shared.is_changed = shared.is_changed or not is_unchanged
        self.settle(shared)

    def settle(self, shared: SharedFile) -> None:
        """Finish the file if nothing of it is under way."""
        if shared.is_all_sent and not shared.parts_open:
            self._finish(shared)

    def fail(self, shared: SharedFile, failure: Failure) -> None:
        """Note that a part could not be written."""
        if not shared.is_damaged:
            shared.is_damaged = True
            reason = failure.facts.get("reason", "")
            self._report.item_problem(shared.folder, shared.item, failure.template, reason, failure.hint)
        self.settle_part(shared, 0, is_unchanged=False)

    def add_retry(self, batch: Batch) -> None:
        """Add the last of ``retries`` to a batch."""
        shared, offset, blob_id, number = self.retries.pop()
        copy = self._index.find_all(BlobKind.DATA, blob_id)[number]
        shared.parts_open -= 1
        place = self._index.packs.index(copy.pack), copy.offset, copy.length, copy.plain_length, blob_id
        batch.add_part(shared, offset, [place])

    def adopt(self, batch: Batch, failure: Failure) -> None:
        """Take over a file of which a worker could not get every block; look for other copies of those."""
        subject = batch.subjects[failure.position]
        entry = batch.entries[failure.position]
        if isinstance(subject, SharedFile):
            shared = subject
            offset, places = entry[6]
        else:
            assert failure.identity
            assert entry[3]
            folder, item = subject
            shared = SharedFile(folder, item, entry[3], failure.identity, batch.sizes[failure.position], is_all_sent=True)
            offset, places = 0, entry[6]
        offsets = _offsets(offset, places)
        for number in failure.missing:
            self._seek_copy(shared, offsets[number], places[number], failure)
        if entry[0] == PART:
            self.settle_part(shared, batch.sizes[failure.position], is_unchanged=False)
        else:
            shared.is_changed = True
            self.settle(shared)

    def _seek_copy(self, shared: SharedFile, offset: int, place: Place, failure: Failure) -> None:
        blob_id = place[4]
        tried = self._tried.setdefault(blob_id, set())
        tried.add((self._index.packs[place[0]], place[1]))
        for number, copy in enumerate(self._index.find_all(BlobKind.DATA, blob_id)):
            if (copy.pack, copy.offset) not in tried:
                self.retries.append((shared, offset, blob_id, number))
                shared.parts_open += 1  # until it is sent
                return
        if not shared.is_damaged:
            shared.is_damaged = True
            self._report.item_problem(shared.folder, shared.item, failure.template, failure.facts["reason"], failure.hint)

    def _finish(self, shared: SharedFile) -> None:
        folder, item = shared.folder, shared.item
        self._report.under_way_bytes -= shared.done_bytes
        try:
            with path_handle(self._handles.open(folder.path), item.name, shared.identity) as handle:
                clean = bool(folder.made and folder.made.inherits) or item.action in (Action.CHECK, Action.KEEP)
                self._metadata.apply(handle, shared.metadata, clean=clean, with_times=not shared.is_damaged)
        except (OSError, ValueError, OverflowError, DamagedData) as error:
            self._report.item_problem(folder, item, NO_METADATA, getattr(error, "strerror", None) or str(error))
            return
        if not shared.is_damaged:
            self._report.item(folder, item, shared.size, is_unchanged=not shared.is_changed)


def _offsets(start: int, places: list[Place]) -> list[int]:
    offsets = []
    for place in places:
        offsets.append(start)
        start += plain_bytes(place)
    return offsets
