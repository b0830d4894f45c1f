"""The last line of every screen: the keys that do something here and now, in the reader's language."""

from textual.app import ComposeResult
from textual.widgets import Footer
from textual.widgets._footer import FooterKey

from gdp.core.language import translate


class Keys(Footer):
    """A footer that translates, and leaves the palette to the help."""

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)

    def compose(self) -> ComposeResult:
        if not self._bindings_ready:
            return
        shown = set()
        for _node, binding, is_enabled, tooltip in self.screen.active_bindings.values():
            if not binding.show or not binding.description or binding.action in shown:
                continue
            shown.add(binding.action)
            yield FooterKey(
                binding.key,
                self.app.get_key_display(binding),
                translate(binding.description),
                binding.action,
                disabled=not is_enabled,
                tooltip=tooltip,
            ).data_bind(compact=Footer.compact)
