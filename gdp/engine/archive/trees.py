"""Builds the snapshot's directories from what the walk found, the last backup knew and the workers read.

A directory is finished when all its files have contents and all its subdirectories are finished; then its parent may be. What
did not change is taken from the last backup without being looked at again.
"""

import operator
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from gdp.core.language import N_
from gdp.engine.archive.dispatch import Dispatcher, FileWork
from gdp.engine.archive.gone import all_below, gone_from
from gdp.engine.archive.known import Known, KnownDirectory
from gdp.engine.archive.metadata import Ids, Row, encode_file, is_same_file, make_node, pack_rows, read_attributes, unpack_rows
from gdp.engine.archive.notes import DirectoryNotes
from gdp.engine.archive.options import BackupOptions
from gdp.engine.archive.read_file import FileRead
from gdp.engine.archive.tree_text import Piece, is_long, tree_id, tree_pieces
from gdp.engine.archive.walk import Directory
from gdp.model.events import Emit, ItemDone, Problem
from gdp.model.tree import encode_node

_NOT_READ = N_("cannot be read: {reason}")
_OWNER = operator.attrgetter("uid", "gid")
Change = Literal["new", "changed", "unmodified"]
FileTicket = tuple[Directory, int, Change]
"""which row of which directory a file is, and why it is read"""


@dataclass(slots=True)
class Counts:
    """What a run did, for report and snapshot."""

    files: dict[Change, int] = field(default_factory=lambda: {"new": 0, "changed": 0, "unmodified": 0})
    directories: dict[Change, int] = field(default_factory=lambda: {"new": 0, "changed": 0, "unmodified": 0})
    removed_files: int = 0
    """which the last backup had"""
    removed_directories: int = 0
    files_done: int = 0
    bytes_done: int = 0
    problems: int = 0


class _Work:
    """A directory on its way into the snapshot."""

    __slots__ = ("directory_changes", "is_as_walked", "known", "known_trees", "nodes", "pending", "rows", "values")

    def __init__(self, pending: int) -> None:
        self.known: KnownDirectory | None = None
        """where its entries are those of the last backup; what is below them may differ"""
        self.is_as_walked = True
        """no file changed between the walk and its reading"""
        self.rows: list[Row] = []
        """unpacked only where something changed"""
        self.known_trees: dict[int, bytes] = {}
        """the last backup's tree id of each subdirectory, by position"""
        self.directory_changes: dict[int, Change] = {}
        """by position, the subdirectories that are new or whose own metadata changed"""
        self.values: list[Ids | None] = []
        """per row: a file's blob ids joined, a directory's tree id, else empty; None: left out"""
        self.nodes: dict[int, bytes] = {}
        """JSON of rows, as far as it is made"""
        self.pending = pending
        """files and subdirectories that are not finished"""


class TreeBuilder:
    """Builds trees bottom-up.

    Args:
        known: what the last backup knew.
        notes: where to note this backup's directories for the next one; None: nowhere.
        dispatcher: reads files and stores trees.
        is_new_tree: says whether a tree has to be stored, and remembers that it was asked.
    """

    def __init__(
        self,
        options: BackupOptions,
        known: Known,
        notes: DirectoryNotes | None,
        dispatcher: Dispatcher,
        is_new_tree: Callable[[bytes], bool],
        emit: Emit,
    ) -> None:
        self._options, self._known, self._notes = options, known, notes
        self._dispatcher, self._is_new_tree, self._emit = dispatcher, is_new_tree, emit
        self._work: dict[Directory, _Work] = {}
        self.counts = Counts()
        self.owners: set[tuple[int, int]] = set()
        self.current = ""
        """the directory that was found last"""
        self.root: bytes | None = None
        """the root's tree id, once everything is finished"""

    def enter(self, directory: Directory) -> None:
        """Take a directory that the walk has just listed."""
        self.current = os.fsdecode(directory.path)
        if not directory.is_listed:
            self._hand_up(directory, None)
            if directory.parent is not None:
                self._finish_ready(directory.parent)
            return
        known = self._known.directory(directory.path, self._tree_in_parent(directory))
        work = self._work[directory] = _Work(len(directory.children))
        if known is not None and known.rows and known.rows == directory.packed_rows:
            self._take_over(directory, work, known)
        else:
            self._compare(directory, work, known)
        self._finish_ready(directory)

    def file_done(self, ticket: FileTicket, result: FileRead) -> None:
        """Take what a worker made of a file."""
        directory, position, change = ticket
        work = self._work[directory]
        row = work.rows[position]
        if result.problem:
            template = result.problem if result.node else _NOT_READ
            self._report(directory.path_of(position, row.name), result.problem, template)
        if result.node:
            if result.row != row:
                work.rows[position] = row = Row._make(result.row)
                work.is_as_walked = False
            work.values[position] = result.content
            work.nodes[position] = result.node
            self._count_file(directory, row, change)
        work.pending -= 1
        if not work.pending:
            self._finish_ready(directory)

    def _take_over(self, directory: Directory, work: _Work, known: KnownDirectory) -> None:
        work.known = known
        work.values = list(known.values)
        work.known_trees = {child.position: bytes(known.values[child.position]) for child in directory.children}
        self.counts.files["unmodified"] += directory.file_count
        self.counts.files_done += directory.file_count
        self.counts.bytes_done += directory.file_bytes
        if self._options.report_items:
            for row in unpack_rows(directory.packed_rows):
                self._report_file(directory, row, "unmodified")

    def _compare(self, directory: Directory, work: _Work, known: KnownDirectory | None) -> None:
        entries = known.by_name() if known is not None else {}
        work.rows = unpack_rows(directory.packed_rows)
        work.values = [None] * len(work.rows)
        for position, row in enumerate(work.rows):
            old = entries.get(row.name)
            if row.is_directory:
                if old is None or old[0] != row:
                    work.directory_changes[position] = "new" if old is None else "changed"
                if old is not None and old[0].is_directory:
                    work.known_trees[position] = bytes(old[1])
            elif not row.is_file:
                work.values[position] = b""
            elif old is not None and self._is_same(row, old[0]):
                self._count_file(directory, row, "unmodified")
                self._encode_into(work, directory, position, row, old[1])  # now, while others read the changed ones
            else:
                work.pending += 1
                change: Change = "new" if old is None else "changed"
                folder, name = directory.place_of(position, row.name)
                self._dispatcher.read_file(FileWork(folder, name, row.name, row.size, (directory, position, change)))
        for gone, value in gone_from(directory, work.rows, entries) if entries else ():
            self._count_removed(directory.path + gone.name, gone, value)
        if self._notes is not None and entries:
            self._forget_vanished(directory, work, {name for name, (row, _) in entries.items() if row.is_directory})

    def _is_same(self, row: Row, known: Row) -> bool:
        return is_same_file(row, known, ignore_ctime=self._options.ignore_ctime, ignore_inode=self._options.ignore_inode)

    def _finish_ready(self, directory: Directory) -> None:
        """Finish a directory if nothing in it is pending, and then those above it that waited for nothing else."""
        waiting: Directory | None = directory
        while waiting is not None and self._work[waiting].pending == 0:
            parent = waiting.parent
            self._hand_up(waiting, self._tree_of(waiting, self._work.pop(waiting)))
            waiting = parent

    def _hand_up(self, directory: Directory, tree: bytes | None) -> None:
        if directory.parent is None:
            self.root = tree
        else:
            above = self._work[directory.parent]
            above.values[directory.position] = tree
            above.pending -= 1

    def _tree_of(self, directory: Directory, work: _Work) -> bytes:
        if work.known is not None and work.values == work.known.values:
            self._count_directory(directory, work.known.tree)
            return work.known.tree
        tree = self._store(directory, work)
        self._count_directory(directory, tree)
        if self._notes is not None:
            saved = [row for row, value in zip(work.rows, work.values, strict=True) if value is not None]
            is_as_walked = work.is_as_walked and len(saved) == len(work.rows)
            rows = directory.packed_rows if is_as_walked else pack_rows(saved)
            self._notes.put(directory.path, tree, rows, [value for value in work.values if value is not None])
            self.owners.update(map(_OWNER, saved))
        return tree

    def _store(self, directory: Directory, work: _Work) -> bytes:
        work.rows = work.rows or unpack_rows(directory.packed_rows)
        nodes: list[bytes] = []
        left_out: dict[int, Ids] = {}
        for position, row in enumerate(work.rows):
            value = work.values[position]
            if value is None:
                continue
            if position not in work.nodes:
                self._encode_into(work, directory, position, row, value)
            if position in work.nodes:
                if is_long(value) and row.is_file:
                    left_out[len(nodes)] = value
                nodes.append(work.nodes[position])
        return self.store_tree(tree_pieces(nodes, left_out))

    def store_tree(self, pieces: list[Piece]) -> bytes:
        """Have a directory stored, unless it is stored already, and return its id."""
        tree = tree_id(pieces)
        if self._is_new_tree(tree):
            self._dispatcher.store_tree(tree, pieces)
        return tree

    def _encode_into(self, work: _Work, directory: Directory, position: int, row: Row, value: Ids) -> None:
        """Make an entry's node; one that cannot be looked at is left out."""
        node = self._encode(directory.path_of(position, row.name), row, value)
        work.values[position] = None if node is None else value
        if node is not None:
            work.nodes[position] = node

    def _encode(self, path: bytes, row: Row, value: Ids) -> bytes | None:
        try:
            attributes = read_attributes(path)
            if row.is_directory:
                return encode_node(make_node(row, attributes, subtree=value))
            if row.is_file:
                return encode_file(row, attributes, b"" if is_long(value) else value)
            target = os.readlink(path) if stat.S_ISLNK(row.mode) else None
            return encode_node(make_node(row, attributes, target=target))
        except OSError as error:
            self._report(path, os.strerror(error.errno or 0))
            return None

    def _tree_in_parent(self, directory: Directory) -> bytes | None:
        if directory.parent is None:
            return None
        return self._work[directory.parent].known_trees.get(directory.position)

    def _forget_vanished(self, directory: Directory, work: _Work, known_names: set[bytes]) -> None:
        assert self._notes is not None
        for name in known_names - {work.rows[child.position].name for child in directory.children}:
            self._notes.drop_below(directory.path + name + b"/")

    def _count_file(self, directory: Directory, row: Row, change: Change) -> None:
        counts = self.counts
        counts.files[change] += 1
        counts.files_done += 1
        counts.bytes_done += row.size
        if self._options.report_items:
            self._report_file(directory, row, change)

    def _count_removed(self, path: bytes, row: Row, value: Ids) -> None:
        """Count what is gone, with all that was below it."""
        gone = [(path, row)]
        if row.is_directory:
            gone = [(path + b"/", row), *all_below(self._known, path + b"/", value)]
        for place, what in gone:
            self.counts.removed_files += what.is_file
            self.counts.removed_directories += what.is_directory
            if self._options.report_items:
                self._emit(ItemDone(os.fsdecode(place), "removed", "file" if what.is_file else "dir", what.size))

    def _report_file(self, directory: Directory, row: Row, change: Change) -> None:
        if row.is_file:
            self._emit(ItemDone(os.fsdecode(directory.path + row.name), change, "file", row.size))

    def _count_directory(self, directory: Directory, tree: bytes) -> None:
        if directory.parent is not None:
            above = self._work[directory.parent]
            is_same = above.known_trees.get(directory.position) == tree
            change = above.directory_changes.get(directory.position) or ("unmodified" if is_same else "changed")
            self.counts.directories[change] += 1
            if self._options.report_items:
                self._emit(ItemDone(os.fsdecode(directory.path), change, "dir"))

    def _report(self, path: bytes, reason: str, template: str = _NOT_READ) -> None:
        self.counts.problems += 1
        self._emit(Problem(template, {"reason": reason}, os.fsdecode(path)))
