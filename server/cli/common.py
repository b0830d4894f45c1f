"""What every command is told."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Common:
    """The options before the command."""

    folder: Path
    database_url: str
