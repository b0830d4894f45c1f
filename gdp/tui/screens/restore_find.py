"""Looks for a file in all backups of a set: the way to it when nobody knows when it was lost."""

from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input, Static

from gdp.core import figures
from gdp.core.errors import BadInput
from gdp.core.language import N_, translate
from gdp.tui.page import Page
from gdp.tui.ports import Record
from gdp.tui.views.looking import match_cells
from gdp.tui.views.restore import UNREADABLE_NAME
from gdp.tui.widgets.rows import Rows

MOST = 1000
_HEADINGS = (N_("Found"), N_("Size"), N_("Changed"), N_("Backup of"))
_SIZE = 1


class RestoreFind(Page[None]):
    """A search.

    Args:
        name: of the set.
        snapshots: those that are searched.
    """

    HEADING = N_("Restore")
    HELP = N_(
        "Type a name or a part of it; * stands for anything. Every backup of the set is searched, upper and lower case alike."
        " Enter on a line goes on to restore that file as it was in that backup."
    )
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "back", N_("Back")),
        Binding("slash", "search", N_("Search"), key_display="/"),
    ]

    def __init__(self, name: str, snapshots: list[Record]) -> None:
        super().__init__()
        self._of = name
        self._snapshots = {str(one["id"]): one for one in snapshots}
        self._found: list[Record] = []

    def heading(self) -> str:
        return f"{translate(self.HEADING)} · {self._of}"

    def body(self) -> ComposeResult:
        with Vertical(id="find", classes="list-box") as box:
            box.border_title = translate(N_("What are you looking for?"))
            yield Input(id="find-pattern", placeholder=translate(N_("invoice*.pdf")))
            yield Rows(id="find-rows")
            yield Static(
                translate(N_("Type a name or a part of it, and press enter.")), id="find-empty", classes="empty", markup=False
            )

    def on_mount(self) -> None:
        super().on_mount()
        table = self.query_one(Rows)
        for place, heading in enumerate(_HEADINGS):
            table.add_column(Text(translate(heading), justify="right" if place == _SIZE else "left"))
        table.display = False
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value.strip():
            self.begin(self._search(event.value.strip()), group="find", exclusive=True)

    def on_data_table_row_selected(self) -> None:
        row = self.query_one(Rows).cursor_row
        if not 0 <= row < len(self._found):
            return
        match = self._found[row]
        path, snapshot = str(match["path"]), self._snapshots.get(str(match["snapshot"]))
        if UNREADABLE_NAME in path:
            self.tell_error(
                BadInput(
                    N_("the name of {path} is no text and cannot be named"), N_("Choose the folder that it lies in."), path=path
                )
            )
        elif snapshot is not None:
            self.manager.go("restore-plan", name=self._of, snapshot=snapshot, paths=[path])

    def action_back(self) -> None:
        """Leave."""
        _ = self.dismiss(None)

    def action_search(self) -> None:
        """Type another name."""
        self.query_one(Input).focus()

    async def _search(self, typed: str) -> None:
        """Show what is found as it is found, as far as anybody would read it."""
        pattern = typed if "*" in typed or "?" in typed else f"*{typed}*"
        table, now, zone = self.query_one(Rows), self.manager.ports.now(), self.manager.ports.zone
        self._found = []
        table.clear()
        self._tell(translate(N_("Searching …")))
        words = ("find", "--no-lock", "-S", self._of, "--ignore-case", "--", pattern)
        async for record in self.manager.ports.commands.run(*words):
            if record.get("message_type") != "match" or len(self._found) >= MOST:
                continue
            self._found.append(record)
            cells = match_cells(record, self._snapshots, now, zone)
            table.add_row(*(Text(cell, justify="right" if place == _SIZE else "left") for place, cell in enumerate(cells)))
            if len(self._found) == 1:
                self._tell("")
        self._tell(translate(N_("Nothing of that name is in any backup of the set.")))
        if self._found:
            table.focus()

    def _tell(self, nothing: str) -> None:
        table, empty = self.query_one(Rows), self.query_one("#find-empty", Static)
        table.display, empty.display = bool(self._found), not self._found
        empty.update(nothing)
        count = figures.count(len(self._found))
        self.query_one("#find").border_subtitle = translate(N_("Found: {count}")).format(count=count) if self._found else ""
