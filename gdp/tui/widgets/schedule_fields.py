"""One schedule: by simple fields or as a sentence, each following the other."""

from dataclasses import replace
from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Checkbox, Input, Select

from gdp.core.language import N_, translate
from gdp.model.timing.words import WEEKDAY_NAMES
from gdp.tui.views.schedules import FIELDS, KINDS, Entered, Fields, Kind, fields_of, read_schedule, sentence_of_fields
from gdp.tui.widgets.choices import TickBox
from gdp.tui.widgets.form import FormRow

_LINES = {
    "times": (N_("At"), N_("02:30, several with spaces between")),
    "month_days": (N_("On day"), N_("1, or 15,last, or last friday")),
    "step": (N_("Every"), N_("10 min, or 2 h")),
    "minute": (N_("At minute"), "00"),
    "hours": (N_("Only"), N_("weekdays 08:00-18:00; empty: always")),
}
_DAY_LETTERS = 2


class ScheduleFields(Vertical):
    """``entered`` is what the sentence says and means."""

    class Changed(Message):
        """The schedule is another now, or not understood any more."""

        def __init__(self, entered: Entered) -> None:
            super().__init__()
            self.entered = entered

    def __init__(self, entered: Entered) -> None:
        super().__init__(classes="schedule-fields")
        self.entered = entered
        self._fields = _fields(entered)

    def compose(self) -> ComposeResult:
        kinds = [(translate(words), kind) for kind, words in KINDS.items()]
        yield FormRow(N_("Repeats"), Select(kinds, value=self._fields.kind, allow_blank=False, compact=True, id="kind"))
        days = [
            TickBox(translate(name)[:_DAY_LETTERS], day in self._fields.days, id=f"day-{day}")
            for day, name in enumerate(WEEKDAY_NAMES)
        ]
        yield FormRow(N_("On"), *days, id="row-days")
        for name, (label, example) in _LINES.items():
            line = Input(getattr(self._fields, name), placeholder=translate(example), compact=True, id=name)
            yield FormRow(label, line, id=f"row-{name}")
        yield FormRow(N_("Sentence"), Input(_sentence(self.entered), compact=True, id="sentence"), id="row-sentence")

    def on_mount(self) -> None:
        self._show_rows()
        self._say()

    def show(self, entered: Entered) -> None:
        """Show another schedule."""
        self.entered, self._fields = entered, _fields(entered)
        if self.is_mounted:
            self._fill(with_sentence=True)

    def on_select_changed(self, event: "Select.Changed") -> None:
        event.stop()
        if isinstance(event.value, Kind) and event.value is not self._fields.kind:
            self._fields = replace(self._fields, kind=event.value)
            self._show_rows()
            self._from_fields()

    def on_checkbox_changed(self, event: Checkbox.Changed) -> None:
        event.stop()
        chosen = {day for day in range(7) if self.query_one(f"#day-{day}", Checkbox).value}
        self._fields = replace(self._fields, days=frozenset(chosen))
        self._from_fields()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if event.input.id == "sentence":
            self.entered = read_schedule(event.value)
            if self.entered.schedule is not None:
                self._fields = fields_of(self.entered.schedule)
                self._fill(with_sentence=False)
            self._tell()
        elif event.input.id:
            more: dict[str, Any] = {event.input.id: event.value}
            self._fields = replace(self._fields, **more)
            self._from_fields()

    def _from_fields(self) -> None:
        if self._fields.kind is Kind.SENTENCE:
            self.query_one("#sentence").focus()
            return
        self.entered = read_schedule(sentence_of_fields(self._fields))
        with self.prevent(Input.Changed):
            self.query_one("#sentence", Input).value = _sentence(self.entered)
        self._tell()

    def _fill(self, *, with_sentence: bool) -> None:
        with self.prevent(Input.Changed, Select.Changed, Checkbox.Changed):
            self.query_one("#kind", Select).value = self._fields.kind
            for day in range(7):
                self.query_one(f"#day-{day}", Checkbox).value = day in self._fields.days
            for name in _LINES:
                self.query_one(f"#{name}", Input).value = getattr(self._fields, name)
            if with_sentence:
                self.query_one("#sentence", Input).value = _sentence(self.entered)
        self._show_rows()
        self._say()

    def _show_rows(self) -> None:
        for name in ("days", *_LINES):
            self.query_one(f"#row-{name}").display = name in FIELDS[self._fields.kind]

    def _tell(self) -> None:
        self._say()
        self.post_message(self.Changed(self.entered))

    def _say(self) -> None:
        self.query_one("#row-sentence", FormRow).say(wrong=self.entered.wrong)


def _fields(entered: Entered) -> Fields:
    return fields_of(entered.schedule) if entered.schedule is not None else Fields(Kind.SENTENCE)


def _sentence(entered: Entered) -> str:
    """Return the sentence in the reader's language where it is understood, else as it was typed."""
    return entered.schedule.describe() if entered.schedule is not None else entered.text
