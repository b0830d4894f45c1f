"""One mail as it travels: a report as text and HTML, with the run's log. Pure but for the random part of its id."""

import gzip
import secrets
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, getaddresses

import msgspec

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.report.html import as_html
from gdp.report.page import Page, shown
from gdp.report.text import as_text

LARGEST_LOG_BYTES = 8 << 20  # compressed; many servers refuse mails beyond 10 to 25 MB
_LEVEL = 6
_LINE_END = "\r\n"


class Envelope(msgspec.Struct, frozen=True):
    """What the mail server is told."""

    sender: str
    """bare address"""
    to: str
    """bare address"""


class Mail(msgspec.Struct, frozen=True):
    """A mail ready to be sent."""

    envelope: Envelope
    subject: str
    raw: bytes
    """the message in CRLF lines of ASCII"""


def make_mail(page: Page, *, sender: str, to: str, now: datetime, log: bytes | None = None, log_name: str = "gdp.log") -> Mail:
    """Return a report as a mail.

    Args:
        page: the report.
        sender: ``NAME <ADDRESS>`` or an address.
        to: the same.
        now: aware.
        log: of the run, from ``pack_log``.
        log_name: of the file in the attachment.

    Raises:
        BadInput: an address is none.
    """
    from_name, from_address = split_address(sender)
    to_name, to_address = split_address(to)
    message = EmailMessage(policy=_Policy(linesep=_LINE_END))
    message["From"] = _address(from_name, from_address)
    message["To"] = _address(to_name, to_address)
    message["Subject"] = shown(page.subject)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{secrets.token_hex(16)}@{from_address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday notes, please
    message.set_content(as_text(page), cte="quoted-printable")
    message.add_alternative(as_html(page), subtype="html", cte="quoted-printable")
    if log is not None:
        message.add_attachment(log, maintype="application", subtype="gzip", filename=f"{log_name}.gz")
    return Mail(Envelope(from_address, to_address), shown(page.subject), message.as_bytes())


def pack_log(log: bytes | None) -> bytes | None:
    """Return a log compressed, to be attached; None when it is too large for a mail."""
    packed = None if log is None else gzip.compress(log, _LEVEL, mtime=0)
    return None if packed is None or len(packed) > LARGEST_LOG_BYTES else packed


def split_address(text: str) -> tuple[str, str]:
    """Return name and bare address. Raises BadInput when it is no address that could be mailed to."""
    (name, address), *others = getaddresses([text]) or [("", "")]
    local, _, domain = address.rpartition("@")
    if (
        others
        or not (local and domain)
        or not address.isascii()
        or not address.isprintable()
        or " " in address
        or not text.isprintable()
    ):
        raise BadInput(N_("{text!r} is no mail address"), N_("Write it as name@example.com."), text=text)
    return name, address


class _Policy(EmailPolicy):
    """Writes a subject with letters beyond ASCII; the library's own way doubles spaces between words."""

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() != "subject" or value.isascii():
            return super().fold_binary(name, value)
        return f"{name}: {Header(str(value), 'utf-8', header_name=name).encode(linesep=_LINE_END)}{_LINE_END}".encode()


def _address(name: str, address: str) -> Address:
    try:
        return Address(name, addr_spec=address)
    except (ValueError, IndexError) as error:  # IndexError: what the parser of the standard library makes of some nonsense
        raise BadInput(N_("{text!r} is no mail address"), N_("Write it as name@example.com."), text=address) from error
