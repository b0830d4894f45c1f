"""What became different from one backup to the next: the way to a file when somebody knows the day."""

from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.tui.page import Page
from gdp.tui.ports import Record, all_of
from gdp.tui.views.looking import change_words
from gdp.tui.views.restore import snapshot_cells
from gdp.tui.widgets.rows import Rows

MOST = 2000  # rows; the filter finds the others


class RestoreDiff(Page[None]):
    """A comparison.

    Args:
        name: of the set.
        before: the older backup.
        after: the newer one.
    """

    HEADING = N_("Compare")
    HELP = N_(
        "What was added, removed or changed from the older backup to the newer one. / filters by folder and name. Enter goes on"
        " to restore the path as it was in the older backup; what was added there is restored from the newer one."
    )
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "back", N_("Back")),
        Binding("slash", "search", N_("Filter"), key_display="/"),
    ]

    def __init__(self, name: str, before: Record, after: Record) -> None:
        super().__init__()
        self._of, self._before, self._after = name, before, after
        self._changes: list[Record] | None = None
        self._shown: list[Record] = []
        self._text = ""

    def heading(self) -> str:
        return f"{translate(self.HEADING)} · {self._of}"

    def body(self) -> ComposeResult:
        with Vertical(id="diff", classes="list-box"):
            search = Input(id="diff-search", placeholder=translate(N_("folder or name")))
            search.display = False
            yield search
            yield Rows(id="diff-rows")
            yield Static(id="diff-empty", classes="empty", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        now, zone = self.manager.ports.now(), self.manager.ports.zone
        old, new = (snapshot_cells(one, now, zone)[0] for one in (self._before, self._after))
        self.query_one("#diff").border_title = Content(translate(N_("From {old} to {new}")).format(old=old, new=new))
        self._redraw()
        self.begin(self._load())

    def on_input_changed(self, event: Input.Changed) -> None:
        self._text = event.value.strip().casefold()
        self._redraw()

    def on_input_submitted(self) -> None:
        self.query_one(Rows).focus()

    def on_data_table_row_selected(self) -> None:
        row = self.query_one(Rows).cursor_row
        if 0 <= row < len(self._shown):
            change = self._shown[row]
            snapshot = self._after if change.get("modifier") == "+" else self._before
            self.manager.go("restore-plan", name=self._of, snapshot=snapshot, paths=[str(change["path"]).rstrip("/")])

    def action_back(self) -> None:
        """Take the filter away, or leave."""
        search = self.query_one("#diff-search", Input)
        if search.display:
            search.value, search.display = "", False
            self._redraw()
        else:
            _ = self.dismiss(None)

    def action_search(self) -> None:
        """Filter by folder and name."""
        search = self.query_one("#diff-search", Input)
        search.display = True
        search.focus()

    async def _load(self) -> None:
        words = ("diff", "--no-lock", "-S", self._of, "--", str(self._before["id"]), str(self._after["id"]))
        self._changes = await all_of(self.manager.ports.commands, "change", *words)
        self._redraw()

    def _redraw(self) -> None:
        found = [one for one in self._changes or () if self._text in str(one.get("path", "")).casefold()]
        self._shown = found[:MOST]
        table, empty = self.query_one(Rows), self.query_one("#diff-empty", Static)
        table.clear(columns=True)
        for heading in (N_("What"), N_("Path")):
            table.add_column(Text(translate(heading)))
        for change in self._shown:
            level, words = change_words(change)
            table.add_row(Text(f"{change.get('modifier')} {words}", self.manager.colour(level.style)), Text(str(change["path"])))
        nothing = N_("The two are the same.") if not self._text else N_("No path fits.")
        empty.update(translate(nothing if self._changes is not None else N_("Comparing …")))
        table.display, empty.display = bool(self._shown), not self._shown
        self.query_one("#diff").border_subtitle = translate(N_("Differences: {count}")).format(count=figures.count(len(found)))
        if table.display and not self.query_one("#diff-search").display:
            table.focus()  # one that is hidden loses it
