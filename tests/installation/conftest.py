"""An administrator."""

from pathlib import Path

import pytest

from tests.installation.world import Admin


@pytest.fixture
def admin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Admin:
    """Somebody who has just downloaded the program."""
    return Admin(tmp_path, monkeypatch)
