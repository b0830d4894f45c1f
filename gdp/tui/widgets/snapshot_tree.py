"""The files of a backup as a tree in which some are chosen. A folder is filled when it is opened, by whoever shows the tree."""

from collections.abc import Callable, Collection, Iterable
from itertools import islice
from typing import Any, ClassVar

from rich.cells import cell_len, set_cell_size
from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from gdp.core.language import N_
from gdp.core.sentences import fill
from gdp.tui.views.items import Item, More
from gdp.tui.views.restore import Marks
from gdp.tui.words import one_line

MOST = 1000  # entries of a folder that are shown at once; the last line brings the next
_BOX = {"box": True}  # marks what a click chooses
_COLOURS = {"◼": "good", "◩": "good", "◻": "idle"}
Node = TreeNode[Item | More]


class SnapshotTree(Tree[Item | More]):
    """Every node's datum is its item; that of the last line of a large folder is what is not shown yet.

    Args:
        root: stands for the whole backup.
    """

    BINDINGS: ClassVar[list[Any]] = [
        Binding("enter", "select_cursor", N_("Open")),
        Binding("space", "mark", N_("Choose"), key_display="␣"),
        Binding("right", "open", N_("Open the folder"), show=False),
        Binding("left", "close", N_("Close the folder"), show=False),
    ]
    ICON_NODE = "▸ "
    ICON_NODE_EXPANDED = "▾ "

    class Opened(Message):
        """A folder that has nothing in it yet was opened."""

        def __init__(self, node: Node, item: Item) -> None:
            super().__init__()
            self.node, self.item = node, item

    class Marked(Message):
        """Somebody chooses an item, or does so no longer."""

        def __init__(self, item: Item) -> None:
            super().__init__()
            self.item = item

    def __init__(self, root: Item, *, id: str | None = None) -> None:
        super().__init__(Text(root.name), data=root, id=id)
        self.guide_depth, self.show_guides = 2, False
        self._marks, self._side = Marks(), ""

    @property
    def cursor_item(self) -> Item | None:
        """What the cursor is on."""
        node = self.cursor_node
        return node.data if node is not None and isinstance(node.data, Item) else None

    def show(self, marks: Marks, side: str = "") -> None:
        """Show which are chosen, and let only those be chosen that one side has; empty: all."""
        self._marks, self._side = marks, side
        self._invalidate()
        self.refresh()

    def fill(self, node: Node, items: Iterable[Item]) -> None:
        """Put what lies in it into a folder, or further entries of it."""
        waiting = iter(items)
        for item in islice(waiting, MOST):
            node.add(Text(one_line(item.name)), data=item, allow_expand=item.is_folder)
        if rest := tuple(waiting):
            words = fill(N_("{count:more entry|more entries}; Enter shows the next"), {"count": len(rest)})
            node.add_leaf(words, data=More(rest))
        if not node.children:
            node.allow_expand = False

    def show_all(self, items: Iterable[Item]) -> None:
        """Show other entries than before."""
        self.root.remove_children()
        self.root.allow_expand = True
        self.fill(self.root, items)
        self.root.expand()
        self.cursor_line = 0

    def open_folders(self, paths: Collection[str], items_in: Callable[[str], Iterable[Item]]) -> None:
        """Open folders that are shown, and those that get shown by that."""
        wanted, waiting = set(paths), list(self.root.children)
        while waiting:
            node = waiting.pop()
            if isinstance(node.data, Item) and node.data.path in wanted and node.allow_expand and not node.children:
                self.fill(node, items_in(node.data.path))
                node.expand()
                waiting += node.children

    def render_label(self, node: Node, base_style: Style, style: Style) -> Text:
        """Return box, sign and name at the left and figures at the right."""
        item = node.data
        if not isinstance(item, Item):
            return Text("    ", base_style).append(str(node.label), style + Style(italic=True))
        colours = self.app.theme_variables
        arrow = "" if not node.allow_expand else self.ICON_NODE_EXPANDED if node.is_expanded else self.ICON_NODE
        text = Text(arrow or "  ", base_style + Style(meta={"toggle": True} if arrow else {}))
        box = self._marks.sign(item.path) if self._side in item.sides else " "
        text.append(f"{box} ", base_style + Style(color=colours.get(_COLOURS.get(box, "idle")), meta=_BOX))
        if item.sign:
            text.append(f"{item.sign} ", base_style + Style(color=colours[item.level.style]))
        figures = Text.assemble(*((words, base_style + Style(color=colours.get(colour))) for words, colour in item.figures))
        room = self.size.width - self._indent(node) - cell_len(text.plain) - figures.cell_len - 3
        return text.append(_fitting(str(node.label), max(8, room)), style).append("  ", base_style).append_text(figures)

    def get_label_width(self, node: Node) -> int:
        """Let nothing be wider than the tree: names are cut, since a folder may have very many."""
        return max(1, self.size.width - self._indent(node) - 1)

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[Item | More]) -> None:
        node = event.node
        if not node.children and isinstance(node.data, Item):
            self.post_message(self.Opened(node, node.data))

    def on_tree_node_selected(self, event: Tree.NodeSelected[Item | More]) -> None:
        node = event.node
        if isinstance(node.data, More) and node.parent is not None:
            folder, line = node.parent, node.line
            node.remove()
            self.fill(folder, node.data.items)
            self.call_after_refresh(self._go_to_line, line)
        elif isinstance(node.data, Item) and not node.allow_expand:
            self.action_mark()

    async def _on_click(self, event: events.Click) -> None:
        if event.style.meta.get("box") and (line := event.style.meta.get("line")) is not None:
            event.prevent_default()
            self.cursor_line = line
            self.action_mark()

    def action_mark(self) -> None:
        """Choose what is under the cursor, or no longer."""
        if (item := self.cursor_item) is not None:
            self.post_message(self.Marked(item))

    def action_open(self) -> None:
        """Open a folder, or go to what is first in an open one."""
        node = self.cursor_node
        if node is None or not node.allow_expand:
            return
        if not node.is_expanded:
            node.expand()
        elif node.children:
            self.move_cursor(node.children[0])

    def action_close(self) -> None:
        """Close a folder, or go to the one that holds this."""
        node = self.cursor_node
        if node is None:
            return
        if node.is_expanded:
            node.collapse()
        elif node.parent is not None:
            self.move_cursor(node.parent)

    def _go_to_line(self, line: int) -> None:
        self.cursor_line = line

    def _indent(self, node: Node) -> int:
        depth = 0
        while node.parent is not None:
            node, depth = node.parent, depth + 1
        return depth * self.guide_depth


def _fitting(name: str, room: int) -> str:
    """Return a name as wide as there is room."""
    return set_cell_size(name, room) if cell_len(name) <= room else set_cell_size(name, room - 1).rstrip() + "…"
