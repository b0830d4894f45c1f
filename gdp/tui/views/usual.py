"""What the wizard finds out instead of asking."""

import os

from gdp.core.errors import GdpError
from gdp.model.backup_set import BackupSet
from gdp.settings.sets import SetFiles
from gdp.tui.views.draft import USUAL_SOURCES


def usual_sources() -> list[str]:
    """Return the folders worth a backup that this computer has, and that hold something we may read."""
    return [path for path in USUAL_SOURCES if os.path.isdir(path) and os.access(path, os.R_OK | os.X_OK) and os.listdir(path)]


def readable_sets(files: SetFiles) -> list[BackupSet]:
    """Return the sets whose files are right. Raises GdpError when their folder cannot be read."""
    found = []
    for name in files.names():
        try:
            found.append(files.read(name))
        except GdpError:
            continue  # the overview says what is wrong with it
    return found
