"""The mail server of an installation, from its configuration. Holds no password: it is read when it is needed."""

import ipaddress
import socket

import msgspec

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.model.configuration import Mail as MailSettings
from gdp.model.configuration import Smtp
from gdp.settings.secrets import read_secret


class MailServer(msgspec.Struct, frozen=True):
    """Where mails go."""

    smtp: Smtp
    password_file: str | None
    sender: str

    def password(self) -> str | None:
        """Return the password; None where none is configured. Raises BadInput."""
        if self.password_file is None:
            return None
        try:
            return read_secret(self.password_file).decode().rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise BadInput(N_("the password file {path} is not UTF-8 text"), path=self.password_file) from error


def configured_server(mail: MailSettings) -> MailServer:
    """Return the configured server. Raises BadInput when there is none."""
    if mail.smtp is None:
        raise BadInput(N_("no mail server is configured"), N_("Say: gdp config set mail.smtp smtp://user@mail.example.com:587"))
    return MailServer(mail.smtp, mail.password_file, sender_of(mail))


def sender_of(mail: MailSettings) -> str:
    """Return who mails are from: as configured, else the login if it is an address, else this computer."""
    if mail.sender:
        return mail.sender
    if mail.smtp and mail.smtp.user and "@" in mail.smtp.user:
        return mail.smtp.user
    return f"GDP Backup Manager <gdp@{socket.getfqdn()}>"


def is_loopback(address: str) -> bool:
    """Say whether an address of a connection is this computer."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False
