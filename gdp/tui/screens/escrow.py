"""Escrow: a password of its own, sealed to the public key of somebody else, who can help when this computer is gone."""

import asyncio
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Input, Static

from gdp.core.errors import BadInput
from gdp.core.language import N_, translate
from gdp.core.sentences import error_text, fill
from gdp.tui.page import Page
from gdp.tui.ports import last_of
from gdp.tui.screens.dialogs import Notice, Question
from gdp.tui.screens.sheet import decline_recovery, free_path
from gdp.tui.views.keys import SHORT
from gdp.tui.views.sealing import check_fingerprint, file_of, fingerprint_of
from gdp.tui.widgets.field import Field

_ABOUT = N_(
    "Somebody else can open the backups when this computer and its password file are gone: your dealer, or your head office. A "
    "password of its own is made for that and sealed to the receiver's public key. Only the private key, which never leaves the "
    "receiver, opens it; you send the sealed file by any way you like."
)
_KEYS = N_("The receiver makes the keys with 'gdp recovery new-escrow-key FILE', keeps FILE, and gives you FILE.pub.")
_COMPARE = N_(
    "The key has the fingerprint\n\n{fingerprint}\n\nAsk the receiver for it, on another way than the key came. Whoever holds "
    "the private key to another one could read all backups."
)
_SEND = N_(
    "Send {file} to the receiver. It tells nobody else anything.\n\nIt is sealed to the key {fingerprint}. To take it back, "
    "revoke the key {id} under keys and recovery (k)."
)


class Escrow(Page[bool]):
    """Seals a password. Its answer says whether recovery is settled.

    Args:
        name: of the set.
    """

    HEADING = N_("Escrow")
    HELP = N_(
        "The receiver's public key is a file that ends with .pub. Its fingerprint, told on the telephone for example, makes sure "
        "that nobody has exchanged it on the way; where you leave it empty, you are asked to compare it. Once the sealed file is "
        "written, the backup set may run."
    )
    BINDINGS: ClassVar[list[Any]] = [
        Binding("escape", "later", N_("Later"), key_display="Esc"),
        Binding("ctrl+d", "decline", N_("Without escrow"), key_display="^d", priority=True),
        Binding("q", "later", show=False),
    ]

    def __init__(self, name: str) -> None:
        super().__init__()
        self._set = name

    def body(self) -> ComposeResult:
        with VerticalScroll(id="escrow", classes="box", can_focus=False) as box:
            box.border_title = translate(N_("Seal a password for somebody else"))
            yield Static(translate(_ABOUT), classes="hint", markup=False)
            yield Static(translate(_KEYS), classes="hint note", markup=False)
            yield Field(N_("Public key"), id="to-key", hint="/root/dealer.pub")
            yield Field(N_("Fingerprint"), id="fingerprint", hint=N_("SHA256:…; empty: compare it when it is shown"))
            sealed = free_path(self.manager.ports.home / f"escrow-{self._set}.txt")
            yield Field(N_("Sealed file"), str(sealed), id="sealed")
            yield Static(id="sealing", classes="hint note", markup=False)
        with Horizontal(classes="buttons", id="escrow-buttons"):
            yield Button(translate(N_("Without escrow")), id="decline")
            yield Button(translate(N_("Seal")), variant="primary", id="seal")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#to-key", Field).take_focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.focus_next()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "decline":
            self.action_decline()
        else:
            self.begin(self._seal(), group="seal")

    def action_later(self) -> None:
        """Leave it unsettled, if that is meant."""
        self.begin(self._later(), group="leave", exclusive=True)

    def action_decline(self) -> None:
        """Do without, if that is meant."""
        self.begin(self._decline(), group="leave", exclusive=True)

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Field).value

    async def _seal(self) -> None:
        try:
            key_file, sealed = file_of(self._value("to-key"), "to-key"), file_of(self._value("sealed"), "sealed")
            fingerprint = await asyncio.to_thread(fingerprint_of, key_file)
            check_fingerprint(self._value("fingerprint"), fingerprint, key_file)
        except BadInput as error:
            field = self.query_one(f"#{error.facts['field']}", Field)
            field.complain(error_text(error))
            field.take_focus()
            return
        if not self._value("fingerprint").strip() and not await self._is_compared(fingerprint):
            return
        words = ("--to-key", str(key_file), "--output", str(sealed), "--fingerprint", fingerprint, "--backup-set", self._set)
        self._show_busy(is_busy=True)
        try:
            made = await last_of(self.manager.ports.commands, "recovery", "escrow", *words)
        finally:
            self._show_busy(is_busy=False)
        facts = {"file": sealed, "fingerprint": fingerprint, "id": str(made.get("id", ""))[:SHORT]}
        await self.app.push_screen_wait(Notice(translate(N_("Recovery is settled")), fill(_SEND, facts)))
        _ = self.dismiss(True)

    def _show_busy(self, *, is_busy: bool) -> None:
        for button in self.query(".buttons Button").results(Button):  # the program may be ending meanwhile
            button.disabled = is_busy
        for line in self.query("#sealing").results(Static):
            line.update(translate(N_("Sealing a password …")) if is_busy else "")

    async def _is_compared(self, fingerprint: str) -> bool:
        text = fill(_COMPARE, {"fingerprint": fingerprint})
        question = Question(translate(N_("Is that the receiver's key?")), text, translate(N_("Yes, seal to it")))
        return await self.app.push_screen_wait(question) is True

    async def _decline(self) -> None:
        if await decline_recovery(self, self._set, translate(N_("Do without escrow?"))):
            _ = self.dismiss(True)

    async def _later(self) -> None:
        title = translate(N_("Leave it for later?"))
        text = translate(N_("The backup set does not run before this is settled. Press k on the overview to go on."))
        if await self.app.push_screen_wait(Question(title, text, translate(N_("Later")))):
            _ = self.dismiss(False)
