"""What all screens have in common: the title line, the keys, help, and one way to do something that may fail."""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen, Screen
from textual.worker import Worker

from gdp.core.errors import GdpError
from gdp.core.language import translate
from gdp.tui.picture import Picture
from gdp.tui.widgets.keys import Keys
from gdp.tui.widgets.title import TitleLine

if TYPE_CHECKING:
    from gdp.tui.app import BackupManager

Result = TypeVar("Result")


class Acting(Screen[Result]):
    """A screen that does things which may fail."""

    @property
    def manager(self) -> "BackupManager":
        """The whole UI."""
        return cast("BackupManager", self.app)

    def begin(self, work: Coroutine[Any, Any, None], *, group: str = "default", exclusive: bool = False) -> Worker[None]:
        """Do something in the background, which ends with the screen. What goes wrong is said in a dialog.

        Args:
            exclusive: whatever else runs in the group is broken off.
        """
        return self.run_worker(self._guard(work), group=group, exclusive=exclusive)

    def tell_error(self, error: GdpError) -> None:
        """Say what went wrong and what to do about it."""
        from gdp.tui.screens.dialogs import Problem

        self.manager.show(Problem(error))

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except GdpError as error:
            self.tell_error(error)


class Page(Acting[Result]):
    """A whole screen. A subclass composes what stands between title and keys, and says what it is about."""

    BINDINGS: ClassVar[list[Any]] = []
    HEADING: ClassVar[str] = ""
    """a template for the title line, to be translated"""
    HELP: ClassVar[str] = ""
    """a few sentences for the help, to be translated"""

    def heading(self) -> str:
        """Return the words of the title line."""
        return translate(self.HEADING)

    def body(self) -> ComposeResult:
        """Compose what the screen is for."""
        raise NotImplementedError

    def on_picture(self, picture: Picture) -> None:
        """Show what the daemon says; called with every change, and once at the beginning."""

    def speak(self) -> None:
        """Say again, in the language that is spoken now, whatever is no part of what somebody may be filling in."""
        self.query_one(TitleLine).rename(self.heading())
        self.query_one(Keys).refresh(recompose=True)
        self.on_picture(self.manager.picture)

    def compose(self) -> ComposeResult:
        yield TitleLine(self.heading(), self.manager.ports.host)
        yield from self.body()
        yield Keys()

    def on_mount(self) -> None:
        self.watch(self.app, "picture", self._show_picture)

    def _show_picture(self, picture: Picture) -> None:
        self.query_one(TitleLine).show(picture)
        self.on_picture(picture)


class Dialog(ModalScreen[Result | None]):
    """A dialog. Escape leaves it without an answer."""

    BINDINGS: ClassVar[list[Any]] = [Binding("escape", "leave", show=False)]

    def answer(self, answer: Result | None) -> None:
        """Close the dialog with an answer."""
        _ = self.dismiss(answer)

    def action_leave(self) -> None:
        self.answer(None)
