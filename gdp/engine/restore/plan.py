"""What a restore will do, directory by directory, from the snapshot and what lies in the target. Changes nothing.

The plan is made while it is carried out, so that it never has to be held whole: a directory is judged before anything below its
parent was written, but after its parent was made.
"""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field

from gdp.core.errors import DamagedData, HostileData
from gdp.core.ids import BlobId
from gdp.core.language import N_
from gdp.engine.patterns.selector import Selects
from gdp.engine.restore.existing import Action, judge
from gdp.engine.restore.handles import FolderHandles, FolderPath
from gdp.engine.restore.options import RestoreOptions
from gdp.engine.restore.selection import PathSelection, selection_of
from gdp.engine.restore.trees import TreeReader
from gdp.model.events import Emit, Note, Problem
from gdp.model.node import Node, checked_name
from gdp.repo.repository import Repository

DEEPEST_FOLDER = 2000  # no real tree comes near; one that does wants to exhaust us
_RESTORABLE = ("file", "symlink", "fifo", "dev", "chardev")
_SAME_PLACE = tuple[FolderPath, bytes]
_is_plain_name = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*").fullmatch
"""says whether a name needs neither unquoting nor a check"""


@dataclass(slots=True)
class PlannedItem:
    """One entry that is no directory."""

    name: bytes
    node: Node
    action: Action
    existing: tuple[int, int] | None = None
    """device and inode of what is there, for CHECK and KEEP"""
    link_to: _SAME_PLACE | None = None
    """directory and name of the file that this is to be a hard link of"""


@dataclass(frozen=True, slots=True)
class MadeFolder:
    """A directory of the target, as it was when it was made or found."""

    identity: tuple[int, int]
    inherits: bool
    """what is made in it gets attributes that the snapshot may not have: an ACL"""
    is_private: bool
    """nobody else can enter it before it gets its own permissions in the end"""


@dataclass(slots=True)
class PlannedFolder:
    """One directory and what is to be restored into it."""

    path: FolderPath
    node: Node | None
    """None: the top, whose own metadata is not restored"""
    parent: "PlannedFolder | None"
    tree: bytes
    action: Action
    is_wanted: bool
    """False: made only when something below it is restored"""
    items: list[PlannedItem] = field(default_factory=list)
    extras: list[bytes] = field(default_factory=list)
    """names that lie there and not in the snapshot, to be deleted"""
    made: "MadeFolder | None" = None
    """set when it is there for sure"""
    has_failed: bool = False

    @property
    def is_fresh(self) -> bool:
        """Say whether nothing lies in it before the restore."""
        return self.action in (Action.CREATE, Action.REPLACE)


class Planner:
    """Walks a snapshot from one of its directories."""

    def __init__(self, repo: Repository, options: RestoreOptions, handles: FolderHandles | None, emit: Emit) -> None:
        """Take the open target; None when it does not exist (yet)."""
        self._options, self._handles, self._emit = options, handles, emit
        self._paths = PathSelection(options.paths) if options.paths else None
        self._selects: Selects | None = selection_of(options, self._paths)
        self._trees = TreeReader(repo)
        self._user = os.geteuid()
        self._first_links: dict[tuple[int, int], tuple[list[str], _SAME_PLACE]] = {}
        self.problems = 0
        self.skipped: set[tuple[FolderPath, bytes]] = set()
        """files that stay as they are, for a later verification to leave out"""

    def folders(self, tree: bytes) -> Iterator[PlannedFolder]:
        """Yield the plan, parents before children. Raises DamagedData when the first directory cannot be read."""
        top = PlannedFolder((), None, None, tree, Action.KEEP if self._handles else Action.CREATE, self._selects is None)
        stack = [top]
        while stack:
            folder = stack.pop()
            try:
                children = self._fill(folder)
            except DamagedData as error:
                if folder is top:
                    raise
                self.report(folder.path, error)
                children = []
            except OSError as error:
                self._problem(N_("{path} cannot be read: {reason}"), b"/" + b"/".join(folder.path), error.strerror or "")
                continue
            yield folder
            if len(children) > 1:
                self._trees.expect([child.tree for child in children])
            stack += reversed(children)
        for path in self._paths.missing() if self._paths else ():
            self._problem(N_("the snapshot has no {path}"), path)

    def report(self, path: FolderPath, error: DamagedData) -> None:
        """Tell of an entry or directory of the snapshot that cannot be restored."""
        self.problems += 1
        self._emit(Problem(error.template, error.facts, os.fsdecode(b"/" + b"/".join(path)), error.hint_template))

    def _problem(self, template: str, path: bytes, reason: str = "") -> None:
        self.problems += 1
        self._emit(Problem(template, {"path": os.fsdecode(path), "reason": reason}, os.fsdecode(path)))

    def _fill(self, folder: PlannedFolder) -> list[PlannedFolder]:
        """Put the items into ``folder`` and return the directories in it that are to be walked."""
        _refuse_bottomless(folder)
        nodes = self._trees.load(folder.tree)
        present = None if folder.is_fresh else self._list(folder.path)
        prefix = b"/" + b"".join(name + b"/" for name in folder.path)
        names: set[bytes] = set()
        children = []
        everything = self._selects is None and present is None
        for node in nodes:
            try:
                name = node.name.encode() if _is_plain_name(node.name) else checked_name(node)
                if name in names:
                    raise HostileData(N_("{name!r} is twice in one directory; only the first was restored"), name=node.name)
                names.add(name)
                if everything and node.type == "file" and node.links <= 1:
                    folder.items.append(PlannedItem(name, node, Action.CREATE))  # nearly all entries take this short way
                    continue
                child = self._place(folder, node, name, prefix, present)
            except (DamagedData, ValueError) as error:
                self.report((*folder.path, node.name.encode("utf-8", "replace")), _as_damage(error, node))
                continue
            if child:
                children.append(child)
        if present is not None and self._options.delete:
            folder.extras = [name for name in sorted(present - names) if self._is_deletable(folder.path, name, prefix)]
        return children

    def _place(
        self, folder: PlannedFolder, node: Node, name: bytes, prefix: bytes, present: set[bytes] | None
    ) -> PlannedFolder | None:
        wanted = inside = True
        is_folder = node.type == "dir"
        if self._selects:
            wanted, inside = self._selects(prefix + name, is_folder)
        if not (wanted or (is_folder and inside)):
            return None
        if is_folder:
            return self._folder(folder, node, name, present, is_wanted=wanted) if wanted or inside else None
        if node.type not in _RESTORABLE:
            self._leave_out(node, prefix + name)
            return None
        item = PlannedItem(name, node, Action.CREATE)
        if present is not None and name in present:
            item.action, item.existing = self._judge(folder.path, node, name)
        if node.links > 1 and node.type == "file":
            self._link(folder, item)
        if item.action is Action.SKIP:
            self.skipped.add((folder.path, name))
        folder.items.append(item)
        return None

    def _folder(
        self, parent: PlannedFolder, node: Node, name: bytes, present: set[bytes] | None, *, is_wanted: bool
    ) -> PlannedFolder | None:
        if node.subtree is None:
            raise DamagedData(N_("the directory {name!r} has no contents"), name=node.name)
        path = (*parent.path, name)
        action = Action.CREATE
        if present is not None and name in present:
            action, _ = self._judge(parent.path, node, name)
        if action is Action.SKIP:
            self._problem(N_("{path} is no directory, and it may not be overwritten"), b"/" + b"/".join(path))
            return None
        return PlannedFolder(path, node, parent, BlobId.from_hex(node.subtree), action, is_wanted)

    def _link(self, folder: PlannedFolder, item: PlannedItem) -> None:
        """Make it a link of an earlier file, if it is one: the same inode and, since a repository may lie, the same content."""
        key = (item.node.inode, item.node.device_id)
        content = item.node.content or []
        first = self._first_links.get(key)
        if first and first[0] == content:
            item.link_to = first[1]
        elif not first and item.action is not Action.SKIP:
            self._first_links[key] = content, (folder.path, item.name)

    def _judge(self, path: FolderPath, node: Node, name: bytes) -> tuple[Action, tuple[int, int] | None]:
        assert self._handles
        try:
            descriptor = self._handles.open(path)
            found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            target = os.readlink(name, dir_fd=descriptor) if stat.S_ISLNK(found.st_mode) else None
        except FileNotFoundError:
            return Action.CREATE, None
        return judge(node, found, self._options.overwrite, self._user, target), (found.st_dev, found.st_ino)

    def _list(self, path: FolderPath) -> set[bytes]:
        assert self._handles
        try:
            return {os.fsencode(name) for name in os.listdir(self._handles.open(path))}
        except FileNotFoundError:
            return set()

    def _is_deletable(self, path: FolderPath, name: bytes, prefix: bytes) -> bool:
        if not self._selects:
            return True
        assert self._handles
        found = os.stat(name, dir_fd=self._handles.open(path), follow_symlinks=False)
        wanted, inside = self._selects(prefix + name, stat.S_ISDIR(found.st_mode))
        return wanted or inside

    def _leave_out(self, node: Node, location: bytes) -> None:
        if node.type == "socket":
            self._emit(Note(N_("{path} is a socket; sockets are not restored"), {"path": os.fsdecode(location)}))
        else:
            self._problem(N_("{path} is of a kind that cannot be restored"), location)


def _refuse_bottomless(folder: PlannedFolder) -> None:
    above = folder.parent
    while above:
        if above.tree == folder.tree:
            raise HostileData(N_("a directory contains itself; it was refused"))
        above = above.parent
    if len(folder.path) > DEEPEST_FOLDER:
        raise HostileData(N_("directories are nested more than {most} deep; the rest was refused"), most=DEEPEST_FOLDER)


def _as_damage(error: Exception, node: Node) -> DamagedData:
    if isinstance(error, DamagedData):
        return error
    return DamagedData(N_("the entry {name!r} makes no sense ({reason})"), name=node.name, reason=str(error))
