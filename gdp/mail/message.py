"""One mail as it travels: a report as text and HTML, with the run's log. Pure but for the random part of its id.

Its header is written here. The standard library decodes what looks like an encoded word in a name, whatever that holds, and folds
badly (Python 3.11.7): blanks between words are doubled, and the first line of a subject that is a little too long stays empty.
"""

import base64
import gzip
import re
import secrets
from collections.abc import Iterator
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, getaddresses

import msgspec

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.report.html import as_html
from gdp.report.page import Page, shown
from gdp.report.text import as_text

LARGEST_LOG_BYTES = 8 << 20  # compressed; many servers refuse mails beyond 10 to 25 MB
_LEVEL = 6
_WORD_BYTES = 42  # of text: encoded, with what stands around it, it fits into the 75 characters of RFC 2047
_PLAIN_CHARACTERS = 60  # the longest text that goes as it is, on one line with the header's name
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
    header = {
        "From": _address(from_name, from_address),
        "To": _address(to_name, to_address),
        "Subject": encode_text(page.subject),
        "Date": format_datetime(now),
        "Message-ID": f"<{secrets.token_hex(16)}@{from_address.rpartition('@')[2]}>",
        "Auto-Submitted": "auto-generated",  # RFC 3834: no holiday notes, please
    }
    lines = "".join(f"{name}: {value}{_LINE_END}" for name, value in header.items())
    message = EmailMessage(SMTP)
    message.set_content(as_text(page), cte="quoted-printable")
    message.add_alternative(as_html(page), subtype="html", cte="quoted-printable")
    if log is not None:
        message.add_attachment(log, maintype="application", subtype="gzip", filename=f"{log_name}.gz")
    return Mail(Envelope(from_address, to_address), shown(page.subject), lines.encode("ascii") + message.as_bytes())


def encode_text(text: str) -> str:
    """Return text as the value of a header, folded where it is long: as it is, or as encoded words (RFC 2047).

    What only looks like an encoded word is encoded as well, so that it is read as it was written.
    """
    text = shown(text)
    if text.isascii() and len(text) <= _PLAIN_CHARACTERS and "=?" not in text and text.strip() == text:
        return text
    return f"{_LINE_END} ".join(f"=?utf-8?B?{base64.b64encode(piece).decode()}?=" for piece in _pieces(text))


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


def _pieces(text: str) -> Iterator[bytes]:
    """Cut text between characters, since each encoded word is decoded by itself."""
    piece = b""
    for encoded in map(str.encode, text):
        if len(piece) + len(encoded) > _WORD_BYTES:
            yield piece
            piece = b""
        piece += encoded
    yield piece


def _address(name: str, address: str) -> str:
    """Return an address as a header has it. Raises BadInput where the standard library does not know it for one."""
    try:
        Address(addr_spec=address)
    except (ValueError, IndexError) as error:  # IndexError: what its parser makes of some nonsense
        raise BadInput(N_("{text!r} is no mail address"), N_("Write it as name@example.com."), text=address) from error
    if not name:
        return address
    encoded = encode_text(name)
    if encoded == name:
        encoded = '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
    return f"{encoded}{_LINE_END} <{address}>"
