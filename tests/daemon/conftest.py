"""A world for a daemon."""

from pathlib import Path

import pytest

from tests.daemon.running import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)
