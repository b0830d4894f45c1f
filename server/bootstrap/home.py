"""Builds the server from its data folder: settings, database, who takes mails, the jobs."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from peewee import Database

from server.domain.errors import SetupError
from server.domain.sentence import N_
from server.gateways.bank.folders import BankFolders
from server.gateways.files import FileStore
from server.gateways.mail import PostOffice
from server.gateways.outbox import OutboxFolder
from server.gateways.paypal.client import PayPal
from server.gateways.paypal.transport import Transport
from server.gateways.sealing import Sealer
from server.gateways.smtp import SmtpServer
from server.jobs.runner import Runner
from server.models.database import SQLITE_FILE, disconnect, is_postgresql, open_database
from server.models.migrations import check_shape
from server.services.links import set_public_url
from server.settings import FILE_NAME, Settings, database_address, first_text, mail_password, read_settings, smtp_address

OUTBOX = "outbox"
FILES = "files"
BANK = "bank"
SECRET_KEY_FILE = "secret-key"
SECRET_KEY_BYTES = 32
SEALING_KEY_FILE = "sealing-key"


@dataclass(frozen=True, slots=True)
class Home:
    """One server's data folder, and what its settings say."""

    folder: Path
    settings: Settings
    database_url: str

    @property
    def files(self) -> Path:
        """Where files lie that belong to rows: logos, scans, documents."""
        return self.folder / FILES

    @property
    def outbox(self) -> Path | None:
        """Where mails are laid; None where a mail server is named."""
        return None if self.settings.mail.smtp else self.folder / OUTBOX

    @property
    def uses_sqlite(self) -> bool:
        """Whether the rows lie in a file."""
        return not is_postgresql(self.database_url)


def make_home(folder: Path, *, database_url: str = "") -> Home:
    """Create a data folder where there is none, with settings that explain themselves and a secret key; return what is there."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (folder / FILE_NAME).exists():
            (folder / FILE_NAME).write_text(first_text(), "utf-8")
        if not (folder / SECRET_KEY_FILE).exists():
            _write_secret(folder / SECRET_KEY_FILE, secrets.token_bytes(SECRET_KEY_BYTES))
        (folder / FILES).mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise SetupError(N_("{path} cannot be written: {reason}"), path=folder, reason=error.strerror or error) from error
    return read_home(folder, database_url=database_url)


def read_home(folder: Path, *, database_url: str = "") -> Home:
    """Return what a data folder says. Raises SetupError."""
    if not folder.is_dir():
        raise SetupError(N_("There is no data folder at {path}."), N_("Set it up first: gdp-server --data DIR init"), path=folder)
    settings = read_settings(folder)
    set_public_url(settings.web.url)
    return Home(folder, settings, database_address(settings, os.environ, database_url, folder / SQLITE_FILE))


def open_rows(home: Home) -> Database:
    """Bind the rows to the database, which must have the shape that this program needs. Raises SetupError."""
    chosen = open_database(home.database_url)
    try:
        check_shape(chosen)
    except SetupError:
        disconnect(chosen)
        raise
    return chosen


def post_office(home: Home) -> PostOffice:
    """Return who takes mails. Raises SetupError where a password cannot be read."""
    mail = home.settings.mail
    address = smtp_address(mail.smtp) if mail.smtp else None
    if address is None:
        return OutboxFolder(home.folder / OUTBOX, mail.sender)
    return SmtpServer(
        host=address.host,
        port=address.port,
        sender=mail.sender,
        tls_at_once=address.tls_at_once,
        user=address.user,
        password=mail_password(home.settings, home.folder),
    )


def job_runner(home: Home) -> Runner:
    """Return who does what happens by itself."""
    return Runner(post_office(home), FileStore(home.files), paypal=pay_pal(home), folders=BankFolders(home.folder / BANK))


def pay_pal(home: Home) -> PayPal:
    """Return PayPal under the address of the settings."""
    return PayPal(Transport(home.settings.paypal.url), Sealer(home.folder / SEALING_KEY_FILE))


def secret_key(home: Home) -> bytes:
    """Return the key that signs what browsers hold of forms. Raises SetupError."""
    path = home.folder / SECRET_KEY_FILE
    try:
        key = path.read_bytes()
    except OSError as error:
        raise SetupError(N_("{path} cannot be read: {reason}"), path=path, reason=error.strerror or error) from error
    if len(key) < SECRET_KEY_BYTES:
        raise SetupError(
            N_("{path} is too short to be a secret key."), N_("Delete it, then say: gdp-server --data DIR init"), path=path
        )
    return key


def _write_secret(path: Path, secret: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)
