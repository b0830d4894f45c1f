"""What holds for this installation and not for one backup set alone: language, mail, updates. Values only."""

import re

import msgspec

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.model.target import HIGHEST_PORT

THEMES = ("auto", "light", "dark")
SMTP_PORT = 587  # submission with STARTTLS
SMTPS_PORT = 465
_SMTP = re.compile(r"(smtps?)://(?:(.*)@)?(\[[0-9A-Fa-f:.]+\]|[^\s@:/\[\]]+)(?::(\d{1,5}))?/?")
_HOW = N_("Write it as smtp://user@host:587 (STARTTLS) or smtps://user@host:465 (TLS).")


class Smtp(msgspec.Struct, frozen=True):
    """A mail server. There is no password in it."""

    host: str
    """IPv6 without its brackets"""
    port: int
    user: str | None = None
    """None: it wants no login"""
    tls_at_once: bool = False
    """rather than by STARTTLS"""

    def __str__(self) -> str:
        scheme = "smtps" if self.tls_at_once else "smtp"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{self.user + '@' if self.user else ''}{host}:{self.port}"


class Mail(msgspec.Struct, frozen=True):
    """How reports are sent."""

    smtp: Smtp | None = None
    password_file: str | None = None
    """absolute, or ``$CREDENTIALS_DIRECTORY/NAME``"""
    sender: str | None = None


class Update(msgspec.Struct, frozen=True):
    """Where newer releases of this program come from. Nobody asks there unless ``gdp update`` is called."""

    url: str | None = None
    """of a folder; None: nobody has said"""


class Configuration(msgspec.Struct, frozen=True):
    """The whole of it."""

    language: str | None = None
    """None: the system's"""
    theme: str | None = None
    """the colours of the terminal UI, one of THEMES; None: as the terminal"""
    mail: Mail = Mail()
    update: Update = Update()


def parse_smtp(text: str) -> Smtp:
    """Return what ``smtp[s]://[user@]host[:port]`` means. Raises BadInput, without showing what may be a password."""
    match = _SMTP.fullmatch(text)
    if match is None:
        raise BadInput(N_("this is no mail server"), _HOW)
    scheme, user, host, digits = match.groups()
    if user and ":" in user:
        raise BadInput(N_("the mail server contains a password"), N_("Leave it out, and name a file in mail.password-file."))
    port = int(digits) if digits else SMTPS_PORT if scheme == "smtps" else SMTP_PORT
    if not 0 < port <= HIGHEST_PORT:
        raise BadInput(N_("the mail server's port is not a number from 1 to 65535"), _HOW)
    return Smtp(host.strip("[]"), port, user or None, tls_at_once=scheme == "smtps")
