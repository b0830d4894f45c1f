"""The service of the installed program: begun, left alone, replaced, taken back, ended."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gdp import __version__
from tests.binary import service_manager
from tests.binary.conftest import FOLDER, KEY, Owner, broken, signed_by
from tests.conftest import absent


@pytest.fixture
def served(owner: Owner) -> Iterator[Owner]:
    """Somebody whose computer has a service manager, and who has installed."""
    systemctl = owner.home / ".local/bin/systemctl"
    systemctl.parent.mkdir(parents=True)
    systemctl.write_text(f'#!/bin/sh\nexec {sys.executable} {service_manager.__file__} "$@"\n')
    systemctl.chmod(0o755)
    try:
        outcome = owner("install", "--user", "--json", program=FOLDER / "gdp")
        assert (outcome.code, outcome.summary["service"]) == (0, "running"), outcome.err
        yield owner
    finally:
        process = owner.home / ".process"
        if process.exists():
            subprocess.run(["kill", process.read_text()], capture_output=True, check=False)


def running(owner: Owner) -> tuple[int, str]:
    """Return the daemon's process and version."""
    summary = owner("status", "--json").summary
    return summary["process"], summary["version"]


def test_the_service_runs_once_installed_and_is_not_disturbed(served: Owner) -> None:
    """A second installation of the same program must not break off a backup."""
    before = running(served)
    again = served("install", "--user", "--json")

    assert not again.summary["changed"]
    assert running(served) == before == (before[0], __version__)
    assert "loginctl enable-linger" in again.err


def test_uninstall_ends_the_service(served: Owner) -> None:
    """Purge as well: nothing is removed from under a daemon that goes on."""
    outcome = served("uninstall", "--user", "--purge", "--yes", program=FOLDER / "gdp")

    assert outcome.code == 0, outcome.err
    assert served("status", program=FOLDER / "gdp").code == 1
    assert not (served.home / ".enabled").exists()
    assert not (served.home / ".config/systemd/user/gdp.service").exists()
    assert not (served.home / ".local/share/gdp").exists()


def test_a_version_whose_service_does_not_begin_is_taken_back(served: Owner, tmp_path: Path) -> None:
    """It begins in an empty home folder, and not in this one: nobody knew before."""
    if not KEY.exists():
        absent("build/release-key (.ci/run makes it)")
    before = served.current()
    line = f'case "$*" in *gdp-trial*) exec {FOLDER}/gdp "$@";; esac\necho "cannot read the settings" >&2; exit 1'
    program = broken(tmp_path / "program", "99.0.0", line)
    outcome = served("update", "--from", signed_by(KEY, program, tmp_path / "release"))

    assert outcome.code == 1
    assert "the service does not begin with version 99.0.0" in outcome.err
    assert f"it runs with {before} again" in outcome.err
    assert served.current() == before
    assert running(served)[1] == __version__
    assert "cannot read the settings" in (served.home / ".journal").read_text()
    assert not served("install", "--user", "--json", "--dry-run").summary["changed"]
