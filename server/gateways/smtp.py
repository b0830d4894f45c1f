"""Hands mails to a mail server. Never over a line that others can listen in on, never to a server of another name.

``smtp://`` begins in the clear and is encrypted by STARTTLS before anything else is said; only a server on this very computer may
do without. ``smtps://`` is encrypted from the first byte. Certificates are verified; SSL_CERT_FILE names another list of whom to
trust. A server that has taken a mail has it: what goes wrong after that is no failure.
"""

import contextlib
import ipaddress
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from server.domain.sentence import N_
from server.gateways.mail import Letter, MailDelayed, MailError, MailRefused, as_message

TIMEOUT_SECONDS = 60.0  # for each answer; the next attempt comes anyway
_PERMANENT = 500
_LOGIN_WANTED = {530, 534, 535, 538}  # RFC 4954


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """One mail server, and who we are to it."""

    host: str
    port: int
    sender: str
    """``name@example.com`` or ``GDPAC <name@example.com>``"""
    tls_at_once: bool = False
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout_seconds: float = TIMEOUT_SECONDS

    keeps_mails: ClassVar[bool] = False

    def post(self, letter: Letter) -> None:
        message = as_message(letter, self.sender)
        with self._connection() as connection:
            try:
                connection.send_message(message)
            except smtplib.SMTPRecipientsRefused as error:
                code, text = error.recipients[letter.recipient]
                raise self._refusal(code, text) from error
            except smtplib.SMTPSenderRefused as error:  # all mails have this sender: it is to be put right, not they
                raise MailDelayed(
                    N_("{server} refuses the sender {sender}: {reason}"),
                    N_("Name another sender in settings.toml, section [mail]."),
                    server=self.host,
                    sender=self.sender,
                    reason=_reason(error),
                ) from error
            except smtplib.SMTPResponseException as error:
                raise self._refusal(error.smtp_code, error.smtp_error) from error
            except (smtplib.SMTPNotSupportedError, ValueError) as error:  # an address that this server cannot be told
                raise MailRefused(N_("{server} cannot be told this address."), server=self.host) from error
            except (OSError, smtplib.SMTPException) as error:
                raise MailDelayed(
                    N_("{server} did not take the mail: {reason}"), server=self.host, reason=_reason(error)
                ) from error
            with contextlib.suppress(OSError, smtplib.SMTPException):
                connection.quit()

    @contextlib.contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        try:
            connection = self._connect()
        except ssl.SSLCertVerificationError as error:
            raise MailDelayed(
                N_("The certificate of {server} cannot be trusted: {reason}"),
                N_("Use the name that stands in the certificate, or let this computer trust whoever issued it."),
                server=self.host,
                reason=error.verify_message,
            ) from error
        except smtplib.SMTPAuthenticationError as error:
            raise MailDelayed(
                N_("{server} refuses the login: {reason}"),
                N_("Check user and password in settings.toml, section [mail]."),
                server=self.host,
                reason=_reason(error),
            ) from error
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            raise MailDelayed(
                N_("{server} cannot be used: {reason}"),
                N_("Check host, port and the network; a firewall may block the port."),
                server=self.host,
                reason=_reason(error),
            ) from error
        try:
            yield connection
        finally:
            connection.close()

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        connection: smtplib.SMTP
        if self.tls_at_once:
            connection = smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout_seconds, context=context)
        else:
            connection = smtplib.SMTP(self.host, self.port, timeout=self.timeout_seconds)
        try:
            connection.ehlo_or_helo_if_needed()
            if not self.tls_at_once:
                self._encrypt(connection, context)
            if self.user is not None:
                connection.login(self.user, self.password or "")
        except BaseException:
            connection.close()
            raise
        return connection

    def _encrypt(self, connection: smtplib.SMTP, context: ssl.SSLContext) -> None:
        """Begin TLS. Raises MailDelayed where a server elsewhere does not offer it: it may be a listener's doing."""
        is_here = connection.sock is not None and ipaddress.ip_address(connection.sock.getpeername()[0]).is_loopback
        if connection.has_extn("starttls"):
            if is_here:
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nobody is in between
            connection.starttls(context=context)
            connection.ehlo_or_helo_if_needed()
        elif not is_here:
            raise MailDelayed(
                N_("{server} offers no encryption (STARTTLS), so nothing was sent."),
                N_("If it speaks TLS from the beginning, write smtps:// and port 465."),
                server=self.host,
            )

    def _refusal(self, code: int, text: bytes | str) -> MailError:
        said = f"{code} {_as_text(text)}"
        if code >= _PERMANENT and code not in _LOGIN_WANTED:
            return MailRefused(N_("{server} refuses the mail for good: {reason}"), server=self.host, reason=said)
        return MailDelayed(N_("{server} does not take the mail now: {reason}"), server=self.host, reason=said)


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_as_text(error.smtp_error)}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _as_text(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:300]
