"""Restic as a partner: the one Debian has, and the one that GDP_TEST_RESTIC names, when that is another."""

import os
from pathlib import Path

import pytest

from tests.conftest import require_program
from tests.engine.archive.running import Archive
from tests.interop.restic import Restic

NEWEST = (0, 19, 1)


@pytest.fixture(params=["installed", "chosen"])
def restic(request: pytest.FixtureRequest, tmp_path: Path, isolated_home: Path) -> Restic:
    """Each restic there is, on the repository of ``archive``."""
    chosen = os.environ.get("GDP_TEST_RESTIC")
    if request.param == "chosen" and not chosen:
        pytest.skip("GDP_TEST_RESTIC names no other restic")
    program = Path(chosen) if request.param == "chosen" and chosen else require_program("restic")
    return Restic(program, str(tmp_path / "repository"))


@pytest.fixture
def newest_restic(restic: Restic) -> Restic:
    """A restic whose trees are the measure."""
    if restic.version < NEWEST:
        pytest.skip("trees are compared with restic 0.19.1 or newer")
    return restic


@pytest.fixture
def archive(tmp_path: Path, isolated_home: Path) -> Archive:
    """A way to back up into the same repository. It does not exist yet: ``init`` makes one of ours."""
    return Archive(tmp_path / "repository", isolated_home / "gdp")
