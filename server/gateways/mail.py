"""What a mail is, and whoever takes it: an SMTP server (smtp.py) or a folder (outbox.py). Knows no database."""

from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import ClassVar, Protocol

from server.domain.errors import ServerError
from server.domain.sentence import N_


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one recipient."""

    number: int
    """ours; the same mail, sent again, has the same"""
    recipient: str
    subject: str
    text: str
    html: str | None
    language: str
    written_at: datetime


class MailError(ServerError):
    """A mail was not taken."""


class MailRefused(MailError):
    """It never will be: the address is wrong, for example."""


class MailDelayed(MailError):
    """Not now; later perhaps."""


class PostOffice(Protocol):
    """Takes mails."""

    keeps_mails: ClassVar[bool]
    """whether what was handed over can be read here; else its text is forgotten, for it may hold a link that opens a door"""

    def post(self, letter: Letter) -> None:
        """Hand a mail over. Returns when it was taken. Raises MailRefused or MailDelayed."""
        ...


def as_message(letter: Letter, sender: str) -> EmailMessage:
    """Return a mail as it travels. Its Message-ID follows from its number, so that a mail that comes twice is known as one.

    Raises: MailRefused for an address that cannot stand in a mail.
    """
    message = EmailMessage()
    try:
        message["From"] = sender
        message["To"] = letter.recipient
    except ValueError as error:
        raise MailRefused(N_("{address} cannot stand in a mail."), address=repr(letter.recipient)) from error
    message["Subject"] = " ".join(letter.subject.split())
    message["Date"] = format_datetime(letter.written_at)
    host = parseaddr(sender)[1].partition("@")[2] or "localhost"
    message["Message-ID"] = f"<gdpac-{letter.number}-{int(letter.written_at.timestamp() * 1000)}@{host}>"
    message["Content-Language"] = letter.language
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    if letter.html is not None:
        message.add_alternative(letter.html, subtype="html")
    return message
