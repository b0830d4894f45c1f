"""The folder where this installation keeps settings, cache, state and logs."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def choose_home(given: Path | None, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the home folder: as given, else GDP_HOME, else the user's data folder. Makes nothing."""
    if given is None and environment.get("GDP_HOME"):
        given = Path(environment["GDP_HOME"])
    if given is not None:
        return given.expanduser().absolute()
    platform: str = sys.platform
    if platform not in {"win32", "darwin", "android"}:  # as platformdirs does, which takes a tenth of a short run to load
        return Path(environment.get("XDG_DATA_HOME", "").strip() or "~/.local/share").expanduser() / "gdp"
    import platformdirs  # start-up time

    return platformdirs.user_data_path("gdp", appauthor=False)
