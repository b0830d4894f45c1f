"""Settings: what holds for all sets. Language, colours, the mail server and what waits for it, versions and folders."""

from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, DataTable, Label, Select, Static

from gdp import __version__
from gdp.core.errors import BadInput
from gdp.core.language import LANGUAGES, N_, translate
from gdp.core.sentences import fill, sentence_of
from gdp.model.configuration import THEMES
from gdp.settings import kinds
from gdp.tui.page import Page
from gdp.tui.ports import Record, all_of, last_of
from gdp.tui.screens.dialogs import Question
from gdp.tui.theme import named_theme
from gdp.tui.views.mail import MailEntry
from gdp.tui.widgets.field import Field
from gdp.tui.widgets.mail_form import MailForm

_LANGUAGES = {"": N_("the system's"), "de": "Deutsch", "en": "English"}
_THEMES = {"auto": N_("as the terminal"), "light": N_("light"), "dark": N_("dark")}
_QUEUE = (N_("To"), N_("Subject"))
assert set(_THEMES) == set(THEMES)
assert set(_LANGUAGES) == {"", *LANGUAGES}


class Settings(Page[None]):
    """The configuration, and the mails that wait.

    Args:
        test_to: what is entered already as the receiver of a test mail.
    """

    HEADING = N_("Settings")
    HELP = N_(
        "What holds for all backup sets. Ctrl+S saves; language and colours change at once. Mails that a "
        "mail server has not taken yet wait below; they are tried again by themselves."
    )
    BINDINGS: ClassVar[list[Any]] = [
        Binding("ctrl+s", "save", N_("Save"), key_display="^s", priority=True),
        Binding("ctrl+e", "send", N_("Send mails now"), key_display="^e", priority=True),
        Binding("delete", "remove", N_("Remove the mail")),
        Binding("escape", "back", N_("Back")),
        Binding("q", "back", show=False),
    ]

    def __init__(self, test_to: str = "") -> None:
        super().__init__()
        self._test_to = test_to

    def body(self) -> ComposeResult:
        configuration = self.manager.configuration.read()
        with VerticalScroll(id="settings", classes="box", can_focus=False):
            with Horizontal(classes="row"):
                yield Label(translate(N_("Language")), classes="select-label")
                languages = [(translate(words), name) for name, words in _LANGUAGES.items()]
                yield Select(languages, value=configuration.language or "", allow_blank=False, compact=True, id="language")
                yield Label(translate(N_("Colours")), classes="select-label")
                themes = [(translate(words), name) for name, words in _THEMES.items()]
                yield Select(themes, value=configuration.theme or "auto", allow_blank=False, compact=True, id="theme")
            yield MailForm(MailEntry.of(configuration.mail), has_password=bool(configuration.mail.password_file))
            with Horizontal(classes="row left"):
                yield Field(N_("Test mail to"), self._test_to, id="test-to", hint="admin@example.com")
                yield Button(translate(N_("Send a test mail now")), id="test")
            yield Label(translate(N_("Mails that wait")), classes="label")
            yield Static(id="queue-empty", classes="hint")
            yield DataTable[Text](id="queue", cursor_type="row")
            yield Static(id="queue-why", classes="attention", markup=False)
            yield Static(self._about(), classes="hint note", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self._mails: list[Record] = []
        self._saved = self._entered()
        self.query_one("#language").focus()
        self.begin(self._load())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what waits can be sent or removed."""
        return bool(getattr(self, "_mails", ())) if action in {"send", "remove"} else True

    def on_data_table_row_highlighted(self) -> None:
        self._tell_why()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "test":
            self.begin(self._test(event.button), group="test")

    def action_save(self) -> None:
        """Write what has changed."""
        self.begin(self._save(), group="save")

    def action_send(self) -> None:
        """Send what waits."""
        self.begin(self._send(), group="send")

    def action_remove(self) -> None:
        """Throw a mail away."""
        self.begin(self._remove(), group="send")

    def action_back(self) -> None:
        """Go back, if nothing is lost or that is meant."""
        self.begin(self._back(), group="leave")

    def _entered(self) -> tuple[object, ...]:
        return self.query_one("#language", Select).value, self.query_one("#theme", Select).value, self.query_one(MailForm).value

    async def _save(self) -> None:
        language, theme, mail = self._entered()
        configuration = self.manager.configuration
        try:
            if isinstance(mail, MailEntry) and (mail.host.strip() or configuration.read().mail.smtp):
                self.query_one(MailForm).save()
        except BadInput as error:
            if not self._complain(error):
                raise
            return
        configuration.put("language", str(language) or None)
        configuration.put("theme", str(theme))
        self.app.theme = named_theme(str(theme))
        is_other = language != self._saved[0]
        self._saved = self._entered()
        if is_other:
            self.manager.speak(str(language) or None)
        self.notify(translate(N_("Saved.")))
        if is_other:
            _ = self.app.switch_screen(Settings(self.query_one("#test-to", Field).value))

    async def _test(self, button: Button) -> None:
        address = self.query_one("#test-to", Field).value.strip()
        button.disabled = True
        try:
            _check_address(address)
            server = await self.query_one(MailForm).send_test(address)
        except BadInput as error:
            if not self._complain(error):
                raise
            return
        finally:
            button.disabled = False
        self._saved = (*self._saved[:2], self.query_one(MailForm).value)
        self.notify(fill(N_("{server} has taken the mail; look whether it arrives."), {"server": server}))

    async def _load(self) -> None:
        self._mails = await all_of(self.manager.ports.commands, "mail", "mail", "queue")
        table, empty = self.query_one("#queue", DataTable), self.query_one("#queue-empty", Static)
        table.display = bool(self._mails)
        empty.update("" if self._mails else translate(N_("No mail waits.")))
        empty.display = not self._mails
        table.clear(columns=True)
        table.add_columns(*(Text(translate(title)) for title in _QUEUE))
        for mail in self._mails:
            table.add_row(*(Text(str(mail[name])) for name in ("to", "subject")))
        self._tell_why()
        self.refresh_bindings()

    def _tell_why(self) -> None:
        """Say of the chosen mail why it waits, in as many lines as that takes."""
        row, why = self.query_one("#queue", DataTable).cursor_row, self.query_one("#queue-why", Static)
        why.display = 0 <= row < len(self._mails)
        why.update(str(self._mails[row]["reason"]) if why.display else "")

    async def _send(self) -> None:
        try:
            said = await last_of(self.manager.ports.commands, "mail", "send", "--refused")
            self.notify(fill(N_("{sent:mail|mails} sent"), {"sent": int(said.get("sent", 0))}))
        finally:
            await self._load()

    async def _remove(self) -> None:
        row = self.query_one("#queue", DataTable).cursor_row
        if not 0 <= row < len(self._mails):
            return
        mail = self._mails[row]
        title = translate(N_("Throw this mail away?"))
        if await self.app.push_screen_wait(Question(title, str(mail["subject"]), translate(N_("Remove it")), is_risky=True)):
            await last_of(self.manager.ports.commands, "mail", "queue", "--remove", str(mail["id"]))
            await self._load()

    async def _back(self) -> None:
        if self._entered() != self._saved:
            title = translate(N_("Leave without saving?"))
            text = translate(N_("Something was changed here. Ctrl+S saves it."))
            if not await self.app.push_screen_wait(Question(title, text, translate(N_("Leave")), is_risky=True)):
                return
        _ = self.dismiss(None)

    def _complain(self, error: BadInput) -> bool:
        for field in self.query(f"#{error.facts.get('field', 'none')}").results(Field):
            said = sentence_of(error)
            field.complain(said[:1].upper() + said[1:] + ".")
            field.take_focus()
            return True
        return False

    def _about(self) -> str:
        facts = {"version": __version__, "home": self.manager.ports.home, "file": self.manager.configuration.path}
        return fill(N_("GlobalDataProtect {version} · home folder {home} · configuration {file}"), facts)


def _check_address(address: str) -> None:
    try:
        kinds.ADDRESS.read(address)
    except BadInput as error:
        raise BadInput(error.template, error.hint_template, **{**error.facts, "field": "test-to"}) from error
