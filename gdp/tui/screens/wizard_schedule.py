"""When, and how long it is kept."""

from typing import ClassVar

import msgspec
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Label, Static

from gdp.core.errors import BadInput
from gdp.core.language import N_, translate
from gdp.model.timing.durations import parse_duration
from gdp.tui.screens.wizard_step import Step
from gdp.tui.views.draft import PERIODS, Draft
from gdp.tui.views.retention import check_counts, kept_in_words
from gdp.tui.views.when import schedule_lines
from gdp.tui.widgets.field import Field

_TITLES = {"daily": N_("Days"), "weekly": N_("Weeks"), "monthly": N_("Months"), "yearly": N_("Years")}


class ScheduleStep(Step):
    """Schedule and retention."""

    QUESTION: ClassVar[str] = N_("When, and kept for how long?")

    def compose(self) -> ComposeResult:
        draft = self.draft
        yield Field(N_("When"), draft.when.replace("\n", "; "), id="when", hint=N_("empty: only by hand"))
        yield Static(id="when-words", classes="hint", markup=False)
        yield Field(N_("Spread over"), draft.random_offset, id="random_offset", hint="30m")
        yield Static(
            translate(N_("It begins up to so much later, so that many computers do not come at once.")), classes="hint indented"
        )
        yield Label(translate(N_("Keep the newest backup of so many")), classes="label")
        with Horizontal(classes="row"):
            for period in PERIODS:
                yield Field(_TITLES[period], draft.keep.get(period, ""), id=f"keep-{period}", classes="tiny")
        yield Static(id="keep-words", classes="hint", markup=False)

    def begin(self) -> None:
        self._describe()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._describe()

    def entered(self) -> Draft:
        keep = {period: self.text_of(f"keep-{period}") for period in PERIODS}
        when = "\n".join(part.strip() for part in self.text_of("when").split(";") if part.strip())
        return msgspec.structs.replace(self.with_fields("random_offset"), when=when, keep=keep)

    async def settle(self) -> Draft | None:
        draft = self.entered()
        try:
            schedule_lines(draft.when, self.manager.ports.now(), self.manager.ports.zone)
        except BadInput as error:
            raise BadInput(error.template, error.hint_template, **{**error.facts, "field": "when"}) from error
        try:
            parse_duration(draft.random_offset.strip() or "0s")
        except BadInput as error:
            raise BadInput(error.template, error.hint_template, **{**error.facts, "field": "random_offset"}) from error
        check_counts(draft.keep)
        return draft

    def _describe(self) -> None:
        draft, ports = self.entered(), self.manager.ports
        try:
            lines = schedule_lines(draft.when, ports.now(), ports.zone)
        except BadInput:
            lines = []
        self.query_one("#when-words", Static).update(Content("\n".join(lines)))
        self.query_one("#keep-words", Static).update(Content(kept_in_words(draft.keep)))
