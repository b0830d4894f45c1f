"""A repository to back up into, and small things to back up."""

import os
from pathlib import Path

import pytest

from tests.engine.archive.running import Archive


@pytest.fixture
def archive(tmp_path: Path, isolated_home: Path) -> Archive:
    """An empty repository."""
    return Archive(tmp_path / "repository", isolated_home / "gdp").init()


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small tree, and its parent as the working directory.

    Whoever compares trees names it ``source``: the ancestors of an absolute path change with every test that runs beside this.
    """
    top = tmp_path / "source"
    monkeypatch.chdir(tmp_path)
    for folder, names in {"": ["a", "b"], "one": ["c", "d"], "one/inner": ["e"], "two": ["f"], "empty": []}.items():
        (top / folder).mkdir(parents=True, exist_ok=True)
        for name in names:
            (top / folder / name).write_text(f"contents of {name}\n")
    _age(top)
    return top


def _age(top: Path) -> None:
    """Set all times to one in the past, so that a change shows whatever the clock's grain is."""
    for folder, subfolders, files in os.walk(top):
        for name in [*subfolders, *files]:
            os.utime(Path(folder) / name, ns=(10**18, 10**18))
    os.utime(top, ns=(10**18, 10**18))
