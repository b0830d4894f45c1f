"""What lies in the folder of a repository before there is one. Asked by whoever chooses a target, not by the engine."""

import os
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path

from gdp.model.files import CONFIG_FILE
from gdp.storage.local import FOLDER_MODE
from gdp.storage.local_errors import translate_os_error


class Found(StrEnum):
    """What was found."""

    MISSING = "missing"
    """there is no such folder"""
    EMPTY = "empty"
    USED = "used"
    """other things lie there"""
    REPOSITORY = "repository"


def judge(names: Collection[str]) -> Found:
    """Return what a folder with these names is."""
    return Found.REPOSITORY if CONFIG_FILE.path in names else Found.USED if names else Found.EMPTY


def look_at_folder(path: Path) -> Found:
    """Return what lies in a folder of this computer. Raises StorageError."""
    try:
        return judge(os.listdir(path))
    except FileNotFoundError:
        return Found.MISSING
    except OSError as error:
        raise translate_os_error(error, str(path)) from error


def make_folder(path: Path) -> None:
    """Make a folder of this computer, and what is missing above it. Raises StorageError."""
    try:
        os.makedirs(path, FOLDER_MODE, exist_ok=True)
    except OSError as error:
        raise translate_os_error(error, str(path)) from error
