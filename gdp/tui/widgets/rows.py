"""A list to choose from: its cursor is a whole row, and the footer says what enter does with it."""

from typing import Any, ClassVar

from rich.text import Text
from textual.binding import Binding
from textual.widgets import DataTable

from gdp.core.language import N_


class Rows(DataTable[Text]):
    """A table of which rows are chosen."""

    BINDINGS: ClassVar[list[Any]] = [Binding("enter", "select_cursor", N_("Open"))]

    def __init__(self, *, id: str | None = None, cell_padding: int = 1) -> None:
        super().__init__(id=id, cursor_type="row", cell_padding=cell_padding, cursor_foreground_priority="renderable")

    def watch_virtual_size(self) -> None:
        """Draw anew what was drawn before the columns knew their widths: the table would keep it, with its cells cut off."""
        self.notify_style_update()
