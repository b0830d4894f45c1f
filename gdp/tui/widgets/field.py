"""A line to be filled in: a label, what is entered, and beneath it what is wrong with it or what helps."""

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Label, Static

from gdp.core.language import translate


class Field(Vertical):
    """One. ``value`` is what is entered.

    Args:
        label: a template.
        value: to begin with.
        hint: a template: an example, or what it is good for.
        is_secret: not shown while it is typed.
    """

    def __init__(
        self, label: str, value: str = "", *, id: str, hint: str = "", is_secret: bool = False, classes: str = ""
    ) -> None:
        super().__init__(id=id, classes=f"field {classes}")
        self._label, self._first, self._hint, self._is_secret = label, value, hint, is_secret

    @property
    def value(self) -> str:
        """What is entered."""
        return self.query_one(Input).value

    @value.setter
    def value(self, text: str) -> None:
        self.query_one(Input).value = text

    def compose(self) -> ComposeResult:
        yield Label(translate(self._label), classes="field-label")
        yield Input(self._first, password=self._is_secret, placeholder=translate(self._hint), compact=True)
        yield Static(classes="field-wrong wrong", markup=False)

    def on_mount(self) -> None:
        self.complain("")

    def on_input_changed(self) -> None:
        self.complain("")

    def complain(self, sentence: str) -> None:
        """Say what is wrong; with nothing, that it is right again."""
        below = self.query_one(".field-wrong", Static)
        below.update(sentence)
        below.display = bool(sentence)

    def take_focus(self) -> None:
        """Put the cursor there."""
        self.query_one(Input).focus()
