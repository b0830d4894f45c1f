"""When, and how long it is kept."""

from typing import ClassVar

import msgspec
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Label, Static

from gdp.core.language import N_, translate
from gdp.tui.screens.wizard_step import Step
from gdp.tui.views.draft import PERIODS, Draft
from gdp.tui.views.retention import check_counts, kept_in_words
from gdp.tui.widgets.field import Field
from gdp.tui.widgets.schedule import ScheduleEditor

_TITLES = {"daily": N_("Days"), "weekly": N_("Weeks"), "monthly": N_("Months"), "yearly": N_("Years")}


class ScheduleStep(Step):
    """Schedule and retention."""

    QUESTION: ClassVar[str] = N_("When, and kept for how long?")

    def compose(self) -> ComposeResult:
        draft = self.draft
        yield ScheduleEditor(draft.schedule, id="schedule")
        yield Label(translate(N_("Keep the newest backup of each of the last")), classes="label")
        with Horizontal(classes="row"):
            for period in PERIODS:
                yield Field(_TITLES[period], draft.keep.get(period, ""), id=f"keep-{period}", classes="tiny")
        yield Static(id="keep-words", classes="hint", markup=False)

    def begin(self) -> None:
        self._describe()

    def focus_first(self) -> None:
        self.query_one("#schedules").focus(scroll_visible=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._describe()

    def entered(self) -> Draft:
        keep = {period: self.text_of(f"keep-{period}") for period in PERIODS}
        return msgspec.structs.replace(self.draft, schedule=self.query_one(ScheduleEditor).typed, keep=keep)

    async def settle(self) -> Draft | None:
        draft = self.entered()
        if self.query_one(ScheduleEditor).go_to_wrong():
            return None
        check_counts(draft.keep)
        return draft

    def _describe(self) -> None:
        self.query_one("#keep-words", Static).update(Content(kept_in_words(self.entered().keep)))
