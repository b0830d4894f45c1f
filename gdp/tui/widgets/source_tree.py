"""The file system as a tree with ticks. A folder is listed only when it is opened, in a thread."""

import asyncio
import posixpath
from collections.abc import Mapping
from typing import Any, ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.tui.folders import Listed, list_folder
from gdp.tui.views.ticks import Tick, Ticks, can_be_written

_TICK = {"tick": True}  # marks what a click ticks
_NO_TEXT = N_("{name} cannot be chosen by itself: its name is not UTF-8, and settings hold only that. Tick its folder.")
_COLOURS = {Tick.ALL: "good", Tick.PARTLY: "good", Tick.NONE: "idle"}


class SourceTree(Tree[str]):
    """Every node's datum is its path; what is no path has an empty one."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("space", "tick", N_("Tick"), key_display="␣"),
        Binding("right", "open", N_("Open")),
        Binding("left", "close", N_("Close the folder"), show=False),
    ]
    ICON_NODE = "▸ "
    ICON_NODE_EXPANDED = "▾ "

    class Changed(Message):
        """A tick was set or taken away."""

        def __init__(self, ticks: Ticks) -> None:
            super().__init__()
            self.ticks = ticks

    def __init__(self, ticks: Ticks, *, root: str = "/", id: str | None = None) -> None:
        super().__init__(Text(root), data=root, id=id)
        self.guide_depth, self.show_guides = 2, False
        self.ticks = ticks
        self._sizes: Mapping[str, int] = {}
        self._listed: set[str] = set()
        self._sought = next(iter(ticks.sources()), "")
        """what the cursor goes to as soon as it is listed"""

    def show(self, ticks: Ticks) -> None:
        """Show other ticks."""
        self.ticks = ticks
        self._invalidate()
        self.refresh()

    def show_sizes(self, sizes: Mapping[str, int]) -> None:
        """Show how much lies in some paths, in bytes."""
        self._sizes = sizes
        self._invalidate()
        self.refresh()

    def on_mount(self) -> None:
        self.root.expand()

    def render_label(self, node: TreeNode[str], base_style: Style, style: Style) -> Text:
        """See Tree."""
        arrow = "" if not node.allow_expand else self.ICON_NODE_EXPANDED if node.is_expanded else self.ICON_NODE
        text = Text(arrow or "  ", base_style + Style(meta={"toggle": True} if arrow else {}))
        if not node.data:
            return text.append_text(Text(str(node.label), style + Style(italic=True)))
        tick = self.ticks.state(node.data)
        colour = self.app.theme_variables.get(_COLOURS[tick])
        text.append(f"{tick.value} ", base_style + Style(color=colour, meta=_TICK))
        text.append(str(node.label), style)
        if node.data in self._sizes:
            text.append(f"  {figures.size(self._sizes[node.data])}", base_style + Style(dim=True))
        return text

    def on_tree_node_expanded(self, event: Tree.NodeExpanded[str]) -> None:
        if event.node.data and event.node.data not in self._listed:
            self._listed.add(event.node.data)
            self.run_worker(self._list(event.node, event.node.data))

    async def _on_click(self, event: events.Click) -> None:
        if event.style.meta.get("tick") and (line := event.style.meta.get("line")) is not None:
            event.prevent_default()
            self.cursor_line = line
            self.action_tick()

    def action_tick(self) -> None:
        """Tick what is under the cursor, or take its tick away."""
        node = self.cursor_node
        if node is None or not node.data:
            return
        if not can_be_written(node.data):
            sentence = N_(
                "{name} cannot be chosen by itself: its name is not UTF-8, and settings hold only that. Tick its folder."
            )
            self.notify(translate(sentence).format(name=str(node.label)), severity="warning")
            return
        self.show(self.ticks.toggled(node.data))
        self.post_message(self.Changed(self.ticks))

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

    async def _list(self, node: TreeNode[str], folder: str) -> None:
        wanted = self._names_on_the_way(folder)
        listed = await asyncio.to_thread(list_folder, folder, wanted)
        for entry in listed.entries:
            path = posixpath.join(folder, entry.name)
            below = node.add(_shown(entry.name), data=path, allow_expand=not entry.is_file)
            if entry.name in wanted and not entry.is_file and self.ticks.state(path) is Tick.PARTLY:
                below.expand()
            if path == self._sought:
                self.call_after_refresh(self._go_to, below)
        if said := _said(listed):
            node.add_leaf(Text(said), data="")

    def _go_to(self, node: TreeNode[str]) -> None:
        """Bring what is chosen into sight, unless the cursor was moved meanwhile."""
        if self.cursor_line <= 0:
            self.move_cursor(node)

    def _names_on_the_way(self, folder: str) -> set[str]:
        """Return which entries of a folder lead to marks, or have one."""
        beginning = folder.rstrip("/") + "/"
        return {mark.removeprefix(beginning).split("/")[0] for mark in self.ticks.marks if mark.startswith(beginning)} - {""}


def _shown(name: str) -> Text:
    """Return a name that any terminal can take."""
    return Text("".join(letter if letter.isprintable() else "�" for letter in name))


def _said(listed: Listed) -> str:
    if listed.problem:
        return fill(N_("cannot be read: {reason}"), {"reason": listed.problem})
    if listed.left_out:
        return fill(N_("{count:more entry is|more entries are} not shown; a pattern reaches them"), {"count": listed.left_out})
    return "" if listed.entries else translate(N_("empty"))
