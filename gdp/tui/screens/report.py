"""The report of a run, as the mail tells it: whole, and in a place as wide as its lines."""

from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.widgets import Static

from gdp.core.language import N_, translate
from gdp.model.run_words import kind_in_words
from gdp.model.runs import Run
from gdp.tui.page import Page
from gdp.tui.ports import last_of
from gdp.tui.standing import Level

_LEVELS = {level.sign: level for level in Level}


class ReportPage(Page[None]):
    """A report.

    Args:
        run: as the daemon's journal has it.
    """

    HEADING = N_("Report")
    HELP = N_("The report of the run, with the words of the mail. The arrows and the page keys show the rest.")
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape,m", "back", N_("Back")),
        Binding("pagedown,space", "scroll(1)", N_("Scroll"), priority=True),
        Binding("pageup", "scroll(-1)", show=False, priority=True),
    ]

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run

    def heading(self) -> str:
        number = translate(N_("run {number}")).format(number=self._run.id)
        return f"{translate(self.HEADING)} · {self._run.set_name} · {kind_in_words(self._run)} · {number}"

    def body(self) -> ComposeResult:
        with VerticalScroll(id="report"):
            yield Static(translate(N_("Writing the report …")), id="report-words", classes="hint", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#report").focus()
        self.begin(self._load())

    def action_back(self) -> None:
        """Go back."""
        _ = self.dismiss(None)

    def action_scroll(self, way: int) -> None:
        """Show the rest."""
        scroll = self.query_one("#report", VerticalScroll)
        scroll.scroll_relative(y=way * max(1, scroll.size.height - 1), animate=False)

    async def _load(self) -> None:
        words = self.query_one("#report-words", Static)
        try:
            found = await last_of(self.manager.ports.commands, "report", "show", str(self._run.id))
        except BaseException:
            words.update("")
            raise
        words.remove_class("hint")
        words.update(self._drawn(str(found.get("subject", "")), str(found.get("text", ""))))

    def _drawn(self, subject: str, report: str) -> Text:
        """Return it with the subject on top; a line that begins with a sign has the sign's colour, as in the mail."""
        text = Text(f"{subject}\n\n", "bold")
        for line in report.splitlines():
            level = _LEVELS.get(line[:1])
            text.append(f"{line}\n", self.manager.colour(level.style) if level else "not bold")
        return text
