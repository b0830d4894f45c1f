"""A packed program for tests, which runs the real one, and a user who calls it."""

import sys
from pathlib import Path

import pytest

from gdp import __version__
from tests.cli.command_line import Outcome, here

PYTHON = sys.executable  # the real one; an administrator pretends that another program runs
_SCRIPT = """\
#!/bin/sh
if [ "$1" = --version ]; then echo "gdp {version} (test)"; exit 0; fi
{before}
exec {python} -m gdp "$@"
"""


def make_program(folder: Path, version: str = __version__, before: str = "") -> Path:
    """Write a program as PyInstaller lays it out; ``before`` are lines of shell that run before anything but ``--version``."""
    internal = folder / "_internal"
    (internal / "lib").mkdir(parents=True)
    (internal / "lib" / "data").write_text(f"data of {version}\n")
    (internal / "link").symlink_to("lib/data")
    (folder / "gdp").write_text(_SCRIPT.format(version=version, before=before, python=PYTHON))
    (folder / "gdp").chmod(0o700)
    return folder


class Admin:
    """Somebody with a downloaded program, who installs below a folder that stands for a computer's root, or for himself."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder, self._monkeypatch = folder, monkeypatch
        self.root = folder / "root"
        self.root.mkdir()
        self.has(__version__)

    @property
    def program(self) -> Path:
        """Where the program goes."""
        return self.root / "opt" / "gdp"

    @property
    def unit(self) -> Path:
        """Where the unit goes."""
        return self.root / "etc" / "systemd" / "system" / "gdp.service"

    def has(self, version: str, before: str = "") -> None:
        """Download a version, and call that one from now on."""
        folder = self._folder / f"download {version}"
        if not folder.exists():
            make_program(folder, version, before)
        self._monkeypatch.setattr(sys, "frozen", True, raising=False)
        self._monkeypatch.setattr(sys, "_MEIPASS", str(folder / "_internal"), raising=False)
        self._monkeypatch.setattr(sys, "executable", str(folder / "gdp"))
        for module in ("gdp.bootstrap.installing", "gdp.cli.commands.install"):
            self._monkeypatch.setattr(f"{module}.__version__", version)

    def __call__(self, *words: str) -> Outcome:
        """Call the program for the system below the root."""
        return here([*words, "--root", str(self.root)])

    def versions(self) -> list[str]:
        """Return the versions that are there."""
        return sorted(path.name.partition("-")[0] for path in (self.program / "versions").iterdir())


def files_below(folder: Path) -> set[str]:
    """Return everything below a folder but folders."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}
