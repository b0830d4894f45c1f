"""Files come back, step two: which files and folders of the backup. A folder is read when it is opened."""

import asyncio
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from gdp.core.errors import GdpError
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.tui.page import Page
from gdp.tui.ports import Browser, Record, all_of
from gdp.tui.views import restore as says
from gdp.tui.views.items import Item
from gdp.tui.views.restore import Marks
from gdp.tui.widgets.snapshot_tree import Node, SnapshotTree


class RestoreFiles(Page[None]):
    """What is in a snapshot.

    Args:
        name: of the set.
        browser: answers what lies in a folder.
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

    def __init__(self, name: str, browser: Browser, snapshot: Record) -> None:
        super().__init__()
        self._of, self._browser, self._snapshot = name, browser, snapshot
        self._marks = Marks()

    def heading(self) -> str:
        return f"{translate(self.HEADING)} · {self._of}"

    def body(self) -> ComposeResult:
        with Vertical(id="restore-files", classes="list-box"):
            yield SnapshotTree(Item("/", translate(N_("the whole backup")), is_folder=True), id="restore-tree")
            yield Static(id="restore-chosen", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        cells = says.snapshot_cells(self._snapshot, self.manager.ports.now(), self.manager.ports.zone)
        box = self.query_one("#restore-files")
        box.border_title = translate(N_("What shall come back?"))
        box.border_subtitle = Content(" · ".join(filter(None, cells[:4])))
        tree = self.query_one(SnapshotTree)
        tree.focus()
        tree.root.expand()
        tree.cursor_line = 0
        self._show_chosen()

    def on_snapshot_tree_opened(self, event: SnapshotTree.Opened) -> None:
        if self._can_be_named(event.item.path):
            self.begin(self._read(event.node, event.item), group="tree")
        else:
            event.node.collapse()

    def on_snapshot_tree_marked(self, event: SnapshotTree.Marked) -> None:
        if self._can_be_named(event.item.path):
            self._marks = self._marks.toggled(event.item.path)
            self._show_chosen()

    def action_back(self) -> None:
        """Leave; marks are asked about."""
        self.begin(self._leave())

    def action_go_on(self) -> None:
        """Ask where to and how."""
        paths = [] if "/" in self._marks.paths else sorted(self._marks.paths)
        self.manager.go("restore-plan", name=self._of, snapshot=self._snapshot, paths=paths)

    def _can_be_named(self, path: str) -> bool:
        if (problem := says.unnameable(path)) is not None:
            self.tell_error(problem)
        return problem is None

    async def _leave(self) -> None:
        from gdp.tui.screens.dialogs import Question

        if self._marks.paths:
            text = translate(N_("What you have chosen here is forgotten."))
            if not await self.app.push_screen_wait(Question(translate(N_("Leave?")), text, translate(N_("Leave")))):
                return
        _ = self.dismiss(None)

    async def _read(self, node: Node, folder: Item) -> None:
        """Show what lies in a folder. One that could not be read is closed again, to be opened once more."""
        tree, now, zone = self.query_one(SnapshotTree), self.manager.ports.now(), self.manager.ports.zone
        loading = node.add_leaf(translate(N_("reading …")), None)
        try:
            words = ("ls", "--", str(self._snapshot["id"]), folder.path)
            found = await all_of(self._browser, "node", *words, tell=lambda note: loading.set_label(Text(note)))
            items = await asyncio.to_thread(says.items_of, folder.path, found, now, zone)  # there may be very many
        except GdpError:
            loading.remove()
            node.collapse()
            raise
        loading.remove()
        tree.fill(node, items)
        if len(items) == 1 and items[0].is_folder:
            node.children[0].expand()  # as anybody would

    def _show_chosen(self) -> None:
        self.query_one(SnapshotTree).show(self._marks)
        count = len(self._marks.paths)
        words = (
            fill(N_("{count:entry|entries} chosen"), {"count": count}) if count else translate(N_("Nothing chosen: everything"))
        )
        self.query_one("#restore-chosen", Static).update(words)
