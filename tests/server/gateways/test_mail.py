"""Mails leave by a real mail server or lie in a folder; whatever goes wrong is told apart by whether it is worth another try."""

import os
import ssl
from dataclasses import replace
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from server.domain.errors import ServerError
from server.gateways.mail import Letter, MailDelayed, MailRefused
from server.gateways.outbox import OutboxFolder
from server.gateways.smtp import SmtpServer
from tests.mail.smtp_server import PASSWORD, USER, Authority, Mailbox, serving
from tests.server.family import NOW

LETTER = Letter(7, "anne@example.com", "Grüße  aus\nKöln", "Straße\n\nhttps://x/" + "y" * 200 + "\n", None, "de", NOW)
SENDER = "GDPAC <gdpac@example.com>"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who issues certificates."""
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Likewise, and this computer trusts it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    return authority


def server(port: int, **settings: object) -> SmtpServer:
    """Return a way to the test's server."""
    return SmtpServer("127.0.0.1", port, SENDER, **settings)  # type: ignore[arg-type]


def test_a_mail_arrives_as_it_was_written() -> None:
    """Umlauts, long links, one line of subject; known again by its number."""
    mailbox = Mailbox()
    with serving(mailbox) as port:
        server(port).post(LETTER)
        server(port).post(LETTER)
        server(port).post(replace(LETTER, number=8))

    first, again, other = mailbox.messages
    assert first["Subject"] == "Grüße aus Köln"
    assert first.get_content().replace("\r\n", "\n") == LETTER.text
    assert (first["From"], first["To"], first["Auto-Submitted"]) == (SENDER, "anne@example.com", "auto-generated")
    assert first["Message-ID"] == again["Message-ID"] != other["Message-ID"]


def test_a_subject_or_an_address_cannot_add_a_header() -> None:
    """Names of companies stand in subjects."""
    mailbox = Mailbox()
    with serving(mailbox) as port:
        server(port).post(replace(LETTER, subject="x\r\nBcc: spy@example.com"))
        with pytest.raises(MailRefused):
            server(port).post(replace(LETTER, recipient="a@example.com\nBcc: spy@example.com"))

    assert mailbox.messages[0]["Bcc"] is None
    assert [envelope.rcpt_tos for envelope in mailbox.taken] == [["anne@example.com"]]


@pytest.mark.filterwarnings("ignore:Requiring AUTH")  # aiosmtpd does not see that the line is encrypted from the first byte
def test_login_only_by_an_encrypted_line(trusted: Authority) -> None:
    """From the first byte, and by STARTTLS; the right password."""
    mailbox, login = Mailbox(), {"user": USER, "password": PASSWORD}
    context = trusted.context("127.0.0.1")
    with serving(mailbox, tls=context, auth_required=True) as port:
        server(port, **login).post(LETTER)
    with serving(mailbox, tls=context, at_once=True, auth_required=True, auth_require_tls=False) as port:
        server(port, tls_at_once=True, **login).post(LETTER)
        with pytest.raises(MailDelayed, match="refuses the login") as refused:
            server(port, tls_at_once=True, user=USER, password="wrong").post(LETTER)

    assert mailbox.was_encrypted[0]  # of the other, aiosmtpd does not know it
    assert len(mailbox.taken) == 2
    assert PASSWORD not in repr(server(port, **login)) + str(refused.value)


def test_a_certificate_of_nobody_is_not_trusted(authority: Authority) -> None:
    """Nothing is sent."""
    mailbox = Mailbox()
    with (
        serving(mailbox, tls=authority.context("127.0.0.1"), at_once=True) as port,
        pytest.raises(MailDelayed, match="cannot be trusted"),
    ):
        server(port, tls_at_once=True).post(LETTER)

    assert not mailbox.taken


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ({"rcpt_answer": "550 no such user"}, MailRefused),
        ({"rcpt_answer": "450 greylisted"}, MailDelayed),
        ({"data_answer": "554 spam"}, MailRefused),
        ({"data_answer": "451 later"}, MailDelayed),
        ({"data_answer": "530 login first"}, MailDelayed),
        ({"dies_in_data": True}, MailDelayed),
    ],
)
def test_it_is_known_whether_another_try_is_worth_it(answers: dict[str, object], kind: type[ServerError]) -> None:
    """And the server's own words are kept."""
    mailbox = Mailbox()
    for name, value in answers.items():
        setattr(mailbox, name, value)
    with serving(mailbox) as port, pytest.raises(kind) as refused:
        server(port).post(LETTER)

    word = str(next(iter(answers.values()))).split()[-1]
    assert word == "True" or word in str(refused.value)


def test_a_server_that_is_not_there_is_tried_again() -> None:
    """No crash, a sentence."""
    with serving(Mailbox()) as port:
        pass
    with pytest.raises(MailDelayed, match=r"127\.0\.0\.1 cannot be used"):
        server(port).post(LETTER)


def test_no_mail_leaves_this_computer_unencrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server elsewhere that offers no STARTTLS may be a listener."""
    mailbox = Mailbox()
    monkeypatch.setattr("ipaddress.IPv4Address.is_loopback", property(lambda _address: False))
    with serving(mailbox) as port, pytest.raises(MailDelayed, match="offers no encryption"):
        server(port).post(LETTER)

    assert not mailbox.taken


def test_a_mail_in_the_outbox_is_a_file_that_others_cannot_read(tmp_path: Path) -> None:
    """Laid twice, it is there once."""
    office = OutboxFolder(tmp_path / "outbox", SENDER)
    office.post(LETTER)
    office.post(LETTER)

    (file,) = (tmp_path / "outbox").iterdir()
    assert file.name == "00000007.eml"
    assert file.stat().st_mode & 0o777 == 0o600
    assert message_from_bytes(file.read_bytes(), policy=default).get_content() == LETTER.text


def test_an_outbox_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "outbox").write_text("")
    with pytest.raises(MailDelayed, match="cannot be written"):
        OutboxFolder(tmp_path / "outbox", SENDER).post(LETTER)

    assert os.listdir(tmp_path) == ["outbox"]


def test_the_context_of_the_test_s_server_is_one_that_verifies() -> None:
    """Else the tests above would prove nothing."""
    assert ssl.create_default_context().verify_mode is ssl.CERT_REQUIRED
