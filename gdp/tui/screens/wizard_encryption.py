"""How it is encrypted, and who can open it when the password file is lost. Of a repository that is there: its password."""

import asyncio
from typing import ClassVar

import msgspec
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Label, RadioSet, Static

from gdp.core.errors import BadInput
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.model.backup_set import Recovery
from gdp.tui.ports import last_of
from gdp.tui.reaching import reaching
from gdp.tui.screens.dialogs import Question
from gdp.tui.screens.wizard_step import Step
from gdp.tui.secret_files import secret_for_a_moment
from gdp.tui.views.draft import Draft, PasswordBy
from gdp.tui.widgets.choices import Choices
from gdp.tui.widgets.field import Field

_RECOVERY = {
    str(Recovery.SHEET): N_("Whoever holds a printed recovery sheet, to be locked away"),
    str(Recovery.ESCROW): N_("Somebody I trust: sealed to that person's public key (escrow)"),
    str(Recovery.NOBODY): N_("Nobody. When the password file is lost, so are all backups"),
}
_PASSWORD = {
    str(PasswordBy.GENERATED): N_("A key that is generated here; nobody need remember it"),
    str(PasswordBy.TYPED): N_("A passphrase of mine"),
}
_FOREIGN = N_(
    "restic made this repository, and cuts large files at other places. What changes in them is stored once more in full at the "
    "first backup. Everything stays readable by both programs."
)


class EncryptionStep(Step):
    """The password and who can help."""

    QUESTION: ClassVar[str] = N_("How is it encrypted?")

    def compose(self) -> ComposeResult:
        draft = self.draft
        if draft.has_repository:
            yield Static(
                translate(N_("There is a repository already. Its password opens it; other programs may go on using it."))
            )
            yield Field(N_("Password"), draft.password, id="password", is_secret=True)
        else:
            yield Label(translate(N_("What opens the backups?")), classes="label first")
            yield Choices(_PASSWORD, str(draft.password_by), id="password-by")
            with Vertical(id="typed", classes="fields"):
                yield Field(N_("Passphrase"), draft.password, id="password", is_secret=True)
                yield Static(id="strength", classes="hint", markup=False)
                yield Field(N_("Once more"), draft.repeated, id="repeated", is_secret=True)
        yield Label(translate(N_("Who else can open them, when this computer and its password file are gone?")), classes="label")
        yield Choices(_RECOVERY, str(draft.recovery), id="recovery")
        words = N_("Everything is encrypted here, names and sizes too. The password lies in a file that only this user can read.")
        yield Static(translate(words), classes="hint note")

    def begin(self) -> None:
        self._show_fields()

    def on_radio_set_changed(self, event: RadioSet.Changed) -> None:
        self._show_fields()

    def on_input_changed(self, event: Input.Changed) -> None:
        if not self.draft.has_repository and event.input is self.query_one("#password Input"):
            self.run_worker(self._tell_strength(event.value), group="strength", exclusive=True)

    def entered(self) -> Draft:
        recovery = Recovery(self.query_one("#recovery", Choices).value)
        draft = msgspec.structs.replace(self.with_fields("password"), recovery=recovery, password_by=PasswordBy.TYPED)
        if not draft.has_repository:
            by = PasswordBy(self.query_one("#password-by", Choices).value)
            draft = msgspec.structs.replace(draft, password_by=by, repeated=self.text_of("repeated"))
        if (draft.password, draft.password_by) != (self.draft.password, self.draft.password_by):
            draft = msgspec.structs.replace(draft, password_file="")  # what was kept for another attempt is another password
        return draft

    async def settle(self) -> Draft | None:
        draft = self.entered()
        if draft.has_repository:
            return await self._open(draft)
        if draft.password_by is PasswordBy.TYPED:
            if not draft.password.strip():
                raise BadInput(N_("the passphrase is missing"), field="password")
            if draft.password != draft.repeated:
                raise BadInput(N_("the two differ"), field="repeated")
        return draft

    async def _open(self, draft: Draft) -> Draft | None:
        if not draft.password.strip():
            raise BadInput(N_("the password is missing"), field="password")
        home, commands = self.manager.ports.home, self.manager.ports.commands
        with reaching(draft, home) as target, secret_for_a_moment(home, draft.password) as file:
            words = ["reach", *target, "--password-file", str(file)]
            seen = await last_of(commands, *words)
            if not seen.get("is_ours", True):
                title = translate(N_("Back up into a repository of restic?"))
                if not await self.app.push_screen_wait(Question(title, translate(_FOREIGN), translate(N_("Yes")))):
                    return None
                await last_of(commands, *words, "--accept-foreign-chunking")
        return msgspec.structs.replace(draft, seen=seen)

    def _show_fields(self) -> None:
        if not self.draft.has_repository:
            self.query_one("#typed").display = self.query_one("#password-by", Choices).value == PasswordBy.TYPED

    async def _tell_strength(self, typed: str) -> None:
        from gdp.model.strength import Strength, estimate_strength, tell_strength

        note = await asyncio.to_thread(tell_strength, typed)
        strength = (await asyncio.to_thread(estimate_strength, typed)).strength
        shown = self.query_one("#strength", Static)
        shown.set_classes({Strength.WEAK: "bad-text", Strength.FAIR: "attention", Strength.STRONG: "good"}[strength])
        shown.update(Content(fill(note.template, note.facts)) if typed else "")
