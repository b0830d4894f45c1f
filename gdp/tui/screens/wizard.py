"""The wizard: from nothing to the first backup, one question a screen."""

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input

from gdp.core.errors import BadInput, GdpError
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.tui.page import Page
from gdp.tui.screens.wizard_blocks import BlocksStep
from gdp.tui.screens.wizard_encryption import EncryptionStep
from gdp.tui.screens.wizard_report import ReportStep
from gdp.tui.screens.wizard_schedule import ScheduleStep
from gdp.tui.screens.wizard_sources import SourcesStep
from gdp.tui.screens.wizard_step import Step
from gdp.tui.screens.wizard_summary import SummaryStep
from gdp.tui.screens.wizard_target import TargetStep
from gdp.tui.views.draft import Draft, Place, first_draft
from gdp.tui.views.usual import readable_sets, usual_sources
from gdp.tui.widgets.title import TitleLine

_PLACE = "wizard"


class Wizard(Page[None]):
    """Asks what cannot be found out, and makes a set of it."""

    HEADING = N_("New backup set")
    HELP = N_(
        "A few questions lead to a backup set: whereto, what, how it is encrypted, in which blocks, when, and who hears of it. "
        "No set is made before the last one. What is filled in already suits most; go on with Ctrl+N, back with Ctrl+B. Whoever "
        "leaves finds everything as it was, until this program is closed."
    )
    BINDINGS: ClassVar[list[Any]] = [
        Binding("ctrl+n", "next", N_("Go on"), key_display="^n", priority=True),
        Binding("ctrl+b", "back", N_("Back"), key_display="^b", priority=True),
        Binding("escape", "leave", N_("Leave")),
        Binding("q", "leave", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.draft = Draft()
        self._at = 0
        self._is_busy = False

    def heading(self) -> str:
        steps = self.steps
        return fill(N_("New backup set · step {number} of {count}"), {"number": self._at + 1, "count": len(steps)})

    @property
    def steps(self) -> list[type[Step]]:
        """The questions as they stand: a repository that is there has its blocks, one that is shared its password too."""
        steps: list[type[Step]] = [TargetStep, SourcesStep]
        if self.draft.place is not Place.SHARED:
            steps.append(EncryptionStep)
        if not self.draft.has_repository:
            steps.append(BlocksStep)
        return [*steps, ScheduleStep, ReportStep, SummaryStep]

    @property
    def step(self) -> Step:
        """The question on the screen."""
        return self.query_one("#step", Step)

    def body(self) -> ComposeResult:
        with Vertical(id="wizard"):
            yield Vertical(id="question", classes="box")
            with Horizontal(classes="buttons"):
                yield Button(translate(N_("Back")), id="back")
                yield Button(translate(N_("Go on")), variant="primary", id="next")

    def on_mount(self) -> None:
        super().on_mount()
        kept = self.manager.unfinished.get(_PLACE)
        if isinstance(kept, tuple):
            self.draft, self._at = kept
        else:
            sets = readable_sets(self.manager.sets)
            self.draft = first_draft(sets, usual_sources(), translate(N_("my-files")))
        self.begin(self._show())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing before the first question."""
        return action != "back" or self._at > 0

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id in {"back", "next"}:
            self.call_later(self.run_action, event.button.id)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.focus_next()

    def action_next(self) -> None:
        """Try what is entered, and go on."""
        if not self._is_busy:
            self.begin(self._go_on())

    async def action_back(self) -> None:
        """Go to the question before; what is entered stays."""
        if self._is_busy:
            return
        self.keep(self.step.entered())
        self._at -= 1
        await self._show()

    def action_leave(self) -> None:
        """Leave, if that is meant."""
        self.begin(self._leave(), group="leave")

    def finish(self) -> None:
        """The set is made: nothing is to be offered again."""
        self.manager.unfinished.pop(_PLACE, None)
        self.draft = Draft()

    async def _go_on(self) -> None:
        step = self.step
        self.keep(step.entered())
        self._show_busy(is_busy=True)
        try:
            settled = await step.settle()
        except BadInput as error:
            if not step.complain(error):
                raise
            return
        finally:
            self._show_busy(is_busy=False)
        if settled is None:
            return
        self.keep(settled)
        if self._at + 1 < len(self.steps):
            self._at += 1
            await self._show()

    async def _leave(self) -> None:
        from gdp.tui.screens.dialogs import Question

        text = translate(N_("What you have entered is offered again when you come back, until this program is closed."))
        title = translate(N_("Leave without making a backup set?"))
        if await self.app.push_screen_wait(Question(title, text, translate(N_("Leave")))):
            self.keep(self.step.entered())
            _ = self.dismiss(None)

    def keep(self, draft: Draft) -> None:
        """Remember what was entered."""
        self.draft = draft
        self.manager.unfinished[_PLACE] = (draft, self._at)

    def _show_busy(self, *, is_busy: bool) -> None:
        self._is_busy = is_busy
        for button in self.query("#next").results(Button):  # the program may be ending meanwhile
            button.disabled = is_busy

    async def _show(self) -> None:
        self._at = min(self._at, len(self.steps) - 1)
        self.keep(self.draft)
        kind = self.steps[self._at]
        box = self.query_one("#question", Vertical)
        await box.remove_children()
        box.border_title = translate(kind.QUESTION)
        step = kind(self.draft)
        await box.mount(step)
        self.query_one(TitleLine).rename(self.heading())
        button = self.query_one("#next", Button)
        button.label = translate(kind.GO_ON or N_("Go on"))
        button.refresh(layout=True)
        self.query_one("#back", Button).display = self._at > 0
        self.refresh_bindings()
        step.focus_first()
        try:
            step.begin()
        except GdpError as error:
            self.tell_error(error)
