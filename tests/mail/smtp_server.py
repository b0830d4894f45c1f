"""A mail server on this computer, with whatever certificate, logins and moods a test wants."""

import asyncio
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "backup@example.com", "correct horse"


class Mailbox:
    """Takes mails, or answers as it is told to."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.was_encrypted: list[bool] = []
        self.rcpt_answer = ""
        """empty: takes it"""
        self.data_answer = "250 taken"
        self.dies_in_data = False
        self.fails_for: dict[str, str] = {}
        """answer by address"""

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]) -> str:
        """Answer to an address."""
        if answer := self.fails_for.get(address) or self.rcpt_answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Answer to a mail."""
        if self.dies_in_data:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            return "451 dying"
        if self.data_answer.startswith("250"):
            self.taken.append(envelope)
            self.was_encrypted.append(session.ssl is not None)
        return self.data_answer

    @property
    def messages(self) -> list[EmailMessage]:
        """What was taken."""
        return [message_from_bytes(envelope.original_content or b"", policy=default) for envelope in self.taken]


class _AnyPort(Controller):
    """Takes a port that is free."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


class Authority:
    """A certificate authority that nobody trusts by himself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate = folder / "ca.pem"
        _openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                 "-subj", "/CN=throwaway", "-keyout", "ca.key", "-out", "ca.pem")  # fmt: skip

    def context(self, name: str) -> ssl.SSLContext:
        """Return the context of a server of that name or address."""
        kind = "IP" if name[0].isdigit() else "DNS"
        (self.folder / "san").write_text(f"subjectAltName={kind}:{name}\n")
        _openssl(self.folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                 "-keyout", f"{name}.key", "-out", f"{name}.csr")  # fmt: skip
        _openssl(self.folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                 "-days", "2", "-extfile", "san", "-out", f"{name}.pem")  # fmt: skip
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{name}.pem", self.folder / f"{name}.key")
        return context


@contextmanager
def serving(mailbox: Mailbox, *, tls: ssl.SSLContext | None = None, at_once: bool = False, **settings: Any) -> Iterator[int]:
    """Run a server on the loopback and yield its port.

    Args:
        mailbox: takes the mails.
        tls: for STARTTLS, or with ``at_once`` from the first byte.
        at_once: see there.
        settings: of aiosmtpd, such as ``auth_required``.
    """
    if tls is not None:
        settings["ssl_context" if at_once else "tls_context"] = tls
    controller = _AnyPort(
        mailbox, hostname="127.0.0.1", port=0, server_hostname="mail.test", authenticator=_authenticate, **settings
    )
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def _authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any) -> AuthResult:
    is_right = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=is_right, handled=is_right)


def _openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
