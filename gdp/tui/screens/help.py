"""Help: what the screen is for, and all its keys."""

from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from gdp.core.language import N_, translate
from gdp.tui.page import Dialog


class Help(Dialog[None]):
    """Over the screen that it explains.

    Args:
        text: what the screen is for.
        keys: a key and what it does, in order.
    """

    BINDINGS: ClassVar[list[Binding]] = [Binding("q,question_mark,f1,enter", "leave", show=False)]

    def __init__(self, title: str, text: str, keys: list[tuple[str, str]]) -> None:
        super().__init__()
        self._title, self._text, self._keys = title, text, keys

    def compose(self) -> ComposeResult:
        table = Table.grid(padding=(0, 2))
        for key, words in self._keys:
            table.add_row(Text(key, style="bold"), Text(words))
        with Vertical(classes="dialog wide") as box:
            box.border_title = Content(translate(N_("Help")) + f" · {self._title}")
            box.border_subtitle = translate(N_("Esc closes"))
            with VerticalScroll():
                yield Static(self._text, markup=False)
                yield Static(table, classes="keys")
