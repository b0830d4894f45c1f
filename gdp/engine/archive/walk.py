"""Finds what is to be backed up, directory by directory. Reads no file's contents and stores nothing."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.engine.archive.metadata import Row, row_of
from gdp.engine.archive.options import BackupOptions, MarkerFile
from gdp.model.events import Emit, ItemDone, Note, Problem


class Branch(dict[bytes, "Branch | bytes"]):
    """A directory of which only some entries are taken: name -> a branch below it, or the real path to take whole."""

    def __init__(self, path: bytes) -> None:
        super().__init__()
        self.path = path
        """where the directory really is"""


class Directory:
    """A directory that the walk has found."""

    __slots__ = ("children", "device", "is_listed", "parent", "path", "position", "row", "rows")

    def __init__(self, path: bytes, parent: "Directory | None", position: int, row: Row | None) -> None:
        self.path = path
        """ends with ``/``"""
        self.parent = parent
        self.position = position
        """of this directory among its parent's rows"""
        self.row = row
        self.device: int | None = None
        """the file system this walk may not leave; None: no bound"""
        self.rows: list[Row] = []
        """entries in order of their names"""
        self.children: list[tuple[int, Branch | None]] = []
        """positions of the subdirectories; with a branch where only a part is taken"""
        self.is_listed = False
        """false: it could not be read"""


def root_of(sources: Sequence[bytes]) -> Branch:
    """Return the branch that covers all sources. Absolute ones begin at ``/``, relative ones where restic puts them.

    Raises BadInput when there is no source, or one does not exist.
    """
    if not sources:
        raise BadInput(N_("there is nothing to back up: no path was given"))
    root = Branch(b"/")
    for source in _expanded(sources):
        names, real = _components(source)
        _plant(root, names, real)
    return root


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
        """Yield each directory once its entries are known, before the directories in it.

        One that could not be read is yielded without rows and with ``is_listed`` false.
        """
        root = Directory(b"/", None, 0, None)
        stack: list[tuple[Directory, Branch | None]] = [(root, branch)]
        while stack:
            directory, only = stack.pop()
            directory.is_listed = self._list_branch(directory, only) if only is not None else self._list(directory)
            yield directory
            for position, below in reversed(directory.children):
                row = directory.rows[position]
                path = directory.path + row.name if below is None else below.path
                if below is None and only is not None:
                    target = only[row.name]
                    assert isinstance(target, bytes)
                    path = target
                child = Directory(path + b"/", directory, position, row)
                child.device = self._device_below(directory, row, is_source=only is not None)
                stack.append((child, below))

    def _device_below(self, directory: Directory, row: Row, *, is_source: bool) -> int | None:
        if not self._options.one_file_system:
            return None
        return row.device_id if is_source else directory.device

    def _list_branch(self, directory: Directory, only: Branch) -> bool:
        for name in sorted(only):
            below = only[name]
            path = below.path if isinstance(below, Branch) else below
            try:
                # A link on the way to a source is followed; a source that is a link is saved as one.
                status = os.stat(path) if isinstance(below, Branch) else os.lstat(path)
            except OSError as error:
                self._problem(path, error)
                continue
            if (
                isinstance(below, bytes)
                and self._excludes
                and self._excludes(os.path.abspath(path), stat.S_ISDIR(status.st_mode))
            ):
                continue
            self._add(directory, row_of(name, status), below if isinstance(below, Branch) else None)
        return True

    def _list(self, directory: Directory) -> bool:
        path = directory.path
        if directory.device is not None and directory.row and directory.row.device_id != directory.device:
            return True  # a mount point: the directory itself is kept, empty
        try:
            with os.scandir(path) as entries:
                found = sorted(entries, key=_name_of)
        except OSError as error:
            self._problem(path, error)
            return False
        if self._options.marker_files:
            found = self._respect_markers(path, found)
        excludes = os.path.abspath(path).rstrip(b"/") + b"/" if self._excludes else b""
        for entry in found:
            try:
                if self._excludes and self._excludes(excludes + entry.name, entry.is_dir(follow_symlinks=False)):
                    continue
                row = row_of(entry.name, entry.stat(follow_symlinks=False))
            except OSError as error:
                self._problem(path + entry.name, error)
                continue
            if self._is_taken(path, row):
                self._add(directory, row, None)
        return True

    def _is_taken(self, path: bytes, row: Row) -> bool:
        if stat.S_ISSOCK(row.mode):
            self._emit(Note(N_("{path} is a socket; sockets are not backed up"), {"path": os.fsdecode(path + row.name)}))
            return False
        most = self._options.exclude_larger_than
        if most is not None and row.size > most and row.is_file:
            if self._options.report_items:
                self._emit(ItemDone(os.fsdecode(path + row.name), "skipped", "file", row.size))
            return False
        return True

    def _add(self, directory: Directory, row: Row, below: Branch | None) -> None:
        if row.is_directory:
            directory.children.append((len(directory.rows), below))
        elif row.is_file:
            self.files_found += 1
            self.bytes_found += row.size
        directory.rows.append(row)

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
