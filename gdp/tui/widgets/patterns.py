"""The exclude patterns of a choice, each with what it hits."""

from collections.abc import Sequence
from typing import Any, ClassVar

from rich.text import Text
from textual.binding import Binding
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from gdp.core.language import N_, translate
from gdp.tui.screens.dialogs import Entry
from gdp.tui.standing import Level
from gdp.tui.views.counting import Counting, of_pattern

_HOW = N_(
    "A pattern as in a .gitignore: *.iso leaves out all files that end so, node_modules/ all folders of that name,"
    " /srv/tmp one path, !keep.iso keeps something after all."
)


class PatternList(OptionList):
    """Enter changes one, a adds one, Del removes one."""

    BINDINGS: ClassVar[list[Any]] = [
        Binding("enter", "select", N_("Change")),
        Binding("delete,backspace", "remove", N_("Remove")),
    ]

    class Changed(Message):
        """Patterns are others now."""

        def __init__(self, patterns: tuple[str, ...]) -> None:
            super().__init__()
            self.patterns = patterns

    def __init__(self, patterns: Sequence[str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.patterns = tuple(patterns)
        self._counting = Counting()

    def on_mount(self) -> None:
        self._draw()

    def show(self, counting: Counting) -> None:
        """Show what the patterns hit."""
        self._counting = counting
        self._draw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what is possible now."""
        return bool(self.patterns) if action in {"remove", "select"} else True

    def add(self) -> None:
        """Ask for one more."""
        title = translate(N_("New exclude pattern"))
        _ = self.app.push_screen(Entry(title, translate(_HOW)), lambda text: self._put(len(self.patterns), text))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        place = event.option_index
        if place >= len(self.patterns):
            self.add()
            return
        entry = Entry(translate(N_("Change the exclude pattern")), translate(_HOW), self.patterns[place])
        _ = self.app.push_screen(entry, lambda text: self._put(place, text))

    def action_remove(self) -> None:
        """Remove the one under the cursor."""
        place = self.highlighted
        if place is not None and place < len(self.patterns):
            self._take((*self.patterns[:place], *self.patterns[place + 1 :]))

    def _put(self, place: int, text: str | None) -> None:
        if text and text.strip():
            self._take((*self.patterns[:place], text, *self.patterns[place + 1 :]))

    def _take(self, patterns: tuple[str, ...]) -> None:
        if patterns != self.patterns:
            self.patterns = patterns
            self._draw()
            self.refresh_bindings()
            self.post_message(self.Changed(patterns))

    def _draw(self) -> None:
        place = self.highlighted or 0
        prompts = [self._prompt(pattern) for pattern in self.patterns]
        if not prompts:
            prompts = [Text(translate(N_("None. Press a to add one.")), self.app.theme_variables["idle"])]
        self.set_options(Option(prompt) for prompt in prompts)
        self.highlighted = min(place, len(prompts) - 1)

    def _prompt(self, pattern: str) -> Text:
        standing = of_pattern(pattern, self._counting)
        sign = f"{standing.level.sign} " if standing.level in {Level.ATTENTION, Level.ERROR} else "  "
        colour = self.app.theme_variables["idle" if standing.level is Level.GOOD else standing.level.style]
        return Text.assemble(pattern, "\n", (sign + standing.words, colour))
