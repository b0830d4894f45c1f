"""One run that is over: what came of it, its report, and its log, however large."""

import asyncio
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from gdp.core.errors import GdpError
from gdp.core.language import N_, translate
from gdp.core.sentences import error_text
from gdp.model.run_words import kind_in_words
from gdp.model.runs import Run, State
from gdp.tui import standing
from gdp.tui.log_reader import ERROR_MARKS, LogReader, is_error
from gdp.tui.page import Page
from gdp.tui.ports import Record
from gdp.tui.standing import Level
from gdp.tui.views.ends import duration, sentences_of_end
from gdp.tui.views.log import line_of
from gdp.tui.widgets.rows import Rows
from gdp.tui.words import long_moment

PAGE = 200  # lines that are read at once
_AROUND = 11  # columns of the terminal: the box, what stands around three cells, and the scroll bar
_NEAR_END = 20  # lines before the last at which the next are read


class RunPage(Page[None]):
    """A run with its log.

    Args:
        run: as the daemon's journal has it.
    """

    HEADING = N_("Run")
    HELP = N_(
        "What came of the run, and below it the log: every file and every sentence. It is read as far as you scroll, so that a"
        " huge one opens at once.\n\n"
        "/ filters by text, x shows only what went wrong, m shows the report as the mail tells it."
    )
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "back", N_("Back")),
        Binding("slash", "search", N_("Filter"), key_display="/"),
        Binding("x", "errors", N_("Errors only")),
        Binding("m", "report", N_("Report")),
    ]

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run
        self._only_errors, self._text = run.state not in {State.OK, State.RUNNING}, ""
        self._reader: LogReader
        self._reading = asyncio.Lock()
        self._is_complete = False
        self._width = 0
        """for which the columns were made; 0: not yet"""

    def heading(self) -> str:
        return f"{self._run.set_name} · {kind_in_words(self._run)} · {translate(N_('run {number}')).format(number=self._run.id)}"

    def body(self) -> ComposeResult:
        with Vertical(id="run-end", classes="list-box"), VerticalScroll(id="run-words", can_focus=False):
            yield Static(id="run-sentences", markup=False)
        with Vertical(id="run-log", classes="list-box"):
            search = Input(id="run-search", placeholder=translate(N_("words, names, causes")))
            search.display = False
            yield search
            yield Rows(id="run-lines", cell_padding=1)
            yield Static(id="run-empty", classes="empty", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        run, ports = self._run, self.manager.ports
        found = standing.of_run(run)
        box = self.query_one("#run-end")
        box.add_class(found.level.style)
        box.border_title = f"{found.words[:1].upper()}{found.words[1:]} {found.level.sign}"
        box.border_subtitle = f"{long_moment(run.began, ports.zone)} · {duration(run, ports.now())}"
        self.query_one("#run-sentences", Static).update("\n".join(sentences_of_end(run)))
        self.query_one(Rows).focus()
        self._begin_again()

    def on_resize(self) -> None:
        if self._width and self.size.width != self._width:
            self._begin_again()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._text = event.value.strip()
        self._begin_again()

    def on_input_submitted(self) -> None:
        self.query_one(Rows).focus()

    def on_data_table_row_highlighted(self) -> None:
        table = self.query_one(Rows)
        if table.cursor_row >= table.row_count - _NEAR_END and not self._is_complete:
            self.begin(self._read_on(), group="log", exclusive=False)

    def on_data_table_row_selected(self) -> None:
        from gdp.tui.screens.dialogs import Notice

        table = self.query_one(Rows)
        if table.row_count:
            self.manager.show(Notice(translate(N_("Log")), " ".join(cell.plain for cell in table.get_row_at(table.cursor_row))))

    def action_back(self) -> None:
        """Take the filter away, or leave."""
        search = self.query_one("#run-search", Input)
        if search.display:
            search.value, search.display = "", False
            self.query_one(Rows).focus()
        else:
            _ = self.dismiss(None)

    def action_search(self) -> None:
        """Filter by text."""
        search = self.query_one("#run-search", Input)
        search.display = True
        search.focus()

    def action_errors(self) -> None:
        """Show only what went wrong, or all."""
        self._only_errors = not self._only_errors
        self._begin_again()

    def action_report(self) -> None:
        """Show the report."""
        self.manager.go("report", run=self._run)

    def _begin_again(self) -> None:
        """Read the log from its beginning, with the filter as it is now."""
        wanted, only_errors = self._text.casefold(), self._only_errors

        def fits(record: Record) -> bool:
            return (not only_errors or is_error(record)) and wanted in line_of(record, None).words.casefold()

        self._reader = LogReader(self.manager.ports.home / self._run.log, fits, ERROR_MARKS if only_errors else ())
        self._is_complete = False
        table = self.query_one(Rows)
        table.clear(columns=True)
        self._width = self.size.width
        widths = (len("00:00:00"), 1)
        for heading, width in zip(
            (N_("Time"), "", N_("What happened")), (*widths, self._width - _AROUND - sum(widths)), strict=True
        ):
            table.add_column(Text(translate(heading)), width=width)
        self._describe(translate(N_("Reading the log …")))
        self.begin(self._read_on(), group="log", exclusive=True)

    async def _read_on(self) -> None:
        """Read until there is a page to look at, or the log ends; between two looks the screen lives."""
        async with self._reading:
            reader, found = self._reader, 0
            while found < PAGE and not self._is_complete:
                try:
                    page = await asyncio.to_thread(reader.next_page, PAGE - found)
                except GdpError as error:
                    self._is_complete = True
                    self._describe(error_text(error) if self._run.log else translate(N_("It was never begun, and has no log.")))
                    return
                found += len(page)
                self._is_complete = reader.is_at_end
                self._add(page)
            self._describe(translate(N_("No line fits. Press x to see all.") if self._only_errors else N_("No line fits.")))

    def _add(self, page: list[Record]) -> None:
        table, zone = self.query_one(Rows), self.manager.ports.zone
        for record in page:
            line = line_of(record, zone)
            colour = self.manager.colour(line.level.style)
            is_news = line.level is Level.ERROR
            words = Text(line.words, colour if is_news else "", no_wrap=not is_news, overflow="fold" if is_news else "ellipsis")
            height = None if is_news else 1  # what went wrong is read whole, with the next step at its end
            table.add_row(Text(line.time, self.manager.colour("idle")), Text(line.sign, colour), words, height=height)

    def _describe(self, nothing: str) -> None:
        table, empty, box = self.query_one(Rows), self.query_one("#run-empty", Static), self.query_one("#run-log")
        table.display, empty.display = table.row_count > 0, table.row_count == 0
        if table.display and not self.query_one("#run-search").display:
            table.focus()  # one that is hidden loses it
        empty.update(nothing)
        title = N_("Log: what went wrong") if self._only_errors else N_("Log")
        box.border_title = translate(title)
        more = "" if self._is_complete else translate(N_("more below"))
        box.border_subtitle = Content(" · ".join(filter(None, (self._text, more))))
