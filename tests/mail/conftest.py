"""A mail and the servers for it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gdp.mail.message import Mail, make_mail, pack_log
from gdp.report.run_page import make_run_page
from tests.mail.smtp_server import PASSWORD, Authority, Mailbox
from tests.report.samples import SAMPLES, ZONE

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


@pytest.fixture
def mail() -> Mail:
    """A report in German with its log."""
    page = make_run_page(SAMPLES["attention"], language="de", zone=ZONE, has_log=True)
    return make_mail(
        page,
        sender="GDP <gdp@example.com>",
        to="Änne Öse von Müller-Lüdenscheidt <anne@example.com>",
        now=NOW,
        log=pack_log(b'{"message_type": "x"}\n' * 9),
    )


@pytest.fixture
def mailbox() -> Mailbox:
    """Where mails end up."""
    return Mailbox()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Who issues certificates."""
    folder = tmp_path / "ca"
    folder.mkdir()
    return Authority(folder)


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    """The right password, for its owner alone."""
    file = tmp_path / "mail-password"
    file.write_text(PASSWORD + "\n")
    file.chmod(0o600)
    return file
