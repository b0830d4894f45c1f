"""Files come back, step one: which backup."""

from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from gdp.core import figures
from gdp.core.errors import GdpError
from gdp.core.language import N_, translate
from gdp.tui.page import Page
from gdp.tui.ports import Browser, Record, all_of
from gdp.tui.views import restore as says
from gdp.tui.widgets.rows import Rows

_HEADINGS = (N_("Backup of"), N_("Computer"), N_("Size"), N_("Snapshot"), N_("Tags"), N_("Sources"))
_SIZE = 2


class Restore(Page[None]):
    """The snapshots of a set.

    Args:
        name: of the set; empty: the first one.
    """

    AUTO_FOCUS = ""  # it would be the filter, which is hidden and would swallow keys
    HEADING = N_("Restore")
    HELP = N_(
        "Choose the backup to restore from. Enter opens it like a folder: there you choose files and folders.\n\n"
        "a shows all snapshots of the repository, also those of other sets and computers; s takes the next set. f looks"
        " for a file in all backups, d compares the chosen one with the one before it."
    )
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "back", N_("Back")),
        Binding("slash", "search", N_("Filter"), key_display="/"),
        Binding("f", "find", N_("Find a file")),
        Binding("d", "compare", N_("Compare")),
        Binding("a", "all", N_("All snapshots")),
        Binding("s", "set", N_("Next set")),
        Binding("f5", "again", N_("Look again"), show=False),
    ]

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self._of, self._shows_all, self._text = name, False, ""
        self._snapshots: list[Record] | None = None
        self._has_failed = False
        self._browser: Browser
        self._shown: list[Record] = []

    def body(self) -> ComposeResult:
        with Vertical(id="restore", classes="list-box"):
            search = Input(id="restore-search", placeholder=translate(N_("computer, tag, source, id")))
            search.display = False
            yield search
            yield Rows(id="restore-snapshots")
            yield Static(id="restore-empty", classes="empty", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        for place, heading in enumerate(_HEADINGS):
            self.query_one(Rows).add_column(Text(translate(heading), justify="right" if place == _SIZE else "left"))
        names = self.manager.sets.names()
        self._of = self._of or (names[0] if names else "")
        self._open()
        self._redraw()

    async def on_unmount(self) -> None:
        await self._browser.close()

    def on_resize(self) -> None:
        self._redraw()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._text = event.value.strip()
        self._redraw()

    def on_input_submitted(self) -> None:
        self.query_one(Rows).focus()

    def on_data_table_row_selected(self) -> None:
        row = self.query_one(Rows).cursor_row
        if 0 <= row < len(self._shown):
            self.manager.go("restore-files", name=self._of, browser=self._browser, snapshot=self._shown[row])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what is possible now."""
        match action:
            case "set":
                return len(self.manager.sets.names()) > 1
            case "find" | "all":
                return bool(self._snapshots)
            case "compare":
                return len(self._shown) > 1
            case _:
                return True

    def action_back(self) -> None:
        """Take the filter away, or leave."""
        search = self.query_one("#restore-search", Input)
        if search.display:
            search.value, search.display = "", False
            self.query_one(Rows).focus()
        else:
            _ = self.dismiss(None)

    def action_search(self) -> None:
        """Filter by text."""
        search = self.query_one("#restore-search", Input)
        search.display = True
        search.focus()

    def action_find(self) -> None:
        """Look for a file in all backups."""
        found = self._snapshots or []
        self.manager.go("restore-find", name=self._of, browser=self._browser, snapshots=found, is_all=self._shows_all)

    def action_compare(self) -> None:
        """Compare the chosen backup with the one before it; the oldest with the one after it."""
        row = min(self.query_one(Rows).cursor_row, len(self._shown) - 2)
        two = {"before": self._shown[row + 1], "after": self._shown[row]}
        self.manager.go("restore-diff", name=self._of, browser=self._browser, **two)

    def action_all(self) -> None:
        """Show all snapshots of the repository, or the set's own."""
        self._shows_all = not self._shows_all
        self._redraw()

    def action_set(self) -> None:
        """Take the next set."""
        names = self.manager.sets.names()
        self._of = names[(names.index(self._of) + 1) % len(names)] if self._of in names else names[0]
        self._snapshots = None
        self._redraw()
        self.begin(self._take_other(), group="load", exclusive=True)

    def action_again(self) -> None:
        """Look for snapshots once more, after an error or because there are newer ones."""
        self._snapshots = None
        self.begin(self._load(), group="load", exclusive=True)
        self._redraw()

    def _open(self) -> None:
        """Look for the set's snapshots. Its repository then stays open for the screens that look into them."""
        self._browser = self.manager.ports.commands.browser("--no-lock", "-S", self._of)
        self.begin(self._load(), group="load", exclusive=True)

    async def _take_other(self) -> None:
        await self._browser.close()
        self._open()

    async def _load(self) -> None:
        if not self._of:
            return
        self._has_failed = False
        try:
            tell = self.query_one("#restore-empty", Static).update
            self._snapshots = says.newest_first(await all_of(self._browser, "snapshot", "snapshots", "--all", tell=tell))
        except GdpError:
            self._has_failed = True
            self._redraw()
            raise
        self._redraw()

    def _redraw(self) -> None:
        if not self.is_mounted:
            return
        now, zone, tag = self.manager.ports.now(), self.manager.ports.zone, f"set:{self._of}"
        rows = [(one, says.snapshot_cells(one, now, zone)) for one in self._snapshots or ()]
        rows = [row for row in rows if self._shows_all or tag in (row[0].get("tags") or ())]
        rows = [row for row in rows if says.fits(*row, self._text)]
        self._shown = [one for one, _cells in rows]
        box, table, empty = self.query_one("#restore"), self.query_one(Rows), self.query_one("#restore-empty", Static)
        whose = translate(N_("all snapshots of the repository")) if self._shows_all else self._of
        box.border_title = (
            translate(N_("From which backup? {count}")).format(count=figures.count(len(rows)) if rows else "").strip()
        )
        box.border_subtitle = Content(" · ".join(filter(None, (whose, self._text))))
        table.display, empty.display = bool(rows), not rows
        empty.update(self._nothing())
        row = table.cursor_row
        table.clear()
        for _one, cells in rows:
            table.add_row(*(Text(cell, justify="right" if place == _SIZE else "left") for place, cell in enumerate(cells)))
        self.refresh_bindings()
        table.move_cursor(row=max(0, min(row, len(rows) - 1)))
        if table.display and not self.query_one("#restore-search").display:
            table.focus()  # one that is hidden loses it

    def _nothing(self) -> str:
        if not self._of:
            return translate(N_("There is no backup set. 'gdp recover' brings one back from its recovery sheet."))
        if self._has_failed:
            return translate(N_("The backups could not be listed. Press F5 to try again."))
        if self._snapshots is None:
            return translate(N_("Looking for backups …"))
        return translate(N_("There is no backup here. Press a for all snapshots of the repository."))
