"""Finds what is to be backed up, directory by directory. Reads no file's contents and stores nothing."""

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import NamedTuple

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.engine.archive.metadata import PlainRow, pack_rows, plain_row
from gdp.engine.archive.options import BackupOptions, MarkerFile
from gdp.model.events import Emit, ItemDone, Note, Problem


class Branch(dict[bytes, "Branch | bytes"]):
    """A directory of which only some entries are taken: name -> a branch below it, or the real path to take whole."""

    def __init__(self, path: bytes) -> None:
        super().__init__()
        self.path = path
        """where the directory really is"""


class Child(NamedTuple):
    """A subdirectory that is to be walked."""

    position: int
    """among its parent's rows"""
    path: bytes
    """where it really is, with ``/`` at the end"""
    only: "Branch | None"
    """what is taken of it; None: all"""
    is_beyond: bool
    """it is another file system's, and its contents are not wanted"""


@dataclass(frozen=True, slots=True, eq=False)
class Directory:
    """A directory that the walk has found."""

    path: bytes
    """ends with ``/``"""
    parent: "Directory | None"
    position: int
    """of this directory among its parent's rows"""
    packed_rows: bytes
    """its entries in order of their names, see ``unpack_rows``"""
    children: list[Child]
    file_count: int
    file_bytes: int
    places: dict[int, bytes] = field(default_factory=dict)
    """real paths of entries that are not where this directory is, by position: sources, and what leads to them"""
    is_listed: bool = True
    """false: it could not be read"""

    def path_of(self, position: int, name: bytes) -> bytes:
        """Return where an entry really is."""
        return self.places.get(position) or self.path + name


@dataclass(slots=True)
class _Listing:
    """A directory's entries while they are gathered."""

    rows: list[PlainRow] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)
    places: dict[int, bytes] = field(default_factory=dict)
    file_count: int = 0
    file_bytes: int = 0

    def add(self, row: PlainRow, path: bytes, only: "Branch | None" = None, *, device: int | None = None) -> None:
        """Add an entry; ``device`` is the file system that the walk may not leave."""
        kind = row[1] & 0o170000
        if kind == stat.S_IFREG:
            self.file_count += 1
            self.file_bytes += row[8]
        elif kind == stat.S_IFDIR:
            self.children.append(Child(len(self.rows), path + b"/", only, device is not None and row[7] != device))
        self.rows.append(row)


def root_of(sources: Sequence[bytes]) -> Branch:
    """Return the branch that covers all sources. Absolute ones begin at ``/``, relative ones where restic puts them.

    Sources of one name in different places are told apart by a number, as restic does: ``x``, ``../x`` give ``x``, ``x-1``.
    Raises BadInput when there is no source, or one does not exist.
    """
    if not sources:
        raise BadInput(N_("there is nothing to back up: no path was given"))
    root = Branch(b"/")
    places: dict[bytes, bytes] = {}
    for source in _expanded(sources):
        names, real = _components(source)
        names[0] = _name_at_root(names[0], real[0], places)
        _plant(root, names, real)
    return root


def _name_at_root(name: bytes, path: bytes, places: dict[bytes, bytes]) -> bytes:
    """Return the name under which ``path`` lies at the root, where ``places`` says what lies there already."""
    for number in count():
        free = b"%s-%d" % (name, number) if number else name
        if places.setdefault(free, path) == path:
            return free
    raise AssertionError  # numbers do not end


def _expanded(sources: Sequence[bytes]) -> Iterator[bytes]:
    for source in sources:
        if not os.path.lexists(source):
            raise BadInput(
                N_("{path} does not exist"), N_("Check the spelling, or take it out of the list."), path=os.fsdecode(source)
            )
        # A source without a name of its own (".", "..", "/") stands for what is in it.
        if _components(source)[0]:
            yield source
        else:
            yield from (os.path.join(source, name) for name in sorted(os.listdir(source)))


def _components(source: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return the names on the way to a source in the snapshot, and the real path of each."""
    clean = os.path.normpath(source).replace(b"//", b"/")
    names, paths = [], []
    path = b"/" if clean.startswith(b"/") else b""
    for name in clean.split(b"/"):
        path = os.path.join(path, name)
        if name not in (b"", b".", b".."):
            names.append(name)
            paths.append(path)
    return names, paths


def _plant(root: Branch, names: list[bytes], paths: list[bytes]) -> None:
    branch = root
    for name, path in zip(names[:-1], paths[:-1], strict=True):
        below = branch.setdefault(name, Branch(path))
        if not isinstance(below, Branch):
            return  # a directory above is taken whole already
        branch = below
    branch[names[-1]] = paths[-1]


class Walker:
    """Walks the sources depth first, names in byte order."""

    def __init__(self, options: BackupOptions, emit: Emit) -> None:
        self._options, self._emit = options, emit
        self._excludes = options.excludes
        self.files_found = 0
        self.bytes_found = 0
        self.problems = 0

    def walk(self, branch: Branch) -> Iterator[Directory]:
        """Yield each directory once its entries are known, before the directories in it."""
        stack: list[tuple[Directory | None, Child, int | None]] = [(None, Child(0, b"/", branch, False), None)]
        while stack:
            parent, child, device = stack.pop()
            listing = self._listing(child, device)
            directory = _finished(child, parent, listing)
            self.files_found += directory.file_count
            self.bytes_found += directory.file_bytes
            yield directory
            for below in reversed(directory.children):
                # A source may lie on any file system; the walk below it stays there.
                bound = self._device_of(below.path) if child.only is not None and below.only is None else device
                stack.append((directory, below, bound))

    def _device_of(self, source: bytes) -> int | None:
        return os.stat(source).st_dev if self._options.one_file_system else None

    def _listing(self, child: Child, device: int | None) -> _Listing | None:
        if child.is_beyond:
            return _Listing()  # a mount point: the directory itself is kept, empty
        if child.only is not None:
            return self._list_branch(child.only)
        try:
            return self._list(child.path, device)
        except OSError as error:
            self._problem(child.path, error)
            return None

    def _list_branch(self, only: Branch) -> _Listing:
        listing = _Listing()
        for name in sorted(only):
            below = only[name]
            branch = below if isinstance(below, Branch) else None
            path = below.path if isinstance(below, Branch) else below
            try:
                # A link on the way to a source is followed; a source that is a link is saved as one.
                status = os.stat(path) if branch is not None else os.lstat(path)
            except OSError as error:
                self._problem(path, error)
                continue
            if branch is None and self._excludes and self._excludes(os.path.abspath(path), stat.S_ISDIR(status.st_mode)):
                continue
            listing.places[len(listing.rows)] = path
            listing.add(plain_row(name, status), path, branch)
        return listing

    def _list(self, path: bytes, device: int | None) -> _Listing:
        with os.scandir(path) as entries:
            found = sorted(entries, key=_name_of)
        if self._options.marker_files:
            found = self._respect_markers(path, found)
        excludes = self._excludes
        absolute = os.path.abspath(path).rstrip(b"/") + b"/" if excludes else b""
        listing = _Listing()
        for entry in found:
            try:
                if excludes and excludes(absolute + entry.name, entry.is_dir(follow_symlinks=False)):
                    continue
                row = plain_row(entry.name, entry.stat(follow_symlinks=False))
            except OSError as error:
                self._problem(path + entry.name, error)
                continue
            if self._is_taken(path, row):
                listing.add(row, path + entry.name, device=device)
        return listing

    def _is_taken(self, path: bytes, row: PlainRow) -> bool:
        kind = row[1] & 0o170000
        if kind == stat.S_IFSOCK:
            self._emit(Note(N_("{path} is a socket; sockets are not backed up"), {"path": os.fsdecode(path + row[0])}))
            return False
        most = self._options.exclude_larger_than
        if most is not None and kind == stat.S_IFREG and row[8] > most:
            if self._options.report_items:
                self._emit(ItemDone(os.fsdecode(path + row[0]), "skipped", "file", row[8]))
            return False
        return True

    def _respect_markers(self, path: bytes, found: "list[os.DirEntry[bytes]]") -> "list[os.DirEntry[bytes]]":
        names = {entry.name for entry in found}
        for marker in self._options.marker_files:
            if marker.name in names and _begins_with(path + marker.name, marker):
                return [entry for entry in found if entry.name == marker.name]
        return found

    def _problem(self, path: bytes, error: OSError) -> None:
        self.problems += 1
        reason = os.strerror(error.errno or 0)
        self._emit(Problem(N_("cannot be read: {reason}"), {"reason": reason}, os.fsdecode(path)))


def _finished(child: Child, parent: Directory | None, listing: _Listing | None) -> Directory:
    if listing is None:
        return Directory(child.path, parent, child.position, b"", [], 0, 0, is_listed=False)
    return Directory(
        child.path,
        parent,
        child.position,
        pack_rows(listing.rows),
        listing.children,
        listing.file_count,
        listing.file_bytes,
        listing.places,
    )


def _begins_with(path: bytes, marker: MarkerFile) -> bool:
    if not marker.header:
        return True
    try:
        with Path(os.fsdecode(path)).open("rb") as file:
            return file.read(len(marker.header)) == marker.header
    except OSError:
        return False  # a marker that cannot be read marks nothing; the file itself is reported when it is saved


def _name_of(entry: "os.DirEntry[bytes]") -> bytes:
    return entry.name
