"""A disk that loses at a power failure what was not synced. Records a real run's system calls, and says what may be left.

What is durable: a file's content once the file was synced, a name once the folder that holds it was synced after the change.
What was not synced may be there or not. Some ways to be unlucky are tried, see ``Luck``.
"""

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from gdp.model.files import FileKind, StoredFile
from gdp.storage import local, staged
from gdp.storage.names import is_stored_name

Change = list[Any]
"""``["create", path, file]``, ``["rename", old, new]``, ``["remove", path]``, ``["sync", folder]``, ``["sync file", file]``;
a file is named by a number"""


class Luck(Enum):
    """What becomes of changes that were not synced."""

    NOTHING_KEPT = "neither names nor contents"
    NAMES_KEPT = "names, but no contents: files are empty"
    REMOVALS_KEPT = "removals, but nothing new"
    SNAPSHOTS_KEPT = "what happened in the folder of snapshots"
    INDEX_KEPT = "what happened in the folders of snapshots and indexes"
    PACKS_KEPT = "what happened in the folders of packs"


_KEPT_FOLDERS: dict[Luck, tuple[str, ...]] = {
    Luck.NOTHING_KEPT: (),
    Luck.NAMES_KEPT: ("",),
    Luck.REMOVALS_KEPT: (),
    Luck.SNAPSHOTS_KEPT: ("snapshots/",),
    Luck.INDEX_KEPT: ("snapshots/", "index/"),
    Luck.PACKS_KEPT: ("data/",),
}


class RecordedDisk:
    """Records what a run, with all its processes, does to a repository.

    Args:
        root: the repository.
        folder: where the record and a second name for every new file are kept.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self._root, self._folder = str(root), folder
        folder.mkdir()
        self._before = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    def install(self) -> None:
        """Let this process and its children be recorded."""
        local.os = staged.os = _RecordingSystem(self._root, self._folder)  # type: ignore[attr-defined, assignment]

    def changes(self) -> list[Change]:
        """Return what was recorded."""
        return [json.loads(line) for line in (self._folder / "changes").read_text().splitlines()]

    def states(self) -> Iterator[tuple[str, dict[StoredFile, bytes]]]:
        """Yield every different content that the repository may have after a power failure, with the moment of it."""
        seen: set[frozenset[tuple[str, str]]] = set()
        state = _State({path: f"before/{path}" for path in self._before})
        for number, change in enumerate([[], *self.changes()]):
            state.apply(change)
            for luck in Luck:
                left = state.after(luck)
                if (key := frozenset(left.items())) not in seen:
                    seen.add(key)
                    yield f"{number} {change}, kept: {luck.value}", self._contents(left)

    def _contents(self, left: dict[str, str]) -> dict[StoredFile, bytes]:
        contents = {}
        for path, file in left.items():
            folder, _, name = path.rpartition("/")
            kind = FileKind(folder.partition("/")[0] or "config")
            if is_stored_name(kind, folder.rpartition("/")[2], name):
                contents[StoredFile(kind, name)] = self._content(file)
        return contents

    def _content(self, file: str) -> bytes:
        origin, _, name = file.partition("/")
        if origin == "before":
            return self._before[name]
        return (self._folder / name).read_bytes() if origin == "new" else b""


@dataclass
class _State:
    """Which names there are, and which of them are durable; each stands for a file."""

    durable: dict[str, str]
    names: dict[str, str] = field(init=False)
    synced_files: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.names = dict(self.durable)

    def apply(self, change: Change) -> None:
        match change:
            case ["create", path, file]:
                self.names[path] = f"new/{file}"
            case ["rename", old, new]:
                self.names[new] = self.names.pop(old)
            case ["remove", path]:
                self.names.pop(path, None)
            case ["sync file", file]:
                self.synced_files.add(f"new/{file}")
            case ["sync", folder]:
                self.durable = {path: file for path, file in self.durable.items() if _parent(path) != folder}
                self.durable |= {path: file for path, file in self.names.items() if _parent(path) == folder}

    def after(self, luck: Luck) -> dict[str, str]:
        kept = _KEPT_FOLDERS[luck]
        names = {path: file for path, file in self.durable.items() if not path.startswith(kept)}
        names |= {path: file for path, file in self.names.items() if path.startswith(kept)}
        if luck is Luck.REMOVALS_KEPT:
            names = {path: file for path, file in names.items() if path in self.names}
        return {path: file if self._is_whole(file) else f"empty/{file}" for path, file in names.items()}

    def _is_whole(self, file: str) -> bool:
        return file.startswith("before/") or file in self.synced_files


class _RecordingSystem:
    """The module ``os`` for LocalStorage, and for files that wait in its folder."""

    def __init__(self, root: str, folder: Path) -> None:
        self._root, self._folder = root, folder

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, path: str, flags: int, mode: int = 0o777) -> int:
        descriptor = os.open(path, flags, mode)
        if flags & os.O_CREAT:
            number = str(os.fstat(descriptor).st_ino)
            os.link(path, self._folder / number)
            self._note("create", self._relative(path), number)
        return descriptor

    def link(self, file: str, path: str, **how: Any) -> None:
        os.link(file, path, **how)
        number = str(os.stat(path).st_ino)
        os.link(path, self._folder / number)
        self._note("create", self._relative(path), number)

    def rename(self, old: str, new: str) -> None:
        self._note("rename", self._relative(old), self._relative(new))
        os.rename(old, new)

    def unlink(self, path: str) -> None:
        self._note("remove", self._relative(path))
        os.unlink(path)

    def mkdir(self, path: str, mode: int = 0o777) -> None:
        raise AssertionError(f"{path} should have been made by init; a folder made now would have to be synced, too")

    def fsync(self, descriptor: int) -> None:
        os.fsync(descriptor)
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            self._note("sync file", str(status.st_ino))
        else:
            self._note("sync", self._relative(os.readlink(f"/proc/self/fd/{descriptor}")))

    def _relative(self, path: str) -> str:
        return os.path.relpath(path, self._root)

    def _note(self, *change: str) -> None:
        with (self._folder / "changes").open("a") as record:
            fcntl.flock(record, fcntl.LOCK_EX)
            record.write(json.dumps(change) + "\n")


def _parent(path: str) -> str:
    return os.path.dirname(path) or "."
