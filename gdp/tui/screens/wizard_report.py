"""Who hears of it."""

from typing import ClassVar

import msgspec
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, RadioSet, Select, Static

from gdp.core.errors import BadInput
from gdp.core.language import N_, current_language, translate
from gdp.core.sentences import fill
from gdp.settings import kinds
from gdp.tui.screens.wizard_step import Step
from gdp.tui.views.draft import Draft
from gdp.tui.views.mail import MailEntry
from gdp.tui.widgets.choices import Choices
from gdp.tui.widgets.field import Field
from gdp.tui.widgets.mail_form import MailForm

_MAIL, _NONE = "mail", "none"
_ANSWERS = {_MAIL: N_("A report by mail"), _NONE: N_("No report")}
MODES = {"every-run": N_("after every run"), "problems": N_("only when there are problems"), "daily": N_("one summary a day")}
LANGUAGE_NAMES = {"de": "Deutsch", "en": "English"}
_WITHOUT = N_("Then nobody hears of a backup that fails, unless somebody looks here.")


class ReportStep(Step):
    """The report."""

    QUESTION: ClassVar[str] = N_("Who hears of it?")

    def compose(self) -> ComposeResult:
        draft = self.draft
        mail = self.manager.configuration.read().mail
        self._is_configured = mail.smtp is not None
        yield Choices(_ANSWERS, _MAIL if draft.reports else _NONE, id="reports")
        with Vertical(id="of-mail", classes="fields"):
            yield Field(N_("To"), draft.mail_to, id="mail_to", hint="admin@example.com")
            with Horizontal(classes="row"):
                modes = [(translate(words), name) for name, words in MODES.items()]
                yield Select(modes, value=draft.mail_mode, allow_blank=False, compact=True, id="mode")
                languages = [(words, name) for name, words in LANGUAGE_NAMES.items()]
                language = draft.mail_language or current_language()
                yield Select(languages, value=language, allow_blank=False, compact=True, id="language")
            if self._is_configured:
                facts = {"server": mail.smtp}
                yield Static(
                    fill(N_("It is sent by {server}; the settings (o) change that."), facts), classes="hint note", markup=False
                )
            else:
                entry = MailEntry(
                    host=draft.smtp_host, port=draft.smtp_port, tls_at_once=draft.smtp_tls, user=draft.smtp_user,
                    password=draft.smtp_password, sender=draft.sender,
                )  # fmt: skip
                yield MailForm(entry, has_password=False)
            with Horizontal(classes="left"):
                yield Button(translate(N_("Send a test mail now")), id="test")
        yield Static(translate(_WITHOUT), id="without", classes="attention note")

    def begin(self) -> None:
        self._show_fields()

    def on_radio_set_changed(self, event: RadioSet.Changed) -> None:
        self._show_fields()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "test":
            event.stop()
            self.page.begin(self._test(event.button))

    def entered(self) -> Draft:
        draft = msgspec.structs.replace(
            self.with_fields("mail_to"),
            reports=self.query_one("#reports", Choices).value == _MAIL,
            mail_mode=str(self.query_one("#mode", Select).value),
            mail_language=str(self.query_one("#language", Select).value),
        )
        if self._is_configured:
            return draft
        entry = self.query_one(MailForm).value
        return msgspec.structs.replace(
            draft, smtp_host=entry.host, smtp_port=entry.port, smtp_tls=entry.tls_at_once, smtp_user=entry.user,
            smtp_password=entry.password, sender=entry.sender,
        )  # fmt: skip

    async def settle(self) -> Draft | None:
        draft = self.entered()
        if draft.reports:
            self._check_address(draft)
            if not self._is_configured:
                self.query_one(MailForm).save()
        return draft

    async def _test(self, button: Button) -> None:
        draft = self.entered()
        button.disabled = True
        try:
            self._check_address(draft)
            if self._is_configured:
                from gdp.tui.ports import last_of

                said = await last_of(self.manager.ports.commands, "mail", "test", "--", draft.mail_to.strip())
                server = str(said.get("server", ""))
            else:
                server = await self.query_one(MailForm).send_test(draft.mail_to.strip())
        except BadInput as error:
            if not self.complain(error):
                raise
            return
        finally:
            button.disabled = False
        self.notify(fill(N_("{server} has taken the mail; look whether it arrives."), {"server": server}))

    def _check_address(self, draft: Draft) -> None:
        if not draft.mail_to.strip():
            raise BadInput(N_("the address is missing"), field="mail_to")
        try:
            kinds.ADDRESS.read(draft.mail_to.strip())
        except BadInput as error:
            raise BadInput(error.template, error.hint_template, **{**error.facts, "field": "mail_to"}) from error

    def _show_fields(self) -> None:
        has_mail = self.query_one("#reports", Choices).value == _MAIL
        self.query_one("#of-mail").display = has_mail
        self.query_one("#without").display = not has_mail
