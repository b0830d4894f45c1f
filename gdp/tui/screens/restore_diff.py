"""What became different from one backup to the next: the way to a file when somebody knows the day."""

import asyncio
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.tui.page import Page
from gdp.tui.ports import Browser, Record
from gdp.tui.views import changes as differ
from gdp.tui.views import restore as says
from gdp.tui.views.changes import Changed
from gdp.tui.views.items import NEWER, OLDER, Item
from gdp.tui.views.restore import Marks
from gdp.tui.widgets.snapshot_tree import SnapshotTree

_TELLS_EVERY = 1000  # differences
_OPENS_UP_TO = 50  # differences that a filter leaves; more are not laid open at once
_NOT_THERE = {
    OLDER: N_("The older backup does not have it. Press o to choose from the newer one."),
    NEWER: N_("The newer backup does not have it any more. Press o to choose from the older one."),
}
_FROM = {OLDER: N_("from the older backup, {day}"), NEWER: N_("from the newer backup, {day}")}


class RestoreDiff(Page[None]):
    """A comparison.

    Args:
        name: of the set.
        browser: compares.
        before: the older backup.
        after: the newer one.
    """

    HEADING = N_("Compare")
    HELP = N_(
        "What was added (+), removed (-) or changed (M) from the older backup to the newer one, folder by folder. At the right of"
        " a folder: how many files in it differ, and how large they are.\n\n"
        "Enter opens a folder, space chooses. A folder comes back whole, also what did not change in it. It comes back as it was"
        " in the older backup; o takes the newer one instead, which has what was added.\n\n"
        "r goes on with what is chosen; where nothing is, with what the cursor is on. / filters by folder and name."
    )
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "back", N_("Back")),
        Binding("slash", "search", N_("Filter"), key_display="/"),
        Binding("o", "other", N_("Other backup")),
        Binding("r", "go_on", N_("Restore")),
    ]

    def __init__(self, name: str, browser: Browser, before: Record, after: Record) -> None:
        super().__init__()
        self._of, self._browser = name, browser
        self._snapshots = {OLDER: before, NEWER: after}
        self._marks = {OLDER: Marks(), NEWER: Marks()}
        self._side = OLDER
        self._changes: list[Record] = []
        self._is_complete = False
        self._root, self._text = Changed(), ""

    def heading(self) -> str:
        return f"{translate(self.HEADING)} · {self._of}"

    def body(self) -> ComposeResult:
        with Vertical(id="diff", classes="list-box"):
            search = Input(id="diff-search", placeholder=translate(N_("folder or name")))
            search.display = False
            yield search
            yield SnapshotTree(Item("/", translate(N_("what differs")), is_folder=True), id="diff-tree")
            yield Static(id="diff-empty", classes="empty", markup=False)
            yield Static(id="diff-chosen", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        days = {"old": self._day(OLDER), "new": self._day(NEWER)}
        self.query_one("#diff").border_title = Content(translate(N_("From {old} to {new}")).format(**days))
        self.query_one(SnapshotTree).display = False
        self._tell_count()
        self._show_chosen()
        self.begin(self._load())

    def on_input_changed(self, event: Input.Changed) -> None:
        self._text = event.value.strip()
        if self._is_complete:
            self.begin(self._redraw(), group="filter", exclusive=True)

    def on_input_submitted(self) -> None:
        self.query_one(SnapshotTree).focus()

    def on_snapshot_tree_opened(self, event: SnapshotTree.Opened) -> None:
        self.query_one(SnapshotTree).fill(event.node, differ.items_of(differ.find_folder(self._root, event.item.path)))

    def on_snapshot_tree_marked(self, event: SnapshotTree.Marked) -> None:
        if self._can_be_chosen(event.item):
            self._marks[self._side] = self._marks[self._side].toggled(event.item.path)
            self._show_chosen()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what is possible now."""
        return bool(self._changes) or action not in {"search", "other", "go_on"}

    def action_back(self) -> None:
        """Take the filter away, or leave; marks are asked about."""
        search = self.query_one("#diff-search", Input)
        if search.display:
            search.value, search.display = "", False
            self.query_one(SnapshotTree).focus()
        else:
            self.begin(self._leave())

    def action_search(self) -> None:
        """Filter by folder and name."""
        search = self.query_one("#diff-search", Input)
        search.display = True
        search.focus()

    def action_other(self) -> None:
        """Choose from the other of the two."""
        self._side = NEWER if self._side == OLDER else OLDER
        self._show_chosen()

    def action_go_on(self) -> None:
        """Ask where to and how."""
        paths = sorted(self._marks[self._side].paths)
        item = self.query_one(SnapshotTree).cursor_item
        if not paths and item is not None:
            if not self._can_be_chosen(item):
                return
            paths = [item.path]
        whole = [] if "/" in paths else paths
        self.manager.go("restore-plan", name=self._of, snapshot=self._snapshots[self._side], paths=whole)

    def _can_be_chosen(self, item: Item) -> bool:
        if self._side not in item.sides:
            self.notify(translate(_NOT_THERE[self._side]), severity="warning")
        elif (problem := says.unnameable(item.path)) is not None:
            self.tell_error(problem)
        else:
            return True
        return False

    async def _leave(self) -> None:
        from gdp.tui.screens.dialogs import Question

        if any(marks.paths for marks in self._marks.values()):
            text = translate(N_("What you have chosen here is forgotten."))
            if not await self.app.push_screen_wait(Question(translate(N_("Leave?")), text, translate(N_("Leave")))):
                return
        _ = self.dismiss(None)

    async def _load(self) -> None:
        words = ("diff", "--", *(str(one["id"]) for one in self._snapshots.values()))
        async for record in self._browser.run(*words):
            if record.get("message_type") == "change":
                self._changes.append(record)
                if len(self._changes) % _TELLS_EVERY == 0:
                    self._tell_count()
        self._is_complete = True
        await self._redraw()

    async def _redraw(self) -> None:
        """Show what fits the filter; it is put together in a thread, since there may be very much."""
        self._root = await asyncio.to_thread(differ.tree_of, self._changes, self._text)
        tree = self.query_one(SnapshotTree)
        tree.display = bool(self._root.below)
        tree.show_all(differ.items_of(self._root))
        is_little = bool(self._text) and self._root.total <= _OPENS_UP_TO
        opened = differ.every_folder(self._root) if is_little else differ.single_way(self._root)
        tree.open_folders(list(opened), lambda path: differ.items_of(differ.find_folder(self._root, path)))
        self._tell_count()
        if tree.display and not self.query_one("#diff-search").display:
            tree.focus()  # one that is hidden loses it
        self.refresh_bindings()

    def _tell_count(self) -> None:
        nothing = N_("The two are the same.") if not self._text else N_("No path fits.")
        empty = self.query_one("#diff-empty", Static)
        empty.update(translate(nothing if self._is_complete else N_("Comparing …")))
        empty.display = not self.query_one(SnapshotTree).display
        words = differ.counts_in_words(self._root)
        if not self._is_complete and self._changes:
            words = translate(N_("Differences: {count}")).format(count=figures.count(len(self._changes)))
        self.query_one("#diff").border_subtitle = Content(words)

    def _show_chosen(self) -> None:
        marks = self._marks[self._side]
        self.query_one(SnapshotTree).show(marks, self._side)
        count = len(marks.paths)
        chosen = (
            fill(N_("{count:entry|entries} chosen"), {"count": count}) if count else translate(N_("Nothing chosen: the cursor"))
        )
        source = translate(_FROM[self._side]).format(day=self._day(self._side))
        self.query_one("#diff-chosen", Static).update(f"{chosen} · {source}")

    def _day(self, side: str) -> str:
        return says.snapshot_cells(self._snapshots[side], self.manager.ports.now(), self.manager.ports.zone)[0]
