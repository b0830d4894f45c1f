"""The file beside the versions that says what was installed, and so what may be removed."""

from pathlib import Path

import msgspec

from gdp.core.errors import GdpError
from gdp.core.language import N_
from gdp.installation.places import UNIT, Places


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What ``gdp install`` made."""

    format: int = 1
    version: str
    folder: str
    """of the version in use, below ``versions``"""
    previous: str = ""
    """the folder of the one before; empty: none is kept"""
    home: str
    """the home folder that the service uses"""
    is_user: bool
    root: str
    command: str
    unit: str
    """empty: none was written"""

    def places(self, program: Path) -> Places:
        """Return where it all lies; ``program`` is the folder that the record was found in."""
        unit = Path(self.unit) if self.unit else program / UNIT
        return Places(program, Path(self.command), unit, is_user=self.is_user, root=Path(self.root))


def read_record(path: Path) -> Record | None:
    """Return what was installed; None: nothing was. Raises GdpError when nobody can tell."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Record)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, msgspec.MsgspecError) as error:
        reason = error.strerror or "" if isinstance(error, OSError) else str(error)
        raise GdpError(
            N_("{path} cannot be read: {reason}"),
            N_("It says what is installed. Once it is gone, 'gdp install' writes it anew."),
            path=path,
            reason=reason,
        ) from error


def encode_record(record: Record) -> bytes:
    """Return the file."""
    return msgspec.json.format(msgspec.json.encode(record)) + b"\n"
