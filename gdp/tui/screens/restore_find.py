"""Looks for a file in all backups of a set: the way to it when nobody knows when it was lost."""

from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import Input, Static

from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.tui.page import Page
from gdp.tui.ports import Browser, Record
from gdp.tui.views.looking import match_cells, version_of
from gdp.tui.views.restore import unnameable
from gdp.tui.widgets.rows import Rows

MOST = 1000  # versions of files that are shown
_MOST_MATCHES = 100_000  # a file that stays as it is, is found in every backup
_HEADINGS = (N_("Found"), N_("Size"), N_("Changed"), N_("Backup of"), N_("Folder"))
_SIZE = 1


class RestoreFind(Page[None]):
    """A search.

    Args:
        name: of the set.
        browser: searches.
        snapshots: those of the repository.
        is_all: whether also those of other sets are searched.
    """

    HEADING = N_("Restore")
    HELP = N_(
        "Type a name or a part of it; * stands for anything. Every backup of the set is searched, upper and lower case alike."
        " Each version of a file is one line, with the newest backup that has it. Enter goes on to restore that version."
    )
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "back", N_("Back")),
        Binding("slash", "search", N_("Search"), key_display="/"),
    ]

    def __init__(self, name: str, browser: Browser, snapshots: list[Record], *, is_all: bool) -> None:
        super().__init__()
        self._of, self._browser, self._is_all = name, browser, is_all
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
        snapshot = self._snapshots.get(str(match["snapshot"]))
        if (problem := unnameable(str(match["path"]))) is not None:
            self.tell_error(problem)
        elif snapshot is not None:
            self.manager.go("restore-plan", name=self._of, snapshot=snapshot, paths=[str(match["path"])])

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
        all_words = ("--all",) if self._is_all else ()
        words = ("find", "--newest-first", "--most", str(_MOST_MATCHES), *all_words, "--ignore-case", "--", pattern)
        versions: set[object] = set()
        async for match in self._browser.run(*words):
            version = version_of(match)
            if match.get("message_type") != "match" or version in versions or len(versions) >= MOST:
                continue
            versions.add(version)
            self._found.append(match)
            cells = match_cells(match, self._snapshots, now, zone)
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
        said = N_("Found: {count}") if len(self._found) < MOST else N_("The first {count}; a longer name finds fewer")
        words = translate(said).format(count=figures.count(len(self._found))) if self._found else ""
        self.query_one("#find").border_subtitle = words
