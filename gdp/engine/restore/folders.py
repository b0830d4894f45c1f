"""Makes the directories of a restore, and gives them their metadata when nothing changes in them any more."""

import os
from collections.abc import Callable

from gdp.core.errors import DamagedData
from gdp.core.language import N_
from gdp.engine.restore.existing import Action
from gdp.engine.restore.handles import FolderHandles
from gdp.engine.restore.metadata import MetadataWriter, metadata_of
from gdp.engine.restore.plan import MadeFolder, PlannedFolder
from gdp.engine.restore.removal import make_room
from gdp.engine.restore.writing import raise_if_hopeless

_INHERITED = "system.posix_acl_default"
Tell = Callable[[PlannedFolder, str, Exception], None]
"""Takes the directory, a template with ``{path}`` and ``{reason}``, and what went wrong"""


class FolderMaker:
    """The directories of one restore, parents before children."""

    def __init__(self, handles: FolderHandles, metadata: MetadataWriter, tell: Tell, *, may_delete: bool) -> None:
        self._handles, self._metadata, self._tell, self._may_delete = handles, metadata, tell, may_delete
        self._user = os.geteuid()
        self.made: list[PlannedFolder] = []

    def ensure(self, folder: PlannedFolder) -> bool:
        """Make a directory and those above it. Returns whether it is there; if not, that was told."""
        if folder.made:
            return True
        if folder.has_failed or (folder.parent and not self.ensure(folder.parent)):
            return False
        try:
            folder.made = self._make(folder)
        except OSError as error:
            raise_if_hopeless(error)
            folder.has_failed = True
            self._tell(folder, N_("the directory {path} could not be made: {reason}"), error)
            return False
        self.made.append(folder)
        return True

    def finish(self) -> int:
        """Write the metadata of all of them, children before parents; return how many are well."""
        well = 0
        for folder in reversed(self.made):
            if folder.node:
                try:
                    self._finish(folder)
                    well += 1
                except (OSError, ValueError, OverflowError, DamagedData) as error:
                    self._tell(folder, N_("the directory {path} did not get all of its metadata: {reason}"), error)
        return well

    def _make(self, folder: PlannedFolder) -> MadeFolder:
        if folder.parent and folder.is_fresh:
            above = self._handles.open(folder.parent.path)
            if folder.action is Action.REPLACE:
                make_room(above, folder.path[-1], delete=self._may_delete)
            os.mkdir(folder.path[-1], 0o700, dir_fd=above)
        descriptor = self._handles.open(folder.path)
        found = os.fstat(descriptor)
        if folder.parent and not folder.is_fresh and self._user and found.st_uid == self._user and found.st_mode & 0o300 != 0o300:
            os.chmod(descriptor, 0o700)  # its own permissions come back at the end
        inherits = self._inherits(folder, descriptor)
        return MadeFolder((found.st_dev, found.st_ino), inherits, folder.is_fresh and not inherits and self._is_private(found))

    def _is_private(self, found: os.stat_result) -> bool:
        return found.st_uid == self._user and not found.st_mode & 0o077

    def _inherits(self, folder: PlannedFolder, descriptor: int) -> bool:
        if folder.is_fresh and folder.parent and folder.parent.made and not folder.parent.made.inherits:
            return False
        try:
            return _INHERITED in os.listxattr(descriptor)
        except OSError:  # a file system without attributes
            return False

    def _finish(self, folder: PlannedFolder) -> None:
        assert folder.node
        assert folder.made
        descriptor = self._handles.open(folder.path)
        found = os.fstat(descriptor)
        if (found.st_dev, found.st_ino) != folder.made.identity:
            raise OSError(0, "it was exchanged during the restore")
        self._metadata.apply(descriptor, metadata_of(folder.node), clean=folder.made.inherits or not folder.is_fresh)
