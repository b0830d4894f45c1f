"""Boxes whose sign says by itself whether they are chosen, without colour: one of several answers, and yes or no."""

from collections.abc import Mapping

from textual.content import Content
from textual.widgets import Checkbox, RadioButton, RadioSet

from gdp.core.language import translate


class Choice(RadioButton):
    """One answer."""

    @property
    def _button(self) -> Content:
        return Content.styled("◉" if self.value else "○", self.get_visual_style("toggle--button"))


class Choices(RadioSet):
    """``value`` is the name of the one that is chosen.

    Args:
        answers: a template for each name.
        chosen: the name to begin with.
    """

    def __init__(self, answers: Mapping[str, str], chosen: str, *, id: str) -> None:
        buttons = [Choice(Content(translate(words)), name == chosen) for name, words in answers.items()]
        super().__init__(*buttons, id=id, compact=True)
        self._names = list(answers)

    def on_mount(self) -> None:
        self.call_later(self._begin_at_chosen)  # after the library has begun at the first

    @property
    def value(self) -> str:
        """What is chosen."""
        return self._names[max(0, self.pressed_index)]

    @value.setter
    def value(self, name: str) -> None:
        self.query(Choice)[self._names.index(name)].value = True

    def _begin_at_chosen(self) -> None:
        self._selected = max(0, self.pressed_index)


class TickBox(Checkbox):
    """Yes or no: a tick and its words on one line."""

    def __init__(
        self,
        label: str,
        value: bool = False,  # noqa: FBT001, FBT002 Checkbox's own
        *,
        id: str | None = None,
        name: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(label, value, compact=True, id=id, name=name, classes=classes)

    @property
    def _button(self) -> Content:
        return Content.styled("◼" if self.value else "◻", self.get_visual_style("toggle--button"))
