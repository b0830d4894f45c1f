"""Answers of which one is chosen, each with the words that help to choose."""

from collections.abc import Mapping

from textual.content import Content
from textual.widgets import RadioButton, RadioSet

from gdp.core.language import translate


class Choice(RadioButton):
    """One answer. Whether it is chosen is seen without colour, too."""

    @property
    def _button(self) -> Content:
        return Content("◉" if self.value else "○")


class Choices(RadioSet):
    """``value`` is the name of the one that is chosen.

    Args:
        answers: a template for each name.
        chosen: the name to begin with.
    """

    def __init__(self, answers: Mapping[str, str], chosen: str, *, id: str) -> None:
        buttons = [Choice(Content(translate(words)), name == chosen) for name, words in answers.items()]
        super().__init__(*buttons, id=id, classes="choices", compact=True)
        self._names = list(answers)

    @property
    def value(self) -> str:
        """What is chosen."""
        return self._names[max(0, self.pressed_index)]
