"""Hands one mail to the mail server. Never over a line that others can listen in on, never to a server of another name.

``smtp://`` begins in the clear and is encrypted by STARTTLS before anything else is said; only a server on this very computer
may do without. ``smtps://`` is encrypted from the first byte. Certificates are verified; what the system trusts is trusted, and
SSL_CERT_FILE names another list. A server that has taken the mail has it: what goes wrong after that is no failure.
"""

import base64
import contextlib
import smtplib
import ssl

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.core.trust import trusting_context
from gdp.mail.failures import MailDelayed, MailError, MailRefused, ServerUnusable
from gdp.mail.message import Envelope
from gdp.mail.server import MailServer, is_loopback

TIMEOUT_SECONDS = 60.0  # for each answer; RFC 5321 would wait for minutes, and the next attempt comes anyway
_PERMANENT = 500
_LOGGED_IN = 235
_LOGIN_WANTED = {530, 534, 535, 538}  # RFC 4954


def send(server: MailServer, envelope: Envelope, raw: bytes, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
    """Send a mail. Returns when the server has taken it.

    Raises:
        MailRefused: it never will.
        ServerUnusable: it takes no mails at all now.
        MailDelayed: it does not take this one now.
    """
    about = {"server": str(server.smtp)}
    try:
        connection = _connect(server, timeout_seconds)
    except smtplib.SMTPAuthenticationError as error:
        raise ServerUnusable(
            N_("{server} refuses the login: {reason}"),
            N_("Check the user in mail.smtp and the password in mail.password-file."),
            **about, reason=_said(error),
        ) from error  # fmt: skip
    except ssl.SSLCertVerificationError as error:
        raise ServerUnusable(
            N_("the certificate of {server} cannot be trusted: {reason}"),
            N_("Use the name that stands in the certificate, or let this computer trust whoever issued it."),
            **about, reason=error.verify_message,
        ) from error  # fmt: skip
    except (OSError, smtplib.SMTPException, UnicodeError) as error:  # a socket's, TLS's and the protocol's; no name of a host
        raise ServerUnusable(
            N_("{server} cannot be used: {reason}"),
            N_("Check host, port and the network; a firewall may block the port."),
            **about, reason=_reason(error),
        ) from error  # fmt: skip
    try:
        _hand_over(connection, envelope, raw, str(server.smtp))
    finally:
        connection.close()


def _connect(server: MailServer, timeout_seconds: float) -> smtplib.SMTP:
    smtp = server.smtp
    context = trusting_context()
    connection: smtplib.SMTP
    if smtp.tls_at_once:
        connection = smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=timeout_seconds, context=context)
    else:
        connection = smtplib.SMTP(smtp.host, smtp.port, timeout=timeout_seconds)
    try:
        connection.ehlo_or_helo_if_needed()
        if not smtp.tls_at_once:
            _encrypt(connection, context, server)
        _log_in(connection, server)
    except BaseException:
        connection.close()
        raise
    return connection


def _encrypt(connection: smtplib.SMTP, context: ssl.SSLContext, server: MailServer) -> None:
    """Begin TLS. Raises ServerUnusable where a server elsewhere does not offer it: it may be a listener's doing."""
    if connection.sock is not None and is_loopback(connection.sock.getpeername()[0]):
        if not connection.has_extn("starttls"):
            return
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nobody is in between, and its name is 'localhost'
    elif not connection.has_extn("starttls"):
        raise ServerUnusable(
            N_("{server} offers no encryption (STARTTLS), so nothing was sent"),
            N_("If it speaks TLS from the beginning, write smtps:// and port 465."),
            server=str(server.smtp),
        )
    connection.starttls(context=context)
    connection.ehlo_or_helo_if_needed()


def _log_in(connection: smtplib.SMTP, server: MailServer) -> None:
    user = server.smtp.user
    if user is None:
        return
    try:
        password = server.password()
    except BadInput as error:
        raise ServerUnusable(error.template, error.hint_template, **error.facts) from error
    if password is None:
        raise ServerUnusable(
            N_("the mail server wants a login, and mail.password-file is not configured"),
            N_("Say: gdp config set mail.password-file FILE"),
        )
    if user.isascii() and password.isascii():
        connection.login(user, password)
    elif "PLAIN" in connection.esmtp_features.get("auth", "").upper().split():
        _log_in_plain(connection, user, password)
    else:
        raise ServerUnusable(N_("user or password of the mail server hold letters that are not ASCII"))


def _log_in_plain(connection: smtplib.SMTP, user: str, password: str) -> None:
    """Log in by the one mechanism that carries any letter (RFC 4616), which smtplib does not use for them."""
    code, said = connection.docmd("AUTH", "PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode()).decode())
    if code != _LOGGED_IN:
        raise smtplib.SMTPAuthenticationError(code, said)


def _hand_over(connection: smtplib.SMTP, envelope: Envelope, raw: bytes, server: str) -> None:
    try:
        connection.sendmail(envelope.sender, [envelope.to], raw)
    except smtplib.SMTPRecipientsRefused as error:
        code, text = error.recipients[envelope.to]
        raise _refusal(server, code, text) from error
    except smtplib.SMTPResponseException as error:
        if error.smtp_code in _LOGIN_WANTED:
            hint = N_("Name the user in mail.smtp and a file with the password in mail.password-file.")
            raise ServerUnusable(N_("{server} wants a login: {reason}"), hint, server=server, reason=_said(error)) from error
        raise _refusal(server, error.smtp_code, error.smtp_error) from error
    except (OSError, smtplib.SMTPException, ValueError) as error:  # ValueError: an address that cannot be sent
        raise MailDelayed(N_("{server} did not take the mail: {reason}"), server=server, reason=_reason(error)) from error
    with contextlib.suppress(OSError, smtplib.SMTPException):
        connection.quit()


def _refusal(server: str, code: int, text: bytes | str) -> MailError:
    reason = f"{code} {_as_text(text)}"
    if code >= _PERMANENT:
        return MailRefused(
            N_("{server} refuses the mail for good: {reason}"), N_("Check the address."), server=server, reason=reason
        )
    return MailDelayed(N_("{server} does not take the mail now: {reason}"), server=server, reason=reason)


def _said(error: smtplib.SMTPResponseException) -> str:
    return f"{error.smtp_code} {_as_text(error.smtp_error)}"


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _said(error)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _as_text(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:300]
