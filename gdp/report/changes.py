"""Gathers which files were new, changed, removed or skipped: the first names of each, and how many there were in which folders.

Memory and time for a file do not grow with their number: where there are too many folders, the deepest ones are counted together
with those that they lie in.
"""

from collections.abc import Iterator

from gdp.model.changes import ACTIONS, Changes, NamedFile, Place
from gdp.model.events import BeganAnew, Event, ItemDone

MOST_NAMES = 100  # of each kind
MOST_NAME_CHARACTERS = 1 << 16  # of all names of one kind, so that one line of JSON holds them
MOST_FOLDERS = 1000  # that are counted apart
MOST_PLACES = 10  # of them, told at the end
_TOLD_PART = 0.5  # of the files lie in places that are told; else folders are counted together
_NO_LIMIT = 1 << 30


class ChangeList:
    """One action."""

    def __init__(self) -> None:
        self._files = self._bytes = self._name_characters = 0
        self._names: list[NamedFile] = []
        self._folders: dict[str, list[int]] = {}
        """files, bytes, whether those in folders below are among them"""
        self._depth = _NO_LIMIT
        """how many slashes the path of a folder has at most"""
        self._folder: str | None = None
        """of the last file; they come folder by folder"""
        self._tally = [0, 0, 0]
        """of that folder"""

    def add(self, path: str, size: int, kind: str) -> None:
        """Count a file."""
        self._files += 1
        self._bytes += size
        if len(self._names) < MOST_NAMES:
            self._name(path, size, kind)
        folder = path[: max(path.rfind("/"), 0)]
        if folder != self._folder:
            self._enter(folder)
        tally = self._tally
        tally[0] += 1
        tally[1] += size

    def finish(self) -> Changes:
        """Return what there was."""
        places = self._places()
        while len(places) > MOST_PLACES and sum(place.files for place in places[:MOST_PLACES]) < _TOLD_PART * self._files:
            self._cut(max(map(_depth_of, self._folders)) - 1)
            places = self._places()
        others = places[MOST_PLACES:]
        return Changes(
            files=self._files,
            bytes=self._bytes,
            names=tuple(sorted(self._names, key=lambda named: named.path)),
            places=tuple(sorted(places[:MOST_PLACES], key=lambda place: place.path)),
            other_places=len(others),
            other_files=sum(place.files for place in others),
        )

    def _name(self, path: str, size: int, kind: str) -> None:
        self._name_characters += len(path)
        if self._name_characters <= MOST_NAME_CHARACTERS:
            self._names.append(NamedFile(path, size, kind))

    def _enter(self, folder: str) -> None:
        self._folder = folder
        if folder not in self._folders and len(self._folders) >= MOST_FOLDERS:
            self._cut(max(map(_depth_of, self._folders)) - 1, most=MOST_FOLDERS // 2)
        self._tally = self._tally_of(folder)

    def _tally_of(self, folder: str) -> list[int]:
        key = folder
        if folder.count("/") > self._depth:
            key = "/".join(folder.split("/", self._depth + 1)[: self._depth + 1])
        tally = self._folders.get(key)
        if tally is None:
            tally = self._folders[key] = [0, 0, 0]
        if key != folder:
            tally[2] = 1
        return tally

    def _cut(self, depth: int, most: int = _NO_LIMIT) -> None:
        """Count folders together that lie deeper, and go on with shallower ones until there are no more than so many."""
        self._depth = depth
        folders, self._folders = self._folders, {}
        for folder, (files, size, is_deep) in folders.items():
            tally = self._tally_of(folder)
            tally[0] += files
            tally[1] += size
            tally[2] |= is_deep
        self._folder = None
        if len(self._folders) > most:
            self._cut(max(map(_depth_of, self._folders)) - 1, most)

    def _places(self) -> list[Place]:
        found = [Place(folder or "/", files, size, bool(is_deep)) for folder, (files, size, is_deep) in self._folders.items()]
        return sorted(found, key=lambda place: (-place.files, place.path))


class ChangeRecorder:
    """Listens to the events of a backup."""

    def __init__(self) -> None:
        self._lists = {action: ChangeList() for action in ACTIONS}

    def listen(self, event: Event) -> None:
        """Take what is said of a single file."""
        if isinstance(event, ItemDone):
            if event.kind != "dir" and event.action in self._lists:
                self._lists[event.action].add(event.path, event.size, event.kind)
        elif isinstance(event, BeganAnew):
            self._lists = {action: ChangeList() for action in ACTIONS}

    def finish(self) -> Iterator[tuple[str, Changes]]:
        """Yield each action that there was, and which files it was done to."""
        for action, gathered in self._lists.items():
            if (changes := gathered.finish()).files:
                yield action, changes


def _depth_of(folder: str) -> int:
    return folder.count("/")
