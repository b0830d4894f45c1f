"""The last line of every screen: the keys that do something here and now, in the reader's language."""

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

from gdp.core.language import translate


@dataclass(frozen=True, slots=True)
class Offered:
    """A key in the line.

    Args:
        is_everywhere: it does something on each screen.
    """

    binding: Binding
    key: str
    words: str
    is_enabled: bool = True
    is_everywhere: bool = False

    @property
    def width(self) -> int:
        """How many columns it takes, with the one after it."""
        return len(self.key) + len(self.words) + 2


def fitting(offered: list[Offered], width: int) -> list[Offered]:
    """Return what a line has room for; the help tells the others.

    Enter goes first, which everybody tries anyway, then the last of the screen's own; help and end stay.
    """
    kept = list(offered)
    while sum(one.width for one in kept) - 1 > width:
        own = [one for one in kept if not one.is_everywhere]
        if not own:
            break
        kept.remove(next((one for one in own if one.binding.key == "enter"), own[-1]))
    return kept


class Keys(Footer):
    """A footer that translates, leaves out what does not fit, and leaves the palette to the help."""

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)

    def on_resize(self) -> None:
        self.refresh(recompose=True)

    def compose(self) -> ComposeResult:
        if not self._bindings_ready:
            return
        for one in fitting(self._offered(), self.app.size.width):
            binding = one.binding
            yield FooterKey(
                binding.key, one.key, one.words, binding.action, disabled=not one.is_enabled, tooltip=binding.tooltip
            ).data_bind(compact=Footer.compact)

    def _offered(self) -> list[Offered]:
        found: dict[str, Offered] = {}
        for node, binding, is_enabled, _tooltip in self.screen.active_bindings.values():
            if binding.show and binding.description and binding.action not in found:
                words, key = translate(binding.description), self.app.get_key_display(binding)
                found[binding.action] = Offered(binding, key, words, is_enabled, node is self.app)
        return list(found.values())
