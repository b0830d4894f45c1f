"""Counts what a restore did and tells it: the result in the end, progress and problems on the way."""

import os
from collections.abc import Mapping

from gdp.core.errors import DamagedData
from gdp.core.language import N_
from gdp.engine.restore.existing import Action
from gdp.engine.restore.handles import FolderPath
from gdp.engine.restore.options import RestoreOptions, RestoreResult
from gdp.engine.restore.plan import PlannedFolder, PlannedItem
from gdp.model.events import Emit, ItemDone, Note, Problem, Progress
from gdp.model.snapshot import Snapshot


class Report:
    """What is known so far."""

    def __init__(self, options: RestoreOptions, snapshot: Snapshot, folder: bytes, emit: Emit) -> None:
        self.result = RestoreResult()
        self.failed: set[tuple[FolderPath, bytes]] = set()
        """files that are not as the snapshot has them"""
        self.under_way_bytes = 0
        """of large files that are not finished yet"""
        self.emit, self._reports_items = emit, options.report_items
        self._shortfalls: set[str] = set()
        self._files_total: int | None = None
        self._bytes_total: int | None = None
        if snapshot.summary and not (folder or options.paths or options.selects):
            self._files_total = snapshot.summary.total_files_processed
            self._bytes_total = snapshot.summary.total_bytes_processed

    def progress(self) -> None:
        """Tell how far it is."""
        done = self.result
        self.emit(
            Progress(
                done.files_restored + done.files_unchanged + done.files_skipped + done.links_restored,
                self._files_total,
                done.bytes_restored + done.bytes_unchanged + done.bytes_skipped + self.under_way_bytes,
                self._bytes_total,
            )
        )

    def item(self, folder: PlannedFolder, item: PlannedItem, size: int, *, is_unchanged: bool = False) -> None:
        """Count an entry that is as the snapshot has it."""
        if item.link_to:
            self.result.links_restored += 1
        elif item.node.type != "file":
            self.result.others_restored += 1
        elif is_unchanged:
            self.result.files_unchanged += 1
            self.result.bytes_unchanged += size
        else:
            self.result.files_restored += 1
            self.result.bytes_restored += size
        if self._reports_items:
            path = shown((*folder.path, item.name))
            self.emit(ItemDone(path, "unmodified" if is_unchanged else "restored", item.node.type, size))

    def files(self, count: int, size: int) -> bool:
        """Count files that were restored, if nobody wants to hear of each; return whether it did."""
        if not self._reports_items:
            self.result.files_restored += count
            self.result.bytes_restored += size
        return not self._reports_items

    def skipped(self, folder: PlannedFolder, item: PlannedItem) -> None:
        """Count an entry that is left alone."""
        self.result.files_skipped += 1
        self.result.bytes_skipped += item.node.size
        if self._reports_items:
            self.emit(ItemDone(shown((*folder.path, item.name)), "skipped", item.node.type, item.node.size))

    def deleted(self, path: FolderPath, count: int) -> None:
        """Count what was deleted."""
        self.result.entries_deleted += count
        if self._reports_items and count:
            self.emit(ItemDone(shown(path), "deleted", ""))

    def problem(self, path: FolderPath, template: str, facts: Mapping[str, object], hint: str = "") -> None:
        """Count and tell a problem."""
        self.result.problems += 1
        text = shown(path)
        self.emit(Problem(template, {**facts, "path": text}, text, hint))

    def item_problem(self, folder: PlannedFolder, item: PlannedItem, template: str, reason: object, hint: str = "") -> None:
        """Count and tell that a file or link is not as the snapshot has it."""
        self.failed.add((folder.path, item.name))
        self.problem((*folder.path, item.name), template, {"reason": reason}, hint)

    def damage(self, folder: PlannedFolder, item: PlannedItem, error: DamagedData) -> None:
        """Count and tell that the repository does not have what an entry needs."""
        self.item_problem(folder, item, N_("{path} could not be restored: {reason}"), str(error), error.hint)

    def folder_problem(self, folder: PlannedFolder, template: str, error: Exception) -> None:
        """Count and tell what went wrong with a directory."""
        reason = error.strerror if isinstance(error, OSError) else str(error)
        self.problem(folder.path, template, {"reason": reason})

    def shortfalls(self, templates: list[str]) -> None:
        """Tell once what this user or file system cannot have."""
        for template in templates:
            if template not in self._shortfalls:
                self._shortfalls.add(template)
                self.emit(Note(template))

    def planned(self, folder: PlannedFolder, item: PlannedItem) -> None:
        """Count an entry as a dry run does."""
        if item.action is Action.SKIP:
            self.skipped(folder, item)
        else:
            self.item(folder, item, item.node.size, is_unchanged=item.action is Action.KEEP)


def shown(path: FolderPath) -> str:
    """Return a path as events carry it."""
    return os.fsdecode(b"/" + b"/".join(path))
