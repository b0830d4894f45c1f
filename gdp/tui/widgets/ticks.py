"""Boxes to tick whose sign says by itself whether they are, without colour."""

from textual.widgets import Checkbox, RadioButton


class Tick(Checkbox):
    """Yes or no."""

    def on_mount(self) -> None:
        self._sign()

    def watch_value(self) -> None:
        self._sign()
        super().watch_value()

    def _sign(self) -> None:
        self.BUTTON_INNER = "X" if self.value else " "
        self.refresh()


class Choice(RadioButton):
    """One of several."""

    def on_mount(self) -> None:
        self._sign()

    def watch_value(self) -> None:
        self._sign()
        super().watch_value()

    def _sign(self) -> None:
        self.BUTTON_INNER = "●" if self.value else " "
        self.refresh()
