"""A screen around a single widget, to see it and to use it as it is used."""

from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget

from gdp.tui.app import BackupManager
from gdp.tui.page import Page
from tests.tui.stage import settle


class Host(Page[None]):
    """Shows one widget."""

    HEADING = "GDP Backup Manager"

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self._widget = widget

    def body(self) -> ComposeResult:
        yield self._widget


async def host(app: BackupManager, pilot: Pilot[int], widget: Widget) -> None:
    """Lay a screen with the widget over all others."""
    app.show(Host(widget))
    await settle(pilot)
