"""The first line of every screen: what this is, which computer, and whether its daemon lives."""

from textual.content import Content
from textual.widgets import Static

from gdp.core.language import N_, translate
from gdp.tui.picture import Link, Picture
from gdp.tui.standing import Level

_DAEMON = {
    Link.CONNECTING: (Level.IDLE, N_("looking for the daemon")),
    Link.UP: (Level.GOOD, N_("daemon runs")),
    Link.NONE: (Level.ERROR, N_("no daemon")),
}
_PAUSED = (Level.ATTENTION, N_("daemon is paused"))


class TitleLine(Static):
    """One line, as wide as the screen.

    Args:
        words: what the screen is about.
        host: the computer's name.
    """

    def __init__(self, words: str, host: str) -> None:
        super().__init__(id="title")
        self._words, self._host, self._picture = words, host, Picture()

    def show(self, picture: Picture) -> None:
        """Show how the daemon stands."""
        self._picture = picture
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def rename(self, words: str) -> None:
        """Show other words on the left."""
        self._words = words
        self._draw()

    def _draw(self) -> None:
        is_paused = self._picture.link is Link.UP and self._picture.status is not None and self._picture.status.is_paused
        level, words = _PAUSED if is_paused else _DAEMON[self._picture.link]
        right = f"{translate(words)} {level.sign}"
        width = self.content_size.width
        room = width - len(right) - len(self._host) - 3
        left = self._words if len(self._words) <= room else f"{self._words[: max(0, room - 1)]}…"
        gap = max(1, width - len(left) - len(self._host) - 3 - len(right))
        template = "[b]$left[/b]$gap$host · [$colour]$right[/]".replace("$colour", f"${level.style}")
        self.update(Content.from_markup(template, left=left, gap=" " * gap, host=self._host, right=right))
