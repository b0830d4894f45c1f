"""Some keys of a set as rows of a form, and the recipients of its reports."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label, Select, Static, TextArea

from gdp.core.errors import BadInput
from gdp.core.language import LANGUAGES, N_, translate
from gdp.settings import kinds
from gdp.tui.views.set_form import Line, Read, Shape, read_line, reason_of, text_of
from gdp.tui.widgets.choices import TickBox
from gdp.tui.widgets.form import FormRow, all_wrong

REPORT = "report"
_LANGUAGES = {"": N_("as usual"), "de": "Deutsch", "en": "English"}
_MODES = {"every-run": N_("after every run"), "problems": N_("only problems"), "daily": N_("once a day")}


class Edited(Message):
    """Something was entered."""


class FormSection(VerticalScroll):
    """``values`` holds the keys as a set's file has them, ``wrong`` what is not allowed.

    Args:
        lines: which keys.
        values: what they hold, as ``written_values`` gives it.
        note: a template that stands above them.
    """

    def __init__(self, lines: Sequence[Line], values: Mapping[str, Any], *, id: str, note: str = "") -> None:
        super().__init__(id=id, classes="form-section")
        self._lines, self._first, self._note = tuple(lines), dict(values), note
        self._read = {line.key: Read(values.get(line.key)) for line in lines}

    @property
    def values(self) -> dict[str, Any]:
        """What is entered; what is wrong stays as it was."""
        shown = [line for line in self._lines if line.shape is not Shape.FIXED]
        return {
            line.key: self._first.get(line.key) if self._read[line.key].wrong else self._read[line.key].value for line in shown
        }

    @property
    def wrong(self) -> list[str]:
        """What is wrong, a sentence each."""
        wrong = ((line.label, self._read[line.key].wrong) for line in self._lines)
        return [f"{translate(label)}: {sentence}" for label, sentence in wrong if sentence]

    def compose(self) -> ComposeResult:
        if self._note:
            yield Static(translate(self._note), classes="hint form-note")
        for line in self._lines:
            yield FormRow(line.label, *self._controls(line), id=_row_id(line.key))

    def on_mount(self) -> None:
        for line in self._lines:
            if line.shape is Shape.LINES:
                self._row(line).say(words=translate(line.hint))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._take(event.input.name, event.value)

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._take(event.text_area.name, event.text_area.text)

    def on_checkbox_changed(self, event: TickBox.Changed) -> None:
        event.stop()
        self._take(event.checkbox.name, event.value)

    def on_select_changed(self, event: "Select.Changed") -> None:
        event.stop()
        self._take(event.select.name, str(event.value))

    def _controls(self, line: Line) -> Iterator[Widget]:
        value = self._first.get(line.key)
        match line.shape:
            case Shape.TICK:
                yield TickBox(translate(line.hint), bool(value), name=line.key)
            case Shape.CHOICE:
                answers = {str(value): str(value), **line.answers} if value not in line.answers else line.answers
                options = [(translate(words), name) for name, words in answers.items()]
                yield Select(options, value=str(value), allow_blank=False, compact=True, name=line.key)
            case Shape.LINES:
                yield TextArea(text_of(line, value), compact=True, name=line.key, tab_behavior="focus")
            case Shape.FIXED:
                yield Static(f"{text_of(line, value)}  ({translate(line.hint)})", classes="form-fixed", markup=False)
            case Shape.TEXT:
                yield Input(text_of(line, value), placeholder=translate(line.hint), compact=True, name=line.key)

    def _take(self, key: str | None, entered: str | bool) -> None:  # noqa: FBT001 a tick is one
        line = next((line for line in self._lines if line.key == key), None)
        if line is None:
            return
        read = read_line(line, entered)
        if read != self._read[line.key]:
            self._read[line.key] = read
            self._row(line).say(wrong=read.wrong, words=translate(line.hint) if line.shape is Shape.LINES else "")
            self.post_message(Edited())

    def _row(self, line: Line) -> FormRow:
        return self.query_one(f"#{_row_id(line.key)}", FormRow)


class RecipientSection(VerticalScroll):
    """Who gets reports: an address, a language and a mode a row; the last row is empty, and an address makes it one more."""

    def __init__(self, recipients: Sequence[Mapping[str, Any]], *, id: str) -> None:
        super().__init__(id=id, classes="form-section")
        self._first = recipients

    @property
    def values(self) -> dict[str, Any]:
        """The recipients as a set's file has them."""
        return {REPORT: [row.value for row in self.query(RecipientRow) if row.value["to"] and not row.wrong]}

    @property
    def wrong(self) -> list[str]:
        """What is no address."""
        return all_wrong(list(self.query(RecipientRow)))

    def compose(self) -> ComposeResult:
        yield Static(
            translate(N_("A mail goes to everybody named here. To take one out, empty the address.")), classes="hint form-note"
        )
        with Horizontal(classes="form-line"):
            for words, name in ((N_("Address"), "to"), (N_("Language"), "language"), (N_("When"), "mode")):
                yield Label(translate(words), classes=f"hint recipient-{name}")
        for recipient in self._first:
            yield RecipientRow(recipient)
        yield RecipientRow({})

    async def on_recipient_row_changed(self) -> None:
        if all(row.value["to"] for row in self.query(RecipientRow)):
            await self.mount(RecipientRow({}))
        self.post_message(Edited())


class RecipientRow(FormRow):
    """One recipient."""

    class Changed(Message):
        """It is another now."""

    def __init__(self, recipient: Mapping[str, Any]) -> None:
        languages = [(translate(words), name) for name, words in _LANGUAGES.items() if not name or name in LANGUAGES]
        modes = [(translate(words), name) for name, words in _MODES.items()]
        self._to = Input(recipient.get("to", ""), placeholder="admin@example.com", compact=True, classes="recipient-to")
        language = recipient.get("language") or ""
        self._language = Select(languages, value=language, allow_blank=False, compact=True, classes="recipient-language")
        mode = recipient.get("mode") or "every-run"
        self._mode = Select(modes, value=mode, allow_blank=False, compact=True, classes="recipient-mode")
        super().__init__("", self._to, self._language, self._mode)
        self.add_class("recipient")
        self._known = self.value

    @property
    def value(self) -> dict[str, Any]:
        """As a set's file has it."""
        return {
            "to": self._to.value.strip(), "language": str(self._language.value) or None, "mode": str(self._mode.value)
        }  # fmt: skip

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._take()

    def on_select_changed(self, event: "Select.Changed") -> None:
        event.stop()
        self._take()

    def _take(self) -> None:
        if self.value == self._known:
            return
        self._known = self.value
        wrong = ""
        if self.value["to"]:
            try:
                kinds.ADDRESS.read(self.value["to"])
            except BadInput as error:
                wrong = reason_of(error)
        self.say(wrong=wrong)
        self.post_message(self.Changed())


def _row_id(key: str) -> str:
    return "row-" + key.replace(".", "-")
