"""What comes after all files are written: hard links, and the removal of what the snapshot does not have."""

import os
import stat
from collections.abc import Iterable

from gdp.core.language import N_
from gdp.engine.restore.batch import NOT_WRITTEN
from gdp.engine.restore.existing import Action
from gdp.engine.restore.handles import FolderHandles, FolderPath
from gdp.engine.restore.options import RestoreOptions
from gdp.engine.restore.plan import PlannedFolder, PlannedItem
from gdp.engine.restore.removal import make_room, remove_tree
from gdp.engine.restore.report import Report
from gdp.engine.restore.selection import PathSelection, selection_of


def make_links(
    links: Iterable[tuple[PlannedFolder, PlannedItem]], handles: FolderHandles, report: Report, *, delete: bool
) -> None:
    """Make hard links to files that are restored by now; tell which could not be made."""
    for folder, item in links:
        assert item.link_to
        try:
            is_unchanged = _link(folder, item, item.link_to, handles, delete=delete)
        except OSError as error:
            report.item_problem(folder, item, NOT_WRITTEN, error.strerror or str(error))
        else:
            report.item(folder, item, 0, is_unchanged=is_unchanged)


def _link(
    folder: PlannedFolder, item: PlannedItem, first: tuple[FolderPath, bytes], handles: FolderHandles, *, delete: bool
) -> bool:
    """Make one link; return whether it was there already."""
    source = os.dup(handles.open(first[0]))
    try:
        original = os.stat(first[1], dir_fd=source, follow_symlinks=False)
        if not stat.S_ISREG(original.st_mode):
            raise FileNotFoundError(0, "the file to link to is not there")
        here = handles.open(folder.path)
        if item.action is not Action.CREATE:
            if (original.st_dev, original.st_ino) == item.existing:
                return True
            make_room(here, item.name, delete=delete)
        os.link(first[1], item.name, src_dir_fd=source, dst_dir_fd=here, follow_symlinks=False)
    finally:
        os.close(source)
    return False


def delete_extras(folders: Iterable[PlannedFolder], options: RestoreOptions, handles: FolderHandles, report: Report) -> None:
    """Remove what lies in the restored directories and is neither in the snapshot nor left out by the user."""
    selects = selection_of(options, PathSelection(options.paths) if options.paths else None)

    def keeps(path: FolderPath, is_folder: bool) -> bool:  # noqa: FBT001 - the shape of Keeps
        return selects is not None and not selects(b"/" + b"/".join(path), is_folder)[0]

    for folder in folders:
        for name in folder.extras:
            path = (*folder.path, name)
            try:
                removed, _ = remove_tree(handles.open(folder.path), name, path, keeps)
            except OSError as error:
                report.problem(path, N_("{path} could not be deleted: {reason}"), {"reason": error.strerror})
            else:
                report.deleted(path, removed)
