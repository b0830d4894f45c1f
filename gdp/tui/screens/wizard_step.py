"""One question of the wizard: shows what was entered, and gives back what is entered now."""

from typing import TYPE_CHECKING, ClassVar, cast

import msgspec
from textual.containers import VerticalScroll

from gdp.core.errors import BadInput
from gdp.core.sentences import sentence_of
from gdp.tui.page import Acting
from gdp.tui.views.draft import Draft
from gdp.tui.widgets.field import Field

if TYPE_CHECKING:
    from gdp.tui.app import BackupManager


class Step(VerticalScroll, can_focus=False):
    """A question. A subclass composes it from ``draft`` and says in ``entered`` what is entered.

    Args:
        draft: what was entered so far.
    """

    QUESTION: ClassVar[str] = ""
    """a template"""
    GO_ON: ClassVar[str] = ""
    """the words on the button, where it does more than go on"""

    def __init__(self, draft: Draft) -> None:
        super().__init__(id="step")
        self.draft = draft

    @property
    def manager(self) -> "BackupManager":
        """The whole UI."""
        return cast("BackupManager", self.app)

    @property
    def page(self) -> Acting[object]:
        """The wizard."""
        return cast("Acting[object]", self.screen)

    def entered(self) -> Draft:
        """Return the draft with what is entered, right or wrong."""
        raise NotImplementedError

    async def settle(self) -> Draft | None:
        """Return the draft when it is right, after whatever has to be tried or asked; None: stay here.

        Raises GdpError, which is said; a BadInput whose fact ``field`` names a field is said there.
        """
        return self.entered()

    def begin(self) -> None:
        """The step is on the screen."""

    def focus_first(self) -> None:
        """Put the cursor where one begins."""
        for widget in self.query("*"):
            if widget.focusable:
                widget.focus(scroll_visible=False)
                return

    def complain(self, error: BadInput) -> bool:
        """Say what is wrong beside its field, if there is one; the return value says whether there is."""
        fields = self.query(f"#{error.facts.get('field', 'none')}").results(Field)
        for field in fields:
            said = sentence_of(error)
            field.complain(said[:1].upper() + said[1:] + ".")
            field.take_focus()
            return True
        return False

    def text_of(self, name: str) -> str:
        """Return what is entered in a field."""
        return self.query_one(f"#{name}", Field).value

    def with_fields(self, *names: str) -> Draft:
        """Return the draft with what is entered in fields that are called as it calls them."""
        return msgspec.structs.replace(self.draft, **{name: self.text_of(name) for name in names})
