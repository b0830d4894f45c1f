"""A row of a form: a label, what is entered beside it, and beneath it what is wrong with it or what it means."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Label, Static

from gdp.core.language import N_, translate

TEXTUAL_SAYS = (N_("Dismiss menu"),)
"""what the library's controls have in the line of keys"""


class FormRow(Vertical):
    """One row.

    Args:
        label: a template.
        controls: what is entered, side by side.
    """

    def __init__(self, label: str, *controls: Widget, id: str | None = None) -> None:
        super().__init__(id=id, classes="form-row")
        self._label, self._controls = label, controls
        self.wrong = ""
        """what is wrong; empty: nothing"""

    def compose(self) -> ComposeResult:
        with Horizontal(classes="form-line"):
            yield Label(translate(self._label) if self._label else "", classes="form-label")
            yield from self._controls
        below = Static(classes="form-below hint")
        below.display = False
        yield below

    def say(self, *, wrong: str = "", words: str = "") -> None:
        """Show what is wrong, else what is meant, else nothing."""
        self.wrong = wrong
        below = self.query_one(".form-below", Static)
        below.update(Content(wrong or words))
        below.set_class(bool(wrong), "wrong")
        below.display = bool(wrong or words)


def all_wrong(rows: Sequence[FormRow]) -> list[str]:
    """Return what is wrong in some rows."""
    return [row.wrong for row in rows if row.wrong]
