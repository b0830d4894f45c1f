"""A mail reaches a server, or it is clear why not and whether another attempt makes sense."""

import gzip
import os
import socket
import threading
from email import message_from_bytes
from email.header import decode_header, make_header
from pathlib import Path

import msgspec
import pytest

from gdp.core.errors import BadInput
from gdp.core.trust import trusting_context
from gdp.mail import message, smtp
from gdp.mail.failures import MailDelayed, MailRefused, ServerUnusable
from gdp.mail.message import Mail, make_mail, pack_log, split_address
from gdp.mail.server import MailServer, configured_server, sender_of
from gdp.mail.smtp import send
from gdp.model.configuration import Mail as MailSettings
from gdp.model.configuration import Smtp, parse_smtp
from gdp.report.run_page import make_run_page
from tests.mail import smtp_server
from tests.mail.conftest import NOW
from tests.mail.smtp_server import PASSWORD, USER, Authority, Mailbox, serving
from tests.report.samples import NASTY, SAMPLES, make

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # which is what is tried


def server_at(
    port: int, password_file: Path | None = None, *, host: str = "127.0.0.1", user: str = "", tls: bool = False
) -> MailServer:
    """Return the configuration of a server on this computer."""
    return MailServer(
        Smtp(host, port, user or None, tls_at_once=tls), str(password_file) if password_file else None, "gdp@example.com"
    )


def deliver(mail: Mail, server: MailServer) -> None:
    """Send it, and be quick about failing."""
    send(server, mail.envelope, mail.raw, timeout_seconds=5)


def trusting(monkeypatch: pytest.MonkeyPatch, authority: Authority) -> None:
    """Let this computer trust the throwaway authority."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))


def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the server be on another computer."""
    monkeypatch.setattr(smtp, "is_loopback", lambda _address: False)


def test_a_mail_arrives_whole(mail: Mail, mailbox: Mailbox) -> None:
    """With a subject in German, text, HTML and the log."""
    with serving(mailbox) as port:
        deliver(mail, server_at(port))
    (message,) = mailbox.messages
    text, markup = (message.get_body((kind,)) for kind in ("plain", "html"))
    (log,) = message.iter_attachments()

    assert message["Subject"] == "[ACHTUNG] daten auf server01: 18 Probleme, 1.204 neu, 37 geändert, 3,1 GB"
    assert (message["From"], message["To"]) == ("GDP <gdp@example.com>", "Änne Öse von Müller-Lüdenscheidt <anne@example.com>")
    assert message["Date"].datetime == NOW
    assert message["Message-ID"].endswith("@example.com>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert text is not None
    assert "Zugriff verweigert" in text.get_content()
    assert markup is not None
    assert "<html" in markup.get_content()
    assert log.get_filename() == "gdp.log.gz"
    assert gzip.decompress(log.get_content()).count(b"\n") == 9
    assert max(map(len, mail.raw.split(b"\r\n"))) < 998
    assert mail.raw.isascii()


def test_a_name_cannot_become_a_header(mailbox: Mailbox) -> None:
    """A host or a set of any name stays inside the subject."""
    page = make_run_page(make(host=NASTY, set_name=NASTY))
    with serving(mailbox) as port:
        deliver(make_mail(page, sender="gdp@example.com", to="anne@example.com", now=NOW), server_at(port))
    (message,) = mailbox.messages

    assert message["Bcc"] is None
    assert len(message.get_all("Subject") or []) == 1
    assert [envelope.rcpt_tos for envelope in mailbox.taken] == [["anne@example.com"]]


@pytest.mark.parametrize("length", range(55, 90))
@pytest.mark.parametrize("word", ["daten ", "=?utf-8?q?=0Ax?= ", "größe "])
def test_a_subject_of_any_length_arrives_as_it_was(word: str, length: int) -> None:
    """The standard library leaves the first line of some empty, which mail readers show as no subject."""
    subject = f"[OK] {word * 20}"[:length].strip()
    page = msgspec.structs.replace(make_run_page(SAMPLES["ok"]), subject=subject)
    header = make_mail(page, sender="gdp@example.com", to="anne@example.com", now=NOW).raw.partition(b"\r\nDate:")[0]
    line = header.partition(b"Subject:")[2]

    assert line.split(b"\r\n")[0].strip()
    assert max(map(len, header.split(b"\r\n"))) <= 78
    assert str(make_header(decode_header(message_from_bytes(header)["Subject"]))).replace("\r\n", "") == subject


def test_a_name_of_many_letters_arrives_as_it_was() -> None:
    """Commas and umlauts included."""
    name = "Datensicherung Müller & Söhne GmbH & Co. KG, Standort Köln-Ehrenfeld Süd"
    mail = make_mail(make_run_page(SAMPLES["ok"]), sender=f'"{name}" <gdp@example.com>', to="anne@example.com", now=NOW)
    encoded, _, address = message_from_bytes(mail.raw)["From"].rpartition("\r\n ")

    assert str(make_header(decode_header(encoded))) == name
    assert address == "<gdp@example.com>"


def test_certificates_of_another_system_are_found(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program was built elsewhere, and its OpenSSL looks for them where that computer had them."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nothing"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "nowhere"))

    assert trusting_context(()).cert_store_stats()["x509_ca"] == 0
    assert trusting_context((str(tmp_path / "absent"), str(authority.certificate))).cert_store_stats()["x509_ca"] == 1


@pytest.mark.parametrize(
    "text", ["", "anne", "@", "a@", "@b", "a b@c", "a@b\nBcc: c@d", "änne@example.com", "a@b\x00", "<>", "a@b>, <c@d"]
)
def test_what_is_no_address(text: str) -> None:
    """Nor a way to write to somebody else."""
    with pytest.raises(BadInput):
        make_mail(make_run_page(SAMPLES["ok"]), sender="gdp@example.com", to=text, now=NOW)


def test_a_huge_log_stays_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail that no server takes tells nobody anything."""
    monkeypatch.setattr(message, "LARGEST_LOG_BYTES", 400)

    assert pack_log(bytes(range(256)) * 9) is not None
    assert pack_log(os.urandom(400)) is None
    assert pack_log(None) is None


def test_starttls_and_login(
    mail: Mail, mailbox: Mailbox, authority: Authority, password_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The usual way."""
    trusting(monkeypatch, authority)
    elsewhere(monkeypatch)
    with serving(mailbox, tls=authority.context("127.0.0.1"), require_starttls=True, auth_required=True) as port:
        deliver(mail, server_at(port, password_file, user=USER))

    assert mailbox.was_encrypted == [True]


def test_tls_from_the_first_byte(mail: Mail, mailbox: Mailbox, authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """What smtps:// stands for."""
    trusting(monkeypatch, authority)
    with serving(mailbox, tls=authority.context("127.0.0.1"), at_once=True) as port:
        deliver(mail, server_at(port, tls=True))

    assert len(mailbox.taken) == 1


def test_nothing_is_sent_in_the_clear(mail: Mail, mailbox: Mailbox, password_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sits on the line can take the offer of STARTTLS away."""
    elsewhere(monkeypatch)
    with serving(mailbox, auth_required=True, auth_require_tls=False) as port, pytest.raises(ServerUnusable, match="STARTTLS"):
        deliver(mail, server_at(port, password_file, user=USER))

    assert mailbox.taken == []


@pytest.mark.parametrize("at_once", [False, True])
def test_a_stranger_is_not_trusted(
    mail: Mail, mailbox: Mailbox, authority: Authority, monkeypatch: pytest.MonkeyPatch, at_once: bool
) -> None:
    """Its certificate was issued by nobody we know."""
    elsewhere(monkeypatch)
    server = serving(mailbox, tls=authority.context("127.0.0.1"), at_once=at_once)
    with server as port, pytest.raises(ServerUnusable, match="certificate"):
        deliver(mail, server_at(port, tls=at_once))


def test_a_server_of_another_name_is_not_trusted(
    mail: Mail, mailbox: Mailbox, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though its certificate is a good one."""
    elsewhere(monkeypatch)
    trusting(monkeypatch, authority)
    with serving(mailbox, tls=authority.context("mail.example.com")) as port, pytest.raises(ServerUnusable, match="certificate"):
        deliver(mail, server_at(port))


def test_a_server_on_this_computer_may_have_any_certificate(mail: Mail, mailbox: Mailbox, authority: Authority) -> None:
    """Distributions install one that nobody issued."""
    with serving(mailbox, tls=authority.context("mail.example.com"), require_starttls=True) as port:
        deliver(mail, server_at(port))

    assert mailbox.was_encrypted == [True]


def test_a_wrong_password_delays_every_mail(mail: Mail, mailbox: Mailbox, password_file: Path) -> None:
    """It can be put right, and is never shown."""
    password_file.write_text("swordfish")
    with (
        serving(mailbox, auth_required=True, auth_require_tls=False) as port,
        pytest.raises(ServerUnusable, match="login") as caught,
    ):
        deliver(mail, server_at(port, password_file, user=USER))

    assert "swordfish" not in str(caught.value) + repr(caught.value) + repr(caught.value.__cause__)


def test_a_login_that_is_wanted_and_not_configured(mail: Mail, mailbox: Mailbox) -> None:
    """No reason to give a mail up."""
    with serving(mailbox, auth_required=True, auth_require_tls=False) as port, pytest.raises(ServerUnusable):
        deliver(mail, server_at(port))


def test_a_password_of_any_letters(mail: Mail, mailbox: Mailbox, password_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A German types umlauts, and PLAIN carries them."""
    monkeypatch.setattr(smtp_server, "PASSWORD", "schlüssel")
    password_file.write_text("schlüssel")
    with serving(mailbox, auth_required=True, auth_require_tls=False) as port:
        deliver(mail, server_at(port, password_file, user=USER))
        password_file.write_text("schlüßel")
        with pytest.raises(ServerUnusable, match="login"):
            deliver(mail, server_at(port, password_file, user=USER))

    assert len(mailbox.taken) == 1


@pytest.mark.parametrize("damage", ["missing", "readable", "letters", "none"])
def test_a_password_that_cannot_be_used(mail: Mail, mailbox: Mailbox, password_file: Path, damage: str) -> None:
    """Not there, for everybody to read, beyond what the protocol carries, or not named."""
    match damage:
        case "missing":
            password_file.unlink()
        case "readable":
            password_file.chmod(0o644)
        case "letters":
            password_file.write_text("schlüssel")
    named = None if damage == "none" else password_file
    with (
        serving(mailbox, auth_required=True, auth_require_tls=False, auth_exclude_mechanism=["PLAIN"]) as port,
        pytest.raises(ServerUnusable),
    ):
        deliver(mail, server_at(port, named, user=USER))


@pytest.mark.parametrize(
    ("rcpt", "data", "kind"),
    [
        ("450 mailbox busy", "", MailDelayed),
        ("550 no such user", "", MailRefused),
        ("", "451 try again", MailDelayed),
        ("", "552 too large", MailRefused),
        ("", "421 closing", MailDelayed),
    ],
)
def test_for_now_and_for_good(mail: Mail, mailbox: Mailbox, rcpt: str, data: str, kind: type[Exception]) -> None:
    """4xx and 5xx are not the same."""
    mailbox.rcpt_answer, mailbox.data_answer = rcpt, data or "250 OK"
    with serving(mailbox) as port, pytest.raises(kind) as caught:
        deliver(mail, server_at(port))

    assert type(caught.value) is kind
    assert (rcpt or data)[:3] in str(caught.value)


def test_a_server_that_dies_over_a_mail(mail: Mail, mailbox: Mailbox) -> None:
    """Nobody knows whether it has it, so it is sent again."""
    mailbox.dies_in_data = True
    with serving(mailbox) as port, pytest.raises(MailDelayed):
        deliver(mail, server_at(port))


def test_a_server_that_is_not_there(mail: Mail) -> None:
    """The port is free."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    with pytest.raises(ServerUnusable, match="Connection refused"):
        deliver(mail, server_at(port))


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70 + ".example.com", "mail..example.com"])
def test_a_name_that_leads_nowhere(mail: Mail, host: str) -> None:
    """Some are no names at all."""
    with pytest.raises(ServerUnusable):
        deliver(mail, server_at(587, host=host))


@pytest.mark.parametrize("greeting", [b"", b"554 go away\r\n", b"SSH-2.0-OpenSSH\r\n", b"\x16\x03\x01\x00\xff" * 999])
def test_something_else_on_the_port(mail: Mail, greeting: bytes) -> None:
    """A firewall, another protocol, silence: each is an answer a person can read, and no crash."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(greeting)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(ServerUnusable):
            send(server_at(listener.getsockname()[1]), mail.envelope, mail.raw, timeout_seconds=1)
        thread.join()


def test_who_mails_are_from() -> None:
    """As configured; else the login, which most servers insist on."""
    login = parse_smtp("smtp://backup@example.com@mail.example.com")

    assert sender_of(MailSettings(login, None, "Backup <b@example.com>")) == "Backup <b@example.com>"
    assert sender_of(MailSettings(login)) == "backup@example.com"
    assert split_address(sender_of(MailSettings()))[1].startswith("gdp@")
    with pytest.raises(BadInput):
        configured_server(MailSettings())
    assert PASSWORD not in repr(configured_server(MailSettings(login, "/x")))
