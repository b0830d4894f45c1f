"""What the daemon has made: all runs of one set or of all, filtered, each with its report and log one key away."""

from dataclasses import replace
from typing import Any, ClassVar

import msgspec
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from gdp.control.client import NoDaemon
from gdp.core import figures
from gdp.core.language import N_, translate
from gdp.model.runs import Kind, Run, State
from gdp.tui import standing
from gdp.tui.page import Page
from gdp.tui.picture import Picture
from gdp.tui.ports import all_of
from gdp.tui.views import history as says
from gdp.tui.views.history import Filter
from gdp.tui.widgets.rows import Rows

MOST_RUNS = 1000
_MARGIN = 4  # border and padding of the box, both sides


class History(Page[None]):
    """Runs, the newest first.

    Args:
        name: of the set; empty: all.
    """

    HEADING = N_("History")
    HELP = N_(
        "All runs that the daemon has made or left out, the newest first. Press enter for the report of a run and its log.\n\n"
        "Filters add up; escape takes them away one after the other."
    )
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "back", N_("Back")),
        Binding("slash", "search", N_("Filter"), key_display="/"),
        Binding("x", "problems", N_("Problems only")),
        Binding("t", "kind", N_("Kind")),
        Binding("s", "set", N_("Set")),
    ]

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self._filter = Filter(set_name=name)
        self._runs: list[Run] | None = None
        self._shown: list[Run] = []
        self._known: object = None
        self._is_from_files = False

    def body(self) -> ComposeResult:
        with Vertical(id="history", classes="list-box"):
            search = Input(id="history-search", placeholder=translate(N_("words, names, causes")))
            search.display = False
            yield search
            yield Rows(id="history-runs", cell_padding=1)
            yield Static(id="history-empty", classes="empty", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Rows).focus()

    def on_resize(self) -> None:
        self._redraw()

    def on_picture(self, picture: Picture) -> None:
        status = picture.status
        known = (
            picture.link,
            [(one.last, one.left_out, [w.run.id for w in one.at_work]) for one in status.sets] if status else None,
        )
        if known != self._known:
            self._known = known
            self.begin(self._load(), group="load", exclusive=True)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._set_filter(replace(self._filter, text=event.value.strip()))

    def on_input_submitted(self) -> None:
        self.query_one(Rows).focus()

    def on_data_table_row_selected(self) -> None:
        row = self.query_one(Rows).cursor_row
        if 0 <= row < len(self._shown):
            run = self._shown[row]
            if run.state is State.RUNNING:
                self.manager.go("job", run=run.id)
            else:
                self.manager.go("run", run=run)

    def action_back(self) -> None:
        """Take the last filter away, or leave."""
        search = self.query_one("#history-search", Input)
        if search.display:
            search.value = ""
            search.display = False
            self.query_one(Rows).focus()
        elif self._filter.only_problems or self._filter.kind:
            self._set_filter(replace(self._filter, only_problems=False, kind=None))
        else:
            _ = self.dismiss(None)

    def action_search(self) -> None:
        """Filter by text."""
        search = self.query_one("#history-search", Input)
        search.display = True
        search.focus()

    def action_problems(self) -> None:
        """Show only what needs attention, or all."""
        self._set_filter(replace(self._filter, only_problems=not self._filter.only_problems))

    def action_kind(self) -> None:
        """Show one kind of runs after the other, then all."""
        kinds = [None, *(kind for kind in Kind if any(run.kind is kind for run in self._runs or ()))]
        self._set_filter(replace(self._filter, kind=says.next_of(kinds, self._filter.kind)))

    def action_set(self) -> None:
        """Show one set after the other, then all."""
        names = ["", *sorted({run.set_name for run in self._runs or ()})]
        self._set_filter(replace(self._filter, set_name=says.next_of(names, self._filter.set_name)))

    def _set_filter(self, wanted: Filter) -> None:
        self._filter = wanted
        self._redraw()

    async def _load(self) -> None:
        try:
            answer = await self.manager.ports.daemon.ask("runs", most=MOST_RUNS)
            found, self._is_from_files = answer.get("runs", ()), False
        except NoDaemon:
            found = await all_of(self.manager.ports.commands, "run", "report", "list", "--most", str(MOST_RUNS))
            found, self._is_from_files = found[::-1], True
        self._runs = msgspec.convert(found, list[Run], strict=False)
        self._redraw()

    def _redraw(self) -> None:
        if not self.is_mounted:
            return
        self._shown = [run for run in self._runs or () if self._filter.lets_through(run)]
        box, table, empty = self.query_one("#history"), self.query_one(Rows), self.query_one("#history-empty", Static)
        count = figures.count(len(self._shown))
        box.border_title = translate(N_("Runs: {count}")).format(count=count) if self._runs is not None else translate(N_("Runs"))
        words = self._filter.words()
        if self._is_from_files:
            words = " · ".join(filter(None, (words, translate(N_("no daemon: as its journal says")))))
        box.border_subtitle = Content(words)
        table.display, empty.display = bool(self._shown), not self._shown
        if table.display and not self.query_one("#history-search").display:
            table.focus()  # one that is hidden loses it
        empty.update(self._nothing())
        self._fill(table)

    def _nothing(self) -> str:
        if self._runs is None:
            return translate(N_("Asking for the runs …"))
        if self._runs:
            return translate(N_("No run fits. Escape takes the filters away."))
        return translate(N_("Nothing has run yet. The daemon makes the first backup when it is due, or on the overview with b."))

    def _fill(self, table: Rows) -> None:
        row, ports = table.cursor_row, self.manager.ports
        now, states = ports.now(), [standing.of_run(run) for run in self._shown]
        headings = [translate(heading) for heading in says.HEADINGS]
        rows = [
            [f"{state.level.sign} {state.words}", *says.cells(run, now, ports.zone)]
            for state, run in zip(states, self._shown, strict=True)
        ]
        widths = says.fitting([headings, *rows], self.size.width - _MARGIN)
        table.clear(columns=True)
        for place, (heading, width) in enumerate(zip(headings, widths, strict=False)):
            table.add_column(Text(heading, justify="right" if place in says.FIGURES else "left"), width=width)
        for state, cells in zip(states, rows, strict=True):
            texts = [
                Text(cell, justify="right" if place in says.FIGURES else "left", no_wrap=True) for place, cell in enumerate(cells)
            ]
            texts[0].stylize(self.manager.colour(state.level.style))
            texts[0].truncate(widths[0], overflow="ellipsis")
            table.add_row(*texts[: len(widths)])
        table.move_cursor(row=max(0, min(row, len(self._shown) - 1)))
