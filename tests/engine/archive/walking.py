"""Walks without a repository and tells what would be in the snapshot."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gdp.core.language import complete
from gdp.engine.archive.metadata import Row, unpack_rows
from gdp.engine.archive.options import BackupOptions
from gdp.engine.archive.sources import root_of
from gdp.engine.archive.walk import Directory, Walker
from gdp.model.events import Event, Note, Problem


@dataclass
class Walked:
    """A walk that is over."""

    rows: dict[str, Row]
    """by path in the snapshot"""
    real: dict[str, str]
    """path in the snapshot -> where it really is"""
    order: list[str]
    """directories in the order they were found"""
    events: list[Event]
    walker: Walker

    @property
    def paths(self) -> set[str]:
        return set(self.rows)

    @property
    def problems(self) -> dict[str, str]:
        return {event.path: complete(event.template, event.facts, "en") for event in self.events if isinstance(event, Problem)}

    @property
    def notes(self) -> list[str]:
        return [complete(event.template, event.facts, "en") for event in self.events if isinstance(event, Note)]


def walk(*sources: Path | str, meanwhile: Callable[[str], None] = lambda _path: None, **choices: Any) -> Walked:
    """Walk some sources; ``meanwhile`` is called with the path in the snapshot of each directory once it is listed."""
    events: list[Event] = []
    options = BackupOptions([os.fsencode(source) for source in sources], **choices)
    walker = Walker(options, events.append)
    names: dict[Directory, str] = {}
    walked = Walked({}, {}, [], events, walker)
    for directory in walker.walk(root_of(options.sources)):
        name = ""
        if directory.parent is not None:
            own = unpack_rows(directory.parent.packed_rows)[directory.position].name
            name = f"{names[directory.parent]}/{os.fsdecode(own)}"
        names[directory] = name
        walked.order.append(name or "/")
        for position, row in enumerate(unpack_rows(directory.packed_rows) if directory.packed_rows else ()):
            path = f"{name}/{os.fsdecode(row.name)}"
            walked.rows[path] = row
            walked.real[path] = os.fsdecode(directory.path_of(position, row.name))
        meanwhile(name or "/")
    return walked


def below(walked: Walked, top: Path) -> set[str]:
    """Return the paths below a source, relative to it."""
    return {path[len(str(top)) + 1 :] for path in walked.paths if path.startswith(f"{top}/")}
