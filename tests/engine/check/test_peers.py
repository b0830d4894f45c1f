"""What other programs wrote, and what they damaged on purpose."""

import tarfile
from pathlib import Path

import pytest

from gdp.engine.check import CheckOptions, CheckResult, check_repository
from gdp.engine.check.options import ALL_PACKS
from gdp.model.events import ignore_events
from gdp.repo.opening import open_repository
from gdp.storage.local import LocalStorage

PASSWORD = b"geheim"


def unpacked(shared_fixtures: Path, name: str, folder: Path) -> Path:
    """Unpack one of the shared repositories."""
    with tarfile.open(shared_fixtures / f"{name}.tar.gz") as archive:
        archive.extractall(folder, filter="fully_trusted")
    return folder / "repo"


def check(repository: Path, home: Path) -> CheckResult:
    repo = open_repository(LocalStorage(repository), PASSWORD, home)
    return check_repository(repo, CheckOptions(ALL_PACKS), ignore_events)


SOUND = (
    "v2-restic-0.14.0",
    "v2-restic-0.19.1",
    "small-repo",
    "repo-same-timestamps",
    "repo-obsolete-index",
    "repo-unreferenced-data",
    "repo-mixed",
    "repo-duplicates",
)


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_repository_of_any_restic_is_sound(shared_fixtures: Path, tmp_path: Path, name: str) -> None:
    """Old versions wrote mixed packs, obsolete indexes and blobs twice; all of that is legal."""
    result = check(unpacked(shared_fixtures, name, tmp_path), tmp_path / "home")

    assert result.errors == ()
    assert result.packs_read == result.packs > 0


def test_missing_indexes_are_found(shared_fixtures: Path, tmp_path: Path) -> None:
    """Made by restic's developers as an example of a damaged repository."""
    result = check(unpacked(shared_fixtures, "repo-index-missing", tmp_path), tmp_path / "home")

    assert not result.ok
