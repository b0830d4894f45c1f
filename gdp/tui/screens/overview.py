"""The first screen. It answers one question: is everything backed up?"""

from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.widgets import DataTable, Static

from gdp.core import figures
from gdp.core.errors import GdpError
from gdp.core.language import N_, translate
from gdp.core.sentences import sentence_of
from gdp.model.service import SetStatus
from gdp.tui import standing
from gdp.tui.page import Page
from gdp.tui.picture import Link, Picture
from gdp.tui.standing import Level, Standing
from gdp.tui.views.overview import GAP, coming_backup, notice_of, sentences_of, widths, without_daemon
from gdp.tui.widgets.detail import Detail
from gdp.tui.widgets.rows import Rows
from gdp.tui.widgets.week import week_bar
from gdp.tui.words import short_moment

WIDE = 110  # columns from which target and schedule are shown too
_COLUMNS = (N_("Set"), N_("State"), N_("Last backup"), N_("Next"), N_("7 days"), N_("Size"))
_MORE_COLUMNS = (N_("Target"), N_("Schedule"))
_SIZE = 5  # the column of figures
_MARGIN = 4  # border and padding of the box, both sides
_NOTHING = N_(
    "There is no backup set yet. A backup set says which files are backed up, whereto, how they are encrypted, and when.\n\n"
    "Press n: a few questions lead to the first backup."
)


class Overview(Page[None]):
    """All sets and how they stand."""

    HEADING = "GDP Backup Manager"
    HELP = N_(
        "Each line is a backup set: what it does, when it was backed up last, when it runs next, and how the last seven days went"
        " (today is last; a full bar is a day with a backup). Below it is said what needs attention, and what to do.\n\n"
        "The daemon makes the backups. This screen may be closed at any time; what runs goes on."
    )
    BINDINGS: ClassVar[list[Any]] = [
        Binding("b", "back_up", N_("Back up now")),
        Binding("c", "cancel", N_("Cancel")),
        Binding("r", "restore", N_("Restore")),
        Binding("h", "history", N_("History")),
        Binding("n", "new_set", N_("New set")),
        Binding("e", "edit", N_("Edit"), show=False),
        Binding("d", "delete", N_("Remove the set"), show=False),
        Binding("s", "start_daemon", N_("Start the daemon")),
        Binding("p", "pause", N_("Pause or go on"), show=False),
        Binding("k", "keys", N_("Keys"), show=False),
        Binding("o", "settings", N_("Settings"), show=False),
    ]

    def body(self) -> ComposeResult:
        with Vertical(id="verdict"):
            yield Rows(id="sets", cell_padding=0)
            yield Static(id="empty", markup=False)
            yield Detail(id="detail")
            yield Static(id="notice", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(DataTable).focus()
        self.set_interval(30, self._redraw)  # "today" becomes "yesterday", and what is due becomes late

    def on_resize(self) -> None:
        self._redraw()

    def on_picture(self, picture: Picture) -> None:
        self._redraw()
        self.refresh_bindings()

    def on_data_table_row_selected(self) -> None:
        """Show what the chosen set is doing, else what it did."""
        if (chosen := self.chosen) is not None:
            if chosen.at_work:
                self.manager.go("job", run=chosen.at_work[-1].run.id)
            else:
                self.manager.go("history", name=chosen.name)

    def on_data_table_row_highlighted(self) -> None:
        self._show_detail()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what is possible now."""
        picture, chosen = self.manager.picture, self.chosen
        match action:
            case "start_daemon":
                return picture.link is Link.NONE
            case "back_up":
                return picture.link is Link.UP and chosen is not None and not chosen.at_work
            case "edit" | "delete":
                return chosen is not None
            case "cancel":
                return picture.link is Link.UP and chosen is not None and bool(chosen.at_work)
            case _:
                return True

    @property
    def sets(self) -> list[SetStatus]:
        """All sets as they stand; as their files say where no daemon does."""
        status = self.manager.picture.status
        return list(status.sets) if status is not None else without_daemon(self.manager.sets)

    @property
    def chosen(self) -> SetStatus | None:
        """The set under the cursor."""
        sets, table = self.sets, self.query_one(DataTable)
        return sets[table.cursor_row] if 0 <= table.cursor_row < len(sets) else None

    def action_back_up(self) -> None:
        """Let the daemon back up the chosen set now."""
        if (chosen := self.chosen) is not None:
            self.begin(self._ask("run", chosen.name))

    def action_cancel(self) -> None:
        """End what the chosen set is doing."""
        if (chosen := self.chosen) is not None:
            self.begin(self._cancel(chosen.name))

    def action_edit(self) -> None:
        """Change what the chosen set says."""
        if (chosen := self.chosen) is not None:
            self.manager.go("set_editor", name=chosen.name)

    def action_delete(self) -> None:
        """Remove the chosen set after a question."""
        if (chosen := self.chosen) is not None:
            self.begin(self._delete(chosen.name))

    def action_pause(self) -> None:
        """Let nothing begin by itself any more, or again."""
        status = self.manager.picture.status
        if status is not None:
            self.begin(self._ask("resume" if status.is_paused else "pause"))

    def action_new_set(self) -> None:
        """Lead to a new set."""
        self.manager.go("wizard")

    def action_keys(self) -> None:
        """Show who can open the chosen set's repository."""
        if (chosen := self.chosen) is not None:
            self.manager.go("keys", name=chosen.name)

    def action_settings(self) -> None:
        """Show what holds for all sets."""
        self.manager.go("settings")

    def action_restore(self) -> None:
        """Get files of the chosen set back."""
        self.manager.go("restore", name=self.chosen.name if self.chosen else "")

    def action_history(self) -> None:
        """Show what was run."""
        self.manager.go("history")

    def action_start_daemon(self) -> None:
        """Start it."""
        self.notify(translate(N_("The daemon is being started.")))
        self.begin(self.manager.ports.daemon.start())

    async def _ask(self, request: str, name: str | None = None) -> None:
        fields = {"set": name} if name is not None else {}
        await self.manager.ports.daemon.ask(request, **fields)
        await self.manager.refresh_status()

    async def _cancel(self, name: str) -> None:
        from gdp.tui.screens.dialogs import Question

        text = translate(N_("What has been sent stays; the next run goes on with it."))
        question = Question(translate(N_("End the run of {set}?")).format(set=name), text, translate(N_("End it")))
        if await self.app.push_screen_wait(question):
            await self._ask("cancel", name)

    async def _delete(self, name: str) -> None:
        from gdp.tui.screens.set_files import remove_set

        if await remove_set(self, name):
            self._redraw()

    def _redraw(self) -> None:
        if not self.is_mounted:
            return
        try:
            sets = self.sets
        except GdpError as error:
            self.query_one(Detail).show(sentence_of(error))
            return
        table = self.query_one(DataTable)
        table.display = bool(sets)
        empty = self.query_one("#empty", Static)
        empty.display = not sets
        empty.update(translate(_NOTHING))
        self._fill(table, sets)
        self._show_verdict(sets)
        self._show_detail()
        self._show_notice()

    def _fill(self, table: "DataTable[Text]", sets: list[SetStatus]) -> None:
        row, head = table.cursor_row, [Text(translate(title)) for title in (*_COLUMNS, *_MORE_COLUMNS)]
        count = len(head) if self.size.width >= WIDE else len(_COLUMNS)
        rows = [self._cells(one)[:count] for one in sets]
        columns = widths(self.size.width - _MARGIN, [[cell.plain for cell in cells] for cells in (head[:count], *rows)])
        table.clear(columns=True)
        for title, width in zip(head, columns, strict=False):
            table.add_column(title, width=width + (GAP if title is not head[count - 1] else 0))
        for one, cells in zip(sets, rows, strict=True):
            for cell, width in zip(cells, columns, strict=True):
                cell.truncate(width, overflow="ellipsis")
            cells[_SIZE].align("right", columns[_SIZE])
            table.add_row(*cells, key=one.name)
        table.move_cursor(row=min(row, len(sets) - 1))

    def _cells(self, one: SetStatus) -> list[Text]:
        ports, now = self.manager.ports, self.manager.ports.now()
        last = one.last_done.ended if one.last_done else None
        coming = coming_backup(one)
        size = one.last_done.summary.get("total_bytes_processed") if one.last_done else None
        return [
            Text(one.name),
            self._sign(standing.of_set(one, now)),
            Text(short_moment(last, now, ports.zone) if last else "–"),
            Text(short_moment(coming, now, ports.zone) if coming else "–"),
            week_bar(one.week, self.app.theme_variables),
            Text(figures.size(size) if isinstance(size, int) else ""),
            Text(one.target),
            Text(", ".join(one.schedule)),
        ]

    def _sign(self, standing: Standing) -> Text:
        return Text(f"{standing.level.sign} {standing.words}", self.manager.colour(standing.level.style), no_wrap=True)

    def _show_verdict(self, sets: list[SetStatus]) -> None:
        picture, ports = self.manager.picture, self.manager.ports
        box = self.query_one("#verdict")
        if picture.link is Link.NONE:
            verdict = Standing(Level.ERROR, translate(N_("Nothing is backed up by itself: no daemon is running")))
        elif picture.status is not None:
            verdict = standing.of_all(picture.status, ports.now())
        else:
            verdict = Standing(Level.IDLE, translate(N_("Looking for the daemon")))
        box.set_classes(verdict.level.style)
        box.border_title = f"{verdict.words} {verdict.level.sign}"
        newest = standing.newest_end(sets)
        words = translate(N_("last backup {moment}"))
        box.border_subtitle = words.format(moment=short_moment(newest, ports.now(), ports.zone)) if newest else ""

    def _show_detail(self) -> None:
        chosen, ports = self.chosen, self.manager.ports
        self.query_one(Detail).show("\n".join(sentences_of(chosen, ports.now(), ports.zone)) if chosen is not None else "")

    def _show_notice(self) -> None:
        """Say what concerns all sets: whoever waits for a report looks here when none comes."""
        status, notice, ports = self.manager.picture.status, self.query_one("#notice", Static), self.manager.ports
        line = notice_of(status, ports.now(), ports.zone) if status is not None else ""
        notice.display = bool(line)
        notice.set_class(status is not None and status.trouble is not None, "trouble")
        notice.update(line)
