"""The configured language alone, for the first moment of every start. Loads next to nothing."""

import os
from pathlib import Path

from gdp.core.language import LANGUAGES


def chosen_language(home: Path) -> str | None:
    """Return the language of messages that is configured; None where none is, or the file cannot be read.

    Called at every start, and so complains of nothing: whatever reads the whole file does.
    """
    path = home / "config.toml"
    if not os.path.exists(path):  # never raises
        return None
    import tomllib  # start-up time

    try:
        language = tomllib.loads(path.read_text()).get("language")
    except (OSError, ValueError):
        return None
    return language if language in LANGUAGES else None
