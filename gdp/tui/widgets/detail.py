"""A few lines below a list. What has no room is counted, and can be scrolled."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from gdp.core.language import N_
from gdp.core.sentences import fill


class Detail(VerticalScroll, can_focus=False):
    """The lines. Only while some are out of sight does it take the keys."""

    _text = ""

    def compose(self) -> ComposeResult:
        yield Static(classes="detail-words")

    def on_mount(self) -> None:
        self.watch(self, "virtual_size", self._offer_more)

    def on_resize(self) -> None:
        self._offer_more()

    def show(self, text: str) -> None:
        """Show other lines, from the first on; the same stay where they are."""
        if text != self._text:
            self._text = text
            self.query_one(Static).update(Content(text))
            self.scroll_home(animate=False)

    def _offer_more(self) -> None:
        self.can_focus = self.max_scroll_y > 0
        more = fill(N_("{count:line|lines} more: Tab, then ↓"), {"count": self.max_scroll_y})
        self.border_title = f" {more} " if self.can_focus else ""
