"""Where an installation lies. Looks at nothing and makes nothing.

A system installation may lie below another root folder, such as that of an image. What is written into files (the unit, the
link) names paths as they are once that folder is the root.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

UNIT = "gdp.service"
PROGRAM = "gdp"
LOCK = "lock"  # in the folder of the program: held by whoever changes it
_SLASH = Path("/")


class Places(msgspec.Struct, frozen=True):
    """The paths of one installation, absolute."""

    program: Path
    """the folder that holds every version"""
    command: Path
    """the link in the PATH"""
    unit: Path
    is_user: bool = False
    """for one user, without root's rights"""
    root: Path = _SLASH

    @property
    def versions(self) -> Path:
        """The folder of the versions."""
        return self.program / "versions"

    @property
    def current(self) -> Path:
        """The link to the version in use."""
        return self.program / "current"

    @property
    def record(self) -> Path:
        """The file that says what was installed."""
        return self.program / "installation.json"

    @property
    def runs(self) -> Path:
        """The program as the unit and the link name it."""
        return self.inside(self.current / PROGRAM)

    def inside(self, path: Path) -> Path:
        """Return a path as it is once ``root`` is the root."""
        return path if self.root == _SLASH else _SLASH / path.relative_to(self.root)


def system_places(root: Path = _SLASH) -> Places:
    """Return the places of an installation for the whole computer."""
    return Places(
        program=root / "opt/gdp", command=root / "usr/local/bin/gdp", unit=root / "etc/systemd/system" / UNIT, root=root
    )


def user_places(environment: Mapping[str, str]) -> Places:
    """Return the places of an installation for one user, by HOME and the XDG variables."""
    home = Path(environment.get("HOME") or "~").expanduser()
    data = Path(environment.get("XDG_DATA_HOME") or home / ".local/share")
    configuration = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    return Places(
        program=data / "gdp-program",
        command=home / ".local/bin/gdp",
        unit=configuration / "systemd/user" / UNIT,
        is_user=True,
    )
