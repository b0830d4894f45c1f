"""The built program, and somebody who has nothing else. ``.ci/run`` builds it; where it was not built, these are skipped."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.command_line import Outcome
from tests.conftest import PROJECT, absent
from tests.installation.releases import release_of

FOLDER = PROJECT / "dist" / "gdp"
KEY = PROJECT / "build" / "release-key"  # `.ci/run` made it, and had its public half built in
PORTABLE = PROJECT / "dist" / "gdp-portable"
_SECONDS = 120


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.binary)


@pytest.fixture(autouse=True)
def built() -> None:
    """See that there is a program."""
    if not (FOLDER / "gdp").exists() or not PORTABLE.exists():
        absent("dist/gdp (make binary)")


class Owner:
    """An ordinary user, whose computer has no Python that knows us."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.program = home / ".local/share/gdp-program"
        self.gdp = home / ".local/bin/gdp"
        self.environment = {
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(home),  # no systemd of a user listens there
            "PATH": f"{self.gdp.parent}:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "GDP_LANGUAGE": "en",
        }

    def __call__(self, *words: str | Path, program: Path | None = None, **environment: str) -> Outcome:
        """Run the installed program, or another one."""
        ended = subprocess.run(
            [program or self.gdp, *words],
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        return Outcome(ended.returncode, ended.stdout, ended.stderr)

    def current(self) -> str:
        """Return the folder of the version in use."""
        return Path(os.readlink(self.program / "current")).name


@pytest.fixture
def owner(tmp_path: Path) -> Owner:
    """Somebody with an empty home folder."""
    home = tmp_path / "owner"
    home.mkdir(mode=0o700)
    return Owner(home)


@pytest.fixture
def installed(owner: Owner) -> Owner:
    """Somebody who has installed it."""
    outcome = owner("install", "--user", program=FOLDER / "gdp")
    assert outcome.code == 0, outcome.err
    return owner


def signed_by(key: Path, program: Path, folder: Path) -> str:
    """Sign a program and return the address of its release."""
    release_of(program, key, folder)
    return folder.as_uri()


def broken(folder: Path, version: str, line: str) -> Path:
    """Write a program that says its version and then fails."""
    (folder / "_internal").mkdir(parents=True)
    (folder / "_internal" / "x").touch()
    (folder / "gdp").write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "gdp {version} (x)" && exit 0\n{line}\n')
    (folder / "gdp").chmod(0o755)
    return folder
