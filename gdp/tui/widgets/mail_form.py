"""The mail server: a form that writes the configuration, and tries it."""

from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from gdp.core.language import N_
from gdp.tui.ports import last_of
from gdp.tui.secret_files import is_kept_here, keep_secret
from gdp.tui.views.mail import MailEntry, changes_of
from gdp.tui.widgets.choices import Choices
from gdp.tui.widgets.field import Field

if TYPE_CHECKING:
    from gdp.tui.app import BackupManager

_STARTTLS, _TLS = "starttls", "tls"


class MailForm(Vertical):
    """The fields.

    Args:
        entry: to begin with.
        has_password: one is kept already.
    """

    def __init__(self, entry: MailEntry, *, has_password: bool) -> None:
        super().__init__(classes="fields mail-form")
        self._entry, self._has_password = entry, has_password

    def compose(self) -> ComposeResult:
        entry = self._entry
        with Horizontal(classes="row"):
            yield Field(N_("Mail server"), entry.host, id="mail-host", hint="mail.example.com", classes="wide")
            yield Field(N_("Port"), entry.port, id="mail-port", hint="587 / 465", classes="narrow")
        answers = {_STARTTLS: N_("STARTTLS, the usual port is 587"), _TLS: N_("TLS from the first byte, port 465")}
        yield Choices(answers, _TLS if entry.tls_at_once else _STARTTLS, id="mail-tls")
        with Horizontal(classes="row"):
            yield Field(N_("User"), entry.user, id="mail-user", hint=N_("empty: no login"), classes="half")
            hint = N_("kept as it is") if self._has_password else ""
            yield Field(N_("Password"), entry.password, id="mail-password", hint=hint, is_secret=True, classes="half")
        yield Field(N_("From"), entry.sender, id="mail-from", hint=N_("Backup <backup@example.com>; empty: the user"))

    @property
    def value(self) -> MailEntry:
        """What is entered."""
        texts = {name: self.query_one(f"#mail-{name}", Field).value for name in ("host", "port", "user", "password", "from")}
        return MailEntry(
            host=texts["host"],
            port=texts["port"],
            tls_at_once=self.query_one("#mail-tls", Choices).value == _TLS,
            user=texts["user"],
            password=texts["password"],
            sender=texts["from"],
        )

    def save(self) -> None:
        """Write what has changed into the configuration, a password into a file of its own. Raises BadInput, BadSettings."""
        manager, entry = cast("BackupManager", self.app), self.value
        was = manager.configuration.read().mail
        changes_of(entry, was, None)  # nothing is written for what makes no sense
        file = str(keep_secret(manager.ports.home, "mail", entry.password)) if entry.password else None
        for name, value in changes_of(entry, was, file).items():
            manager.configuration.put(name, value)
        if file and was.password_file and is_kept_here(manager.ports.home, was.password_file):
            from pathlib import Path

            Path(was.password_file).unlink(missing_ok=True)

    async def send_test(self, address: str) -> str:
        """Save, send a test mail, and return who has taken it. Raises GdpError."""
        self.save()
        summary = await last_of(cast("BackupManager", self.app).ports.commands, "mail", "test", "--", address)
        return str(summary.get("server", ""))
