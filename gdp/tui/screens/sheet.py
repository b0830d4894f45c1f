"""The recovery sheet: shown, printed from its PDF, and typed in again, which proves that somebody can read it."""

import asyncio
import secrets
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Input, Static

from gdp.core.errors import GdpError
from gdp.core.language import N_, translate
from gdp.core.sentences import error_text, fill
from gdp.tui.page import Acting, Page
from gdp.tui.ports import last_of
from gdp.tui.screens.dialogs import Question
from gdp.tui.secret_files import private_folder
from gdp.tui.widgets.field import Field

_QR = set("█▀▄ ")
_WITHOUT = N_(
    "When the password file is lost, with this computer for example, all backups are lost too. Nobody can open them then."
)


class Sheet(Page[bool]):
    """Makes a sheet when it is opened. Its answer says whether recovery is settled.

    Args:
        name: of the set.
    """

    HEADING = N_("Recovery sheet")
    HELP = N_(
        "The sheet is a password on paper that opens the repository of this backup set, with all that another computer needs. "
        "Print the PDF, put it in a safe place, and type its password in here: then the set may run. Spaces, dashes and capitals "
        "do not matter."
    )
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "later", N_("Later"), key_display="Esc"),
        Binding("ctrl+d", "decline", N_("Without a sheet"), key_display="^d", priority=True),
        Binding("pagedown", "scroll(1)", N_("Scroll"), key_display="PgDn", priority=True),
        Binding("pageup", "scroll(-1)", show=False, priority=True),
        Binding("q", "later", show=False),
    ]

    def __init__(self, name: str) -> None:
        super().__init__()
        self._set = name
        self._pdf: Path | None = None

    def body(self) -> ComposeResult:
        with VerticalScroll(id="sheet", can_focus=False):
            yield Static(translate(N_("Making the sheet …")), id="sheet-page")
        with Vertical(id="sheet-below"):
            yield Static(id="sheet-file", markup=False)
            yield Field(N_("Once more"), id="sheet-password", hint="7KMW3-…")
            with Horizontal(classes="buttons"):
                yield Button(translate(N_("Without a sheet")), id="decline")
                yield Button(translate(N_("Confirm")), variant="primary", id="confirm")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Field).take_focus()
        self.begin(self._make())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.begin(self._confirm(), group="confirm", exclusive=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "decline":
            self.action_decline()
        else:
            self.begin(self._confirm(), group="confirm", exclusive=True)

    def action_scroll(self, way: int) -> None:
        """Show the rest of the sheet."""
        scroll = self.query_one("#sheet", VerticalScroll)
        scroll.scroll_relative(y=way * max(1, scroll.size.height - 1), animate=False)

    def action_later(self) -> None:
        """Leave it unsettled, if that is meant."""
        self.begin(self._later(), group="leave", exclusive=True)

    def action_decline(self) -> None:
        """Do without, if that is meant."""
        self.begin(self._decline(), group="leave", exclusive=True)

    async def _make(self) -> None:
        home = self.manager.ports.home
        text = private_folder(home) / f".{secrets.token_hex(8)}"
        pdf = free_path(home / f"recovery-sheet-{self._set}.pdf")
        words = ("recovery", "sheet", "--backup-set", self._set, "--text", str(text), "--output", str(pdf))
        try:
            await last_of(self.manager.ports.commands, *words)
            page = await asyncio.to_thread(text.read_text)
        except OSError as error:
            raise GdpError("{path}: {reason}", path=text, reason=error.strerror or str(error)) from error
        finally:
            text.unlink(missing_ok=True)
        self._pdf = pdf
        self.query_one("#sheet-page", Static).update(_drawn(page))
        self._tell(self._whereabouts())

    def _whereabouts(self) -> str:
        """Return where the PDF is; empty: there is none yet."""
        return fill(N_("To be printed: {file}"), {"file": self._pdf}) if self._pdf is not None else ""

    def _tell(self, text: str) -> None:
        for line in self.query("#sheet-file").results(Static):  # the program may be ending meanwhile
            line.update(text)

    async def _confirm(self) -> None:
        field = self.query_one(Field)
        if not field.value.strip():
            return
        typed = field.value.strip()
        words = ("recovery", "confirm", "--stdin", "--backup-set", self._set)
        self._tell(translate(N_("Trying the password …")))
        try:
            await last_of(self.manager.ports.commands, *words, typed=f"{typed}\n")
        except GdpError as error:
            field.complain(error_text(error))
            return
        finally:
            self._tell(self._whereabouts())
        await self._remove_pdf()
        _ = self.dismiss(True)

    async def _remove_pdf(self) -> None:
        if self._pdf is None or not self._pdf.exists():
            return
        text = fill(N_("{file} holds the password. Once it is printed, nobody needs it any more."), {"file": self._pdf})
        title = translate(N_("Recovery is settled. Remove the PDF?"))
        if await self.app.push_screen_wait(Question(title, text, translate(N_("It is printed: remove it")))):
            self._pdf.unlink(missing_ok=True)

    async def _decline(self) -> None:
        if await decline_recovery(self, self._set, translate(N_("Do without a recovery sheet?"))):
            _ = self.dismiss(True)

    async def _later(self) -> None:
        title = translate(N_("Leave it for later?"))
        text = translate(
            N_("The backup set does not run before this is settled. The PDF stays; press k on the overview to go on.")
        )
        if await self.app.push_screen_wait(Question(title, text, translate(N_("Later")))):
            _ = self.dismiss(False)


async def decline_recovery(page: Acting[bool], name: str, title: str) -> bool:
    """Settle that nobody else can open the repository of a set, if that is meant; the return value says whether it is."""
    question = Question(title, translate(_WITHOUT), translate(N_("Do without")), is_risky=True)
    if not await page.app.push_screen_wait(question):
        return False
    await last_of(page.manager.ports.commands, "recovery", "decline", "--yes", "--backup-set", name)
    return True


def free_path(path: Path) -> Path:
    """Return the path, with a number where there is something already."""
    number, found = 2, path
    while found.exists():
        found, number = path.with_stem(f"{path.stem}-{number}"), number + 1
    return found


def _drawn(page: str) -> Text:
    """Return the page; a QR code is light on dark whatever the theme, or no camera reads it."""
    text = Text(no_wrap=True)
    for line in page.splitlines():
        is_qr = bool(line) and set(line) <= _QR and "█" in line
        text.append(line + "\n", "#ffffff on #000000" if is_qr else "")
    return text
