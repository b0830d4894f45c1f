"""Finds what is to be backed up, directory by directory. Reads no file's contents and stores nothing."""

import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from gdp.core.language import N_
from gdp.engine.archive.metadata import PlainRow, pack_rows, plain_row
from gdp.engine.archive.mounts import KernelFileSystems
from gdp.engine.archive.options import BackupOptions
from gdp.engine.archive.sources import Branch, branch_below
from gdp.model.events import Emit, ItemDone, Note, Problem
from gdp.model.exclusion import MarkerFile

_Found = tuple[bytes, "os.DirEntry[str]"]
"""an entry and its raw name"""

_REGULAR = stat.S_IFREG
_ENCODING, _ERRORS = sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()
_OPEN_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Child(NamedTuple):
    """A subdirectory that is to be walked."""

    position: int
    """among its parent's rows"""
    path: bytes
    """where it really is, with ``/`` at the end"""
    only: Branch | None
    """what is taken of it; None: all"""
    device: int
    """its file system"""
    is_beyond: bool = False
    """its contents are not wanted, since they lie in another file system"""


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
    is_whole: bool = True
    """false: only some of its entries are taken, since it leads to a source"""
    unread: frozenset[bytes] = frozenset()
    """names of entries that are there but could not be looked at"""

    def path_of(self, position: int, name: bytes) -> bytes:
        """Return where an entry really is."""
        return self.places.get(position) or self.path + name

    def place_of(self, position: int, name: bytes) -> tuple[bytes, bytes]:
        """Return the same in two: the folder, with ``/`` at the end, and the name there."""
        if position not in self.places:
            return self.path, name
        folder, slash, name = self.places[position].rpartition(b"/")
        return folder + slash, name


@dataclass(slots=True)
class _Listing:
    """A directory's entries while they are gathered."""

    rows: list[PlainRow] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)
    places: dict[int, bytes] = field(default_factory=dict)
    file_count: int = 0
    file_bytes: int = 0
    is_whole: bool = True
    unread: set[bytes] = field(default_factory=set)

    def add(self, row: PlainRow, path: bytes, only: Branch | None = None, *, is_beyond: bool = False) -> None:
        """Add an entry."""
        kind = row[1] & 0o170000
        if kind == stat.S_IFREG:
            self.file_count += 1
            self.file_bytes += row[8]
        elif kind == stat.S_IFDIR:
            self.children.append(Child(len(self.rows), path + b"/", only, row[7], is_beyond))
        self.rows.append(row)


@dataclass(slots=True)
class Skipped:
    """How much was left out on purpose. What is in a directory that was left out is not counted."""

    excluded: int = 0
    """by a pattern or a marker file"""
    too_large: int = 0
    sockets: int = 0
    other_file_systems: int = 0
    """files, and directories whose contents lie there"""
    kernel_file_systems: int = 0
    """the same for file systems of the kernel, such as ``/proc``"""


class Walker:
    """Walks the sources depth first, names in byte order."""

    def __init__(self, options: BackupOptions, emit: Emit) -> None:
        self._options, self._emit = options, emit
        self._excludes = options.excludes
        self._kernel_file_systems = KernelFileSystems()
        self._named = frozenset(map(_absolute, options.sources))
        self.files_found = 0
        self.bytes_found = 0
        self.problems = 0
        self.skipped = Skipped()

    def walk(self, branch: Branch) -> Iterator[Directory]:
        """Yield each directory once its entries are known, before the directories in it."""
        stack: list[tuple[Directory | None, Child]] = [(None, Child(0, b"/", branch, 0))]
        while stack:
            parent, child = stack.pop()
            listing = self._listing(child)
            directory = _finished(child, parent, listing)
            self.files_found += directory.file_count
            self.bytes_found += directory.file_bytes
            yield directory
            stack += [(directory, below) for below in reversed(directory.children)]

    def _listing(self, child: Child) -> _Listing | None:
        if child.only is not None:
            return self._list_branch(child.only)
        if child.is_beyond:
            return _Listing()  # a mount point: the directory itself is kept, empty
        try:
            return self._list(child.path, child.device)
        except OSError as error:
            self._problem(child.path, error)
            return None

    def _list_branch(self, only: Branch) -> _Listing:
        listing = _Listing(is_whole=False)
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
                self.skipped.excluded += 1
                continue
            row = plain_row(name, status)
            is_beyond = branch is None and self._is_beyond(path, row, _device_around(path))
            if branch is not None or self._is_taken(path, row, is_beyond=is_beyond):
                listing.places[len(listing.rows)] = path
                listing.add(row, path, self._named_in(path) if is_beyond else branch, is_beyond=is_beyond)
        return listing

    def _list(self, path: bytes, device: int) -> _Listing:
        # Should the directory have become a link since its parent was listed, it is not followed.
        descriptor = os.open(path.rstrip(b"/"), _OPEN_DIRECTORY)
        try:
            with os.scandir(descriptor) as entries:
                found = sorted([(entry.name.encode(_ENCODING, _ERRORS), entry) for entry in entries])
            return self._list_entries(path, found, device)
        finally:
            os.close(descriptor)

    def _list_entries(self, path: bytes, found: list[_Found], device: int) -> _Listing:
        if self._options.marker_files:
            found = self._respect_markers(path, found)
        excludes = self._excludes
        absolute = os.path.abspath(path).rstrip(b"/") + b"/" if excludes else b""
        listing = _Listing()
        rows = listing.rows
        takes_any_file = self._options.exclude_larger_than is None
        for name, entry in found:
            try:
                if excludes and excludes(absolute + name, entry.is_dir(follow_symlinks=False)):
                    self.skipped.excluded += 1
                    continue
                row = plain_row(name, entry.stat(follow_symlinks=False))
            except OSError as error:
                self._problem(path + name, error)
                listing.unread.add(name)
                continue
            is_beyond = row[7] != device and self._is_beyond(path + name, row, device)
            if takes_any_file and not is_beyond and row[1] & 0o170000 == _REGULAR:  # nearly all there is, in a third of the time
                rows.append(row)
                listing.file_count += 1
                listing.file_bytes += row[8]
            elif self._is_taken(path + name, row, is_beyond=is_beyond):
                listing.add(row, path + name, self._named_in(path + name) if is_beyond else None, is_beyond=is_beyond)
        return listing

    def _is_beyond(self, path: bytes, row: PlainRow, device: int) -> bool:
        """Say whether an entry lies in a file system that is left out, and count it then. What was named is never beyond."""
        if row[7] == device or _absolute(path) in self._named:
            return False
        if self._options.one_file_system:
            self.skipped.other_file_systems += 1
            return True
        if not self._options.kernel_file_systems and row[7] in self._kernel_file_systems:
            self.skipped.kernel_file_systems += 1
            return True
        return False

    def _named_in(self, path: bytes) -> Branch | None:
        """Return what was named below a directory whose other contents are left out."""
        return branch_below(_absolute(path), self._named)

    def _is_taken(self, path: bytes, row: PlainRow, *, is_beyond: bool) -> bool:
        kind = row[1] & 0o170000
        if is_beyond and kind != stat.S_IFDIR:
            return False  # a file of another file system, mounted over one of ours
        if kind == stat.S_IFSOCK:
            self.skipped.sockets += 1
            self._emit(Note(N_("{path} is a socket; sockets are not backed up"), {"path": os.fsdecode(path)}))
            self._report_skipped(path, "socket")
            return False
        most = self._options.exclude_larger_than
        if most is not None and kind == stat.S_IFREG and row[8] > most:
            self.skipped.too_large += 1
            self._report_skipped(path, "file", row[8])
            return False
        return True

    def _report_skipped(self, path: bytes, kind: str, size: int = 0) -> None:
        if self._options.report_items:
            self._emit(ItemDone(os.fsdecode(path), "skipped", kind, size))

    def _respect_markers(self, path: bytes, found: list[_Found]) -> list[_Found]:
        names = {name for name, _ in found}
        for marker in self._options.marker_files:
            if marker.name in names and _begins_with(path + marker.name, marker):
                self.skipped.excluded += len(found) - 1
                return [(name, entry) for name, entry in found if name == marker.name]
        return found

    def _problem(self, path: bytes, error: OSError) -> None:
        self.problems += 1
        reason = os.strerror(error.errno or 0)
        self._emit(Problem(N_("cannot be read: {reason}"), {"reason": reason}, os.fsdecode(path)))


def _absolute(path: bytes) -> bytes:
    return os.path.abspath(path).replace(b"//", b"/")


def _device_around(path: bytes) -> int:
    """Return the file system of the directory that holds a path; -1 when that cannot be seen."""
    try:
        return os.stat(os.path.dirname(path) or b".").st_dev
    except OSError:
        return -1


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
        is_whole=listing.is_whole,
        unread=frozenset(listing.unread),
    )


def _begins_with(path: bytes, marker: MarkerFile) -> bool:
    if not marker.header:
        return True
    try:
        # Not blocking: a fifo of this name would never be opened by anybody else.
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb", buffering=0) as file:
            is_regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            return is_regular and file.read(len(marker.header)) == marker.header
    except OSError:
        return False  # a marker that cannot be read marks nothing; the file itself is reported when it is saved
