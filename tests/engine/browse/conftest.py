"""The repositories that the browsing tests look into."""

from pathlib import Path

import pytest

from tests.engine.crafted import Crafted


@pytest.fixture
def crafted(tmp_path: Path, isolated_home: Path) -> Crafted:
    """An empty repository of ours."""
    return Crafted(tmp_path / "repository", isolated_home)
