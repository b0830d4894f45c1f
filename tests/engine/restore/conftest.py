"""Runs a restore with real worker processes and keeps what it said."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gdp.core.language import complete
from gdp.engine.restore import RestoreOptions, RestoreResult, restore, start_workers
from gdp.model.events import Event, Note, Problem
from gdp.model.snapshot import Snapshot
from gdp.repo.repository import Repository
from gdp.storage.local import LocalStorage
from tests.engine.crafted import ClosingPool, Crafted


@dataclass
class Restored:
    """A restore that was done."""

    target: Path
    result: RestoreResult
    events: list[Event] = field(default_factory=list)

    @property
    def problems(self) -> list[str]:
        """What was told as a problem, in English."""
        return [complete(event.template, event.facts, "en") for event in self.events if isinstance(event, Problem)]

    @property
    def notes(self) -> list[str]:
        """What was noted, in English."""
        return [complete(event.template, event.facts, "en") for event in self.events if isinstance(event, Note)]


def run_restore(repo: Repository, snapshot: Snapshot, target: Path, **choices: Any) -> Restored:
    """Restore with two workers. ``choices`` are fields of RestoreOptions, and ``folder``."""
    events: list[Event] = []
    folder = choices.pop("folder", b"")
    location = Path(repo.storage.location)
    with ClosingPool(start_workers(lambda _secrets: LocalStorage(location), 2)) as pool:
        options = RestoreOptions(target, **choices)
        result = restore(repo, snapshot, options, pool, folder=folder, emit=events.append)
    return Restored(target, result, events)


@pytest.fixture
def crafted(tmp_path: Path, isolated_home: Path) -> Crafted:
    """An empty repository of ours."""
    return Crafted(tmp_path / "repository", isolated_home)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Where to restore to; not there yet."""
    return tmp_path / "target"


Run = Callable[..., Restored]
