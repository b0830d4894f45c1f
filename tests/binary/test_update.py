"""``gdp update`` with real programs: to a second version, and everything that must not become one."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gdp import __version__
from tests.binary.conftest import KEY, Owner, broken, signed_by
from tests.conftest import PROJECT, absent
from tests.installation.releases import SCRIPT, release_of

NEXT = "99.0.0"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def next_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second version, built from the same sources in the same way; the folder of its signed release."""
    if not KEY.exists():
        absent("build/release-key (.ci/run makes it)")
    folder = tmp_path_factory.mktemp("next")
    shutil.copytree(PROJECT / "gdp", folder / "gdp", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "gdp.spec", folder)
    about = folder / "gdp" / "__init__.py"
    about.write_text(about.read_text().replace(f'"{__version__}"', f'"{NEXT}"'))
    subprocess.run(
        [PROJECT / "build/venv/bin/pyinstaller", "--noconfirm", "--log-level", "WARN", "gdp.spec"],
        cwd=folder,
        env={**os.environ, "GDP_RELEASE_KEY_FILE": f"{KEY}.pub"},
        check=True,
    )
    release_of(folder / "dist" / "gdp", KEY, folder / "release")
    return folder / "release"


def test_the_second_version_takes_the_place_of_the_first(installed: Owner, next_release: Path) -> None:
    """Settings stay, the version before stays, and the installed command is the new one."""
    before = installed.current()
    assert installed("config", "set", "update.url", next_release.as_uri()).code == 0
    checked = installed("update", "--check")
    updated = installed("update")
    again = installed("update", "--json")

    assert f"gdp {NEXT} of " in checked.out
    assert updated.code == 0, updated.err
    assert updated.err == ""
    assert installed("--version").out.startswith(f"gdp {NEXT} ")
    assert sorted(path.name for path in (installed.program / "versions").iterdir()) == sorted([before, installed.current()])
    assert (again.code, again.summary["changed"]) == (0, False)
    assert json.loads((installed.program / "installation.json").read_text())["previous"] == before
    assert not list(installed.program.glob(".update-*"))


def test_files_do_as_well_as_an_address(installed: Owner, next_release: Path) -> None:
    """A computer without a network."""
    outcome = installed("update", next(next_release.glob("*.json")))

    assert outcome.code == 0, outcome.err
    assert installed.current().startswith(NEXT)


def test_a_forgery_changes_nothing(installed: Owner, next_release: Path, tmp_path: Path) -> None:
    """Signed by somebody else, or another archive under our description."""
    before = installed.current()
    SCRIPT.make_key(tmp_path / "other", None)
    program = broken(tmp_path / "program", NEXT, "exit 1")
    forged = signed_by(tmp_path / "other", program, tmp_path / "forged")
    swapped = shutil.copytree(next_release, tmp_path / "swapped")
    archive = next(swapped.glob("*.tar.gz"))
    archive.write_bytes(archive.read_bytes()[:-1] + b"x")
    outcomes = [installed("update", "--from", address) for address in (forged, swapped.as_uri())]

    assert [outcome.code for outcome in outcomes] == [1, 1]
    assert "the signature of the release is wrong" in outcomes[0].err
    assert "is not the archive that was signed" in outcomes[1].err
    assert installed.current() == before
    assert [path.name for path in (installed.program / "versions").iterdir()] == [before]


def test_a_version_that_does_not_work_here_is_not_put_into_use(installed: Owner, tmp_path: Path) -> None:
    """Signed by us, and yet it does not start on this computer."""
    before = installed.current()
    program = broken(tmp_path / "program", NEXT, 'echo "no such library" >&2; exit 1')
    outcome = installed("update", "--from", signed_by(KEY, program, tmp_path / "release"))

    assert outcome.code == 1
    assert "does not begin and end as it must: no such library" in outcome.err
    assert installed.current() == before
    assert installed("--version").out.startswith(f"gdp {__version__} ")


def test_an_older_version_is_refused(installed: Owner, tmp_path: Path) -> None:
    program = broken(tmp_path / "program", "0.0.1", "exit 1")
    outcome = installed("update", "--from", signed_by(KEY, program, tmp_path / "release"))

    assert outcome.code == 1
    assert "version 0.0.1 is older than" in outcome.err


def test_what_is_not_installed_is_not_updated(owner: Owner, next_release: Path) -> None:
    outcome = owner("update", "--from", next_release.as_uri(), program=PROJECT / "dist" / "gdp" / "gdp")

    assert outcome.code == 1
    assert "this gdp is not installed" in outcome.err
