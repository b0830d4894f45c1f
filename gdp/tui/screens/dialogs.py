"""Small questions and answers that lie over a screen. What they say may come from anywhere: brackets in it are only brackets."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from gdp.core.errors import GdpError
from gdp.core.language import N_, translate
from gdp.core.sentences import error_text
from gdp.tui.page import Dialog


class Problem(Dialog[None]):
    """Says what went wrong and what to do about it."""

    BINDINGS: ClassVar[list[Binding]] = [Binding("enter", "leave", show=False)]

    def __init__(self, error: GdpError) -> None:
        super().__init__()
        self._error = error

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog bad") as box:
            box.border_title = translate(N_("That did not work"))
            yield Static(error_text(self._error), markup=False)
            with Horizontal(classes="buttons"):
                yield Button(translate(N_("Close")), variant="primary", id="close")

    def on_button_pressed(self) -> None:
        self.answer(None)


class Notice(Dialog[None]):
    """Says something that may be longer."""

    BINDINGS: ClassVar[list[Binding]] = [Binding("enter", "leave", show=False)]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = Content(self._title)
            with VerticalScroll():
                yield Static(self._text, markup=False)
            with Horizontal(classes="buttons"):
                yield Button(translate(N_("Close")), variant="primary", id="close")

    def on_button_pressed(self) -> None:
        self.answer(None)


class Question(Dialog[bool]):
    """Asks whether to do something; True: yes. Escape is no.

    Args:
        yes: the words on the button that does it.
        is_risky: it removes something; then No has the focus.
    """

    def __init__(self, title: str, text: str, yes: str, *, is_risky: bool = False) -> None:
        super().__init__()
        self._title, self._text, self._yes, self._is_risky = title, text, yes, is_risky

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = Content(self._title)
            yield Static(self._text, markup=False)
            with Horizontal(classes="buttons"):
                yield Button(translate(N_("Cancel")), id="no")
                yield Button(self._yes, variant="error" if self._is_risky else "primary", id="yes")

    def on_mount(self) -> None:
        self.query_one("#no" if self._is_risky else "#yes").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.answer(event.button.id == "yes")


class Entry(Dialog[str]):
    """Asks for one line of text.

    Args:
        is_secret: it is not shown while it is typed.
    """

    def __init__(self, title: str, text: str, value: str = "", *, is_secret: bool = False) -> None:
        super().__init__()
        self._title, self._text, self._value, self._is_secret = title, text, value, is_secret

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = Content(self._title)
            yield Static(self._text, markup=False)
            yield Input(self._value, password=self._is_secret)
            with Horizontal(classes="buttons"):
                yield Button(translate(N_("Cancel")), id="no")
                yield Button(translate(N_("OK")), variant="primary", id="yes")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.answer(event.value)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.answer(self.query_one(Input).value if event.button.id == "yes" else None)
