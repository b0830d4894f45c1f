"""What the server reads: ``settings.toml`` in its data folder, and the environment. Names file and key of what is wrong."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import msgspec

from server.domain.errors import SetupError
from server.domain.sentence import N_
from server.language import translate

FILE_NAME = "settings.toml"
DATABASE_VARIABLE = "GDP_DATABASE"
_PLACE = re.compile(r" - at `\$\.?(.*)`$")
_SMTP_PORTS = {"smtp": 587, "smtps": 465}
_POSTGRESQL = ("postgresql://", "postgres://")
_THIS_COMPUTER = {"127.0.0.1", "::1", "localhost"}
_READABLE_BY_OTHERS = 0o077


class Web(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """How browsers come."""

    url: str = "http://127.0.0.1:8000"
    host: str = "127.0.0.1"
    port: int = 8000
    threads: int = 8
    proxies: int = 0
    """how many proxies stand in front, whose word on the visitor's address is taken"""


class Mail(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """How mails go out; without ``smtp`` they are laid into the folder ``outbox``."""

    smtp: str = ""
    sender: str = "GlobalDataProtect <gdpac@localhost>"
    password_file: str = ""


class DatabaseAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """Where the rows lie; without an address in a SQLite file of the data folder."""

    url: str = ""


class PayPalAddress(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="kebab"):
    """Where PayPal is asked; each seller enters its own account on a page."""

    url: str = "https://api-m.paypal.com"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    web: Web = Web()
    mail: Mail = Mail()
    database: DatabaseAddress = DatabaseAddress()
    paypal: PayPalAddress = PayPalAddress()


class Smtp(msgspec.Struct, frozen=True):
    """A mail server's address."""

    host: str
    port: int
    tls_at_once: bool
    user: str | None


def read_settings(folder: Path) -> Settings:
    """Return the settings of a data folder; all defaults where there is no file. Raises SetupError."""
    path = folder / FILE_NAME
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
        settings = msgspec.convert(raw, Settings)
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(N_("{path} cannot be read: {reason}"), path=path, reason=error) from error
    except tomllib.TOMLDecodeError as error:
        raise SetupError(N_("{path} is not TOML: {reason}"), path=path, reason=error) from error
    except msgspec.ValidationError as error:
        place = _PLACE.search(str(error))
        raise SetupError(
            N_("{path}, {key}: {reason}"),
            N_("docs/server.md lists the keys."),
            path=path,
            key=place[1] if place else translate(N_("at the top")),
            reason=_PLACE.sub("", str(error)),
        ) from error
    _check(settings, path)
    return settings


def database_address(settings: Settings, environment: Mapping[str, str], wanted: str, sqlite: Path) -> str:
    """Return where the rows lie: as the command says, else GDP_DATABASE, else the settings, else the SQLite file.

    Raises: SetupError for an address that is none.
    """
    address = wanted or environment.get(DATABASE_VARIABLE, "") or settings.database.url
    if address and not address.startswith(_POSTGRESQL):
        raise SetupError(
            N_("The address of the database is none."),
            N_("Write it like postgresql://user@host/name, or leave it out: then it is a file in the data folder."),
        )
    return address or str(sqlite)


def smtp_address(text: str) -> Smtp | None:
    """Return what ``smtp://user@host:587`` or ``smtps://host`` means; None where it is none."""
    try:
        parts: SplitResult = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _SMTP_PORTS or not parts.hostname or parts.password or parts.path.strip("/") or parts.query:
        return None
    user = unquote(parts.username) if parts.username else None
    return Smtp(parts.hostname, port or _SMTP_PORTS[parts.scheme], parts.scheme == "smtps", user)


def mail_password(settings: Settings, folder: Path) -> str | None:
    """Return the mail server's password from its file, a path from the data folder on; None where none is named."""
    if not settings.mail.password_file:
        return None
    path = folder / settings.mail.password_file
    try:
        if path.stat().st_mode & _READABLE_BY_OTHERS:
            raise SetupError(N_("Others may read {path}."), N_("Say: chmod 600 {path}"), path=path)
        return path.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(N_("{path} cannot be read: {reason}"), path=path, reason=error) from error


def first_text() -> str:
    """Return a settings file that explains itself, in the language spoken now; every key has its default."""
    return translate(_FIRST_TEXT)


def _check(settings: Settings, path: Path) -> None:
    """Raise SetupError for what has the right type and still makes no sense."""
    url = urlsplit(settings.web.url)
    if url.scheme not in {"http", "https"} or not url.hostname or url.path.strip("/"):
        raise _wrong(path, "web.url", N_("an address such as https://gdpac.example.com is expected"))
    for key, number, most in (("port", settings.web.port, 65_535), ("threads", settings.web.threads, 24)):
        if not 1 <= number <= most:
            raise _wrong(path, f"web.{key}", N_("a number from 1 to {most} is expected"), most=most)
    if settings.web.proxies < 0:
        raise _wrong(path, "web.proxies", N_("a number from 0 on is expected"))
    if not _is_private(settings.paypal.url):
        raise _wrong(path, "paypal.url", N_("an address such as https://api-m.paypal.com is expected"))
    if settings.mail.smtp and smtp_address(settings.mail.smtp) is None:
        raise _wrong(path, "mail.smtp", N_("an address such as smtp://user@mail.example.com:587 is expected"))


def _is_private(url: str) -> bool:
    """Say whether secrets may be sent to an address: encrypted, or to this very computer."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _THIS_COMPUTER))


def _wrong(path: Path, key: str, reason: str, **facts: int) -> SetupError:
    return SetupError(
        N_("{path}, {key}: {reason}"),
        N_("docs/server.md lists the keys."),
        path=path,
        key=key,
        reason=SetupError(reason, **dict[str, Any](facts)),
    )


_FIRST_TEXT = N_(
    """# Settings of gdp-server. After a change, start it anew. All keys: docs/server.md

[web]
# Under which address browsers reach the server; links in mails begin with it. With https, cookies never travel without.
#url = "https://gdpac.example.com"
# Where it listens. A proxy in front of it speaks https; say how many there are, so that the visitor's address is known.
#host = "127.0.0.1"
#port = 8000
#proxies = 0

[mail]
# Without a mail server, mails are laid into the folder "outbox", and the operator can read them on a page.
#smtp = "smtp://gdpac@mail.example.com:587"
# A file with the password, which only the server's user may read.
#password-file = "mail-password"
#sender = "GlobalDataProtect <gdpac@example.com>"

[database]
# Without an address, everything lies in gdpac.sqlite in this folder.
#url = "postgresql://gdpac@localhost/gdpac"

[paypal]
# For trying it out, without real money: https://api-m.sandbox.paypal.com
#url = "https://api-m.paypal.com"
"""
)
