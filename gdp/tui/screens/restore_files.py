"""Files come back, step two: which files and folders of the backup. A folder is read when it is opened."""

from collections.abc import Iterator
from typing import Any, ClassVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static, Tree
from textual.widgets.tree import TreeNode

from gdp.core.errors import BadInput
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.tui.page import Page
from gdp.tui.ports import Record, all_of
from gdp.tui.views import restore as says
from gdp.tui.views.restore import Marks

_ROOT: Record = {"type": "dir", "path": "/", "name": ""}


class _Folders(Tree[Record]):
    """The entries of a snapshot with their marks."""

    BINDINGS: ClassVar[list[Any]] = [Binding("enter", "select_cursor", N_("Open")), Binding("space", "screen.mark", N_("Choose"))]
    marks = Marks()

    def render_label(self, node: TreeNode[Record], base_style: Style, style: Style) -> Text:
        path = str((node.data or _ROOT)["path"])
        return Text.assemble((f"{self.marks.sign(path)} ", base_style + style), (str(node.label), base_style + style))


class RestoreFiles(Page[None]):
    """What is in a snapshot.

    Args:
        name: of the set.
        snapshot: its record, as ``gdp snapshots`` tells it.
    """

    HEADING = N_("Restore")
    HELP = N_(
        "Enter opens a folder, space chooses a file or a whole folder: ◼ is chosen, ◩ in part.\n\n"
        "r goes on with what is chosen; where nothing is, with the whole backup."
    )
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "back", N_("Back")),
        Binding("r", "go_on", N_("Restore")),
    ]

    def __init__(self, name: str, snapshot: Record) -> None:
        super().__init__()
        self._of, self._snapshot = name, snapshot

    def heading(self) -> str:
        return f"{translate(self.HEADING)} · {self._of}"

    def body(self) -> ComposeResult:
        with Vertical(id="restore-files", classes="list-box"):
            tree = _Folders(translate(N_("the whole backup")), _ROOT, id="restore-tree")
            tree.guide_depth = 3
            yield tree
            yield Static(id="restore-chosen", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        cells = says.snapshot_cells(self._snapshot, self.manager.ports.now(), self.manager.ports.zone)
        box = self.query_one("#restore-files")
        box.border_title = translate(N_("What shall come back?"))
        box.border_subtitle = Content(" · ".join(filter(None, cells[:4])))
        tree = self.query_one(_Folders)
        tree.focus()
        tree.root.expand()
        tree.cursor_line = 0
        self._show_chosen()

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[Record]) -> None:
        if not event.node.children:
            self.begin(self._read(event.node), group="tree")

    def action_back(self) -> None:
        """Leave; marks are asked about."""
        self.begin(self._leave())

    def action_mark(self) -> None:
        """Choose what is under the cursor, or not."""
        tree = self.query_one(_Folders)
        node = tree.cursor_node
        path = str((node.data or _ROOT)["path"]) if node is not None else "/"
        if says.UNREADABLE_NAME in path:
            self.tell_error(
                BadInput(
                    N_("the name of {path} is no text and cannot be named"), N_("Choose the folder that it lies in."), path=path
                )
            )
            return
        tree.marks = tree.marks.toggled(path)
        for each in _around(node or tree.root):
            each.refresh()
        self._show_chosen()

    def action_go_on(self) -> None:
        """Ask where to and how."""
        paths = sorted(self.query_one(_Folders).marks.paths - {"/"})
        is_whole = "/" in self.query_one(_Folders).marks.paths
        self.manager.go("restore-plan", name=self._of, snapshot=self._snapshot, paths=[] if is_whole else paths)

    async def _leave(self) -> None:
        from gdp.tui.screens.dialogs import Question

        if self.query_one(_Folders).marks.paths:
            text = translate(N_("What you have chosen here is forgotten."))
            if not await self.app.push_screen_wait(Question(translate(N_("Leave?")), text, translate(N_("Leave")))):
                return
        _ = self.dismiss(None)

    async def _read(self, node: TreeNode[Record]) -> None:
        folder = str((node.data or _ROOT)["path"])
        loading = node.add_leaf(translate(N_("reading …")), {"type": "", "path": folder, "name": ""})
        words = ("ls", "--no-lock", "-S", self._of, "--", str(self._snapshot["id"]), folder)
        try:
            found = await all_of(self.manager.ports.commands, "node", *words)
        finally:
            loading.remove()
        now, zone = self.manager.ports.now(), self.manager.ports.zone
        for child in says.children_of(folder, found):
            label = Text(says.entry_label(child, now, zone))
            if child.get("type") == "dir":
                node.add(label, child)
            else:
                node.add_leaf(label, child)
        if not node.children:
            node.allow_expand = False

    def _show_chosen(self) -> None:
        count = len(self.query_one(_Folders).marks.paths)
        words = (
            fill(N_("{count:entry|entries} chosen"), {"count": count}) if count else translate(N_("Nothing chosen: everything"))
        )
        self.query_one("#restore-chosen", Static).update(words)


def _around(node: TreeNode[Record]) -> Iterator[TreeNode[Record]]:
    """Yield the entry, the folders that it lies in, and all that is shown below it: those whose marks may be others now."""
    folder: TreeNode[Record] | None = node
    while folder is not None:
        yield folder
        folder = folder.parent
    below = list(node.children)
    while below:
        one = below.pop()
        yield one
        below += one.children
