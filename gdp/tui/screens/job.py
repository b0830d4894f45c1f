"""A run while it is made, and how it ended. It can be opened at any moment of it, and closed again: the daemon makes it."""

import asyncio
from typing import Any, ClassVar

import msgspec
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from gdp.control.client import NoDaemon
from gdp.core import figures
from gdp.core.errors import GdpError
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.model.run_words import kind_in_words
from gdp.model.runs import Kind, Run, State
from gdp.model.service import CAN_PAUSE, AtWork
from gdp.tui import standing
from gdp.tui.log_reader import ERROR_MARKS, LogReader
from gdp.tui.page import Page
from gdp.tui.picture import Link, Picture, Watched
from gdp.tui.ports import Record
from gdp.tui.standing import Level, Standing
from gdp.tui.views import job as says
from gdp.tui.views.ends import duration, problem_of, sentences_of_end
from gdp.tui.views.overview import coming_backup
from gdp.tui.views.proofs import proof_lines
from gdp.tui.words import rate, short_moment

MOST_RUNS = 1000  # that the daemon tells at once
MOST_ERRORS = 500  # shown; the log has them all
_PAGE = 200
_SPARK_CELLS = 24
_NARROW_SPARK_CELLS = 12
_WIDE = 100
_MARGIN = 4  # border and padding of the box, both sides
_GONE = N_("The daemon does not answer. A run without its daemon ends by itself; a daemon that is started again goes on with it.")
_RESTORE_GONE = N_("The daemon does not answer. A restore without its daemon ends by itself. What is restored stays.")


class Job(Page[None]):
    """One run.

    Args:
        run: its number.
    """

    HEADING = N_("Running job")
    HELP = N_(
        "What a run does, how far it is, and what went wrong so far, also before this screen was opened. It may be closed:"
        " the daemon makes the run.\n\n"
        "Pause lets this run wait where it is, and keep its lock. On the overview, p holds up what would begin by itself."
    )
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "back", N_("Back")),
        Binding("c", "cancel", N_("Cancel")),
        Binding("p", "pause", N_("Pause")),
        Binding("u", "pause(True)", N_("Continue"), key_display="u"),
        Binding("l", "log", N_("Report and log")),
        Binding("n", "follow", N_("Show the next run")),
    ]

    def __init__(self, run: int) -> None:
        super().__init__()
        self._number = run
        self._run: Run | None = None
        self._progress: Record = {}
        self._is_ending = self._is_missing = self._is_paused = False
        self._errors: list[Record] = []
        self._reader: LogReader | None = None
        self._reading = asyncio.Lock()

    def body(self) -> ComposeResult:
        with Vertical(id="job"):
            yield Static(id="job-bar")
            yield Static(id="job-amounts", markup=False)
            yield Static(id="job-file", markup=False)
            yield Static(id="job-words", markup=False)
            yield Static(id="job-count", markup=False)
            with VerticalScroll(id="job-errors"):
                yield Static(id="job-error-list")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#job-errors").focus()
        self.set_interval(30, self._redraw)

    def on_resize(self) -> None:
        self._redraw()

    def on_picture(self, picture: Picture) -> None:
        work = picture.work(self._number)
        if work is not None:
            self._take(work)
        elif picture.link is Link.UP and picture.status is not None and not self.has_ended and not self._is_missing:
            self.begin(self._find_end(), group="end", exclusive=True)
        if self._run is not None:
            self.begin(self._read_errors(), group="errors")
        self._redraw()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what is possible now."""
        picture = self.manager.picture
        is_up = picture.link is Link.UP and picture.status is not None
        match action:
            case "cancel":
                return is_up and not self.has_ended and self._run is not None and not self._is_ending
            case "pause":
                work = picture.work(self._number)
                can_wait = work is not None and work.run.kind in CAN_PAUSE and not work.is_ending
                return is_up and can_wait and self._is_paused is bool(parameters)
            case "log":
                return self._run is not None
            case "follow":
                return self.has_ended and self._next_run() is not None
            case _:
                return True

    @property
    def has_ended(self) -> bool:
        """Whether the run is known to be over."""
        return self._run is not None and self._run.state is not State.RUNNING

    def action_back(self) -> None:
        """Leave it running."""
        _ = self.dismiss(None)

    def action_cancel(self) -> None:
        """End it, after a question."""
        self.begin(self._cancel())

    def action_pause(self, goes_on: bool = False) -> None:  # noqa: FBT001, FBT002 an action's parameter
        """Let the run wait, or go on."""
        self.begin(self._pause("resume" if goes_on else "pause"))

    def action_log(self) -> None:
        """Show all that it said."""
        if self._run is not None:
            self.manager.go("run", run=self._run)

    def action_follow(self) -> None:
        """Show the run that goes on with this one."""
        if (work := self._next_run()) is not None:
            _ = self.app.switch_screen(Job(work.run.id))

    def _take(self, work: AtWork) -> None:
        self._run, self._is_ending, self._is_paused, self._is_missing = work.run, work.is_ending, work.is_paused, False
        if work.progress:
            self._progress = work.progress

    def _next_run(self) -> AtWork | None:
        """Return what the daemon makes of the same kind for the same set."""
        run, picture = self._run, self.manager.picture
        one = picture.of_set(run.set_name) if run is not None else None
        works = [work for work in one.at_work if run and work.run.kind is run.kind and work.run.id > run.id] if one else []
        return works[0] if works else None

    async def _find_end(self) -> None:
        try:
            answer = await self.manager.ports.daemon.ask("runs", most=MOST_RUNS)
        except NoDaemon:
            return
        found = [run for run in msgspec.convert(answer.get("runs", ()), list[Run]) if run.id == self._number]
        if found:
            self._run = found[0]
            await self._read_errors()
        self._is_missing = not found
        self._redraw()
        self.refresh_bindings()

    async def _read_errors(self) -> None:
        """Read on in the log; without one, what was seen since the screen was opened has to do."""
        assert self._run is not None
        if self._reader is None:
            log = self.manager.ports.home / self._run.log  # why the run ended is said above
            self._reader = LogReader(log, lambda record: record.get("message_type") == "error", ERROR_MARKS)
        try:
            async with self._reading:
                while True:
                    page = await asyncio.to_thread(self._reader.next_page, _PAGE)
                    self._errors = [*self._errors, *page][-MOST_ERRORS:]
                    if self._reader.is_at_end:
                        break
            self._show_errors()
        except GdpError:
            self._errors = list(self._seen().errors)
            self._show_errors()

    def _seen(self) -> Watched:
        return self.manager.picture.watched.get(self._number, Watched())

    async def _cancel(self) -> None:
        from gdp.tui.screens.dialogs import Question

        run = self._run
        assert run is not None
        text = N_("What has been sent stays; the next run goes on with it.")
        if run.kind is Kind.RESTORE:
            text = N_("What is restored stays; the same restore fetches only the rest.")
        title = translate(N_("End the run of {set}?")).format(set=run.set_name)
        if await self.app.push_screen_wait(Question(title, translate(text), translate(N_("End it")))):
            await self.manager.ports.daemon.ask("cancel", run=run.id)
            await self.manager.refresh_status()

    async def _pause(self, request: str) -> None:
        await self.manager.ports.daemon.ask(request, run=self._number)
        await self.manager.refresh_status()

    def _redraw(self) -> None:
        if not self.is_mounted:
            return
        run, box = self._run, self.query_one("#job")
        found = self._standing()
        box.set_classes(found.level.style)
        box.border_title = f"{found.words[:1].upper()}{found.words[1:]} {found.level.sign}"
        now, zone = self.manager.ports.now(), self.manager.ports.zone
        since = translate(N_("since {moment} · {duration}")) if not self.has_ended else "{moment} · {duration}"
        box.border_subtitle = since.format(moment=short_moment(run.began, now, zone), duration=duration(run, now)) if run else ""
        if run is not None:
            self._rename(f"{run.set_name} · {kind_in_words(run)}")
        self._show_progress()
        self._show_words()
        self._show_errors()

    def _standing(self) -> Standing:
        run = self._run
        if run is None:
            words = N_("There is no such run any more") if self._is_missing else N_("Looking for the run")
            return Standing(Level.IDLE, translate(words))
        if run.state is not State.RUNNING:
            return standing.of_run(run)
        if self.manager.picture.link is Link.NONE:
            return Standing(Level.ATTENTION, translate(N_("The daemon is gone")))
        if self._is_ending:
            return Standing(Level.BUSY, translate(N_("is ending")))
        if self._is_paused:
            return Standing(Level.ATTENTION, translate(N_("Paused")))
        return Standing(Level.BUSY, says.stage(self._progress) or translate(N_("begins")))

    def _show_progress(self) -> None:
        run, is_at_work = self._run, not self.has_ended
        for name in ("#job-bar", "#job-amounts", "#job-file"):
            self.query_one(name).display = is_at_work and run is not None
        if run is None or not is_at_work:
            return
        width = max(20, self.size.width - _MARGIN)
        self.query_one("#job-bar", Static).update(self._bar(width))
        self.query_one("#job-amounts", Static).update(says.amounts(run.kind, self._progress, width))
        self.query_one("#job-file", Static).update(says.shorten(says.current_file(self._progress), width))

    def _bar(self, width: int) -> Text:
        rates = self._seen().rates(_SPARK_CELLS if width >= _WIDE else _NARROW_SPARK_CELLS)
        spark = says.sparkline(rates.values)
        right = f"{spark} {says.speed(rate(rates.now), self._progress, is_sent=rates.is_sent)}" if spark else ""
        words, done = says.left(self._progress), says.share(self._progress)
        cells = max(8, width - len(words) - len(right) - (2 if words else 0) - (3 if right else 0))
        full, rest = says.bar(done or 0.0, cells)
        text = Text(no_wrap=True)
        text.append(full, self.manager.colour("busy"))
        text.append(rest, self.manager.colour("rule"))
        text.append(f"  {words}" if words else "")
        text.append(f"   {right}" if right else "", self.manager.colour("busy"))
        return text

    def _show_words(self) -> None:
        run, words = self._run, self.query_one("#job-words", Static)
        sentences: list[str] = []
        if run is not None and self.has_ended:
            one, now, zone = self.manager.picture.of_set(run.set_name), self.manager.ports.now(), self.manager.ports.zone
            coming = coming_backup(one) if one else None
            sentences = list(sentences_of_end(run, short_moment(coming, now, zone) if coming else ""))
            sentences += proof_lines(one, now, zone) if one and run.kind is Kind.BACKUP else []
            if self._next_run() is not None:
                sentences.append(translate(N_("It goes on already: press n.")))
        elif run is not None and self.manager.picture.link is Link.NONE:
            sentences = [translate(_RESTORE_GONE if run.kind is Kind.RESTORE else _GONE)]
        elif self.manager.picture.status is not None and self.manager.picture.status.is_paused:
            sentences = [translate(N_("The daemon is paused: nothing begins by itself. This run goes on."))]
        words.update("\n".join(sentences))
        words.display = bool(sentences)

    def _show_errors(self) -> None:
        if not self.is_mounted:
            return
        count = max(len(self._errors), int(self._progress.get("error_count", 0)) if not self.has_ended else 0)
        words = fill(N_("Errors so far: {count}"), {"count": figures.count(count)}) if not self.has_ended else ""
        if self.has_ended and count:
            words = fill(N_("Errors: {count}"), {"count": figures.count(count)})
        self.query_one("#job-count", Static).update(words)
        text = Text()
        for record in self._errors:
            path, said = problem_of(record)
            text.append("■ ", self.manager.colour("bad"))
            text.append(f"{path}\n  {said}\n" if path else f"{said}\n")
        self.query_one("#job-error-list", Static).update(text)

    def _rename(self, words: str) -> None:
        from gdp.tui.widgets.title import TitleLine

        self.query_one(TitleLine).rename(words)
