"""The server as it is run: processes, sockets, signals."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from server.models.database import disconnect, open_database
from server.models.mail import OutgoingMail
from tests.server.cli.browser import Browser
from tests.server.services.access import PASSWORD

pytestmark = pytest.mark.slow  # processes are started, and killed
PROJECT = Path(__file__).parents[3]
START_SECONDS = 60.0


@dataclass
class Installation:
    """A server that was set up, and its first user's link."""

    folder: Path
    url: str
    """of PostgreSQL, or empty"""
    link: str = ""

    def command(self, *words: str) -> list[str]:
        """Return a command line."""
        options = ["--data", str(self.folder), *(["--database", self.url] if self.url else [])]
        return [sys.executable, "-m", "server", *options, *words]

    def say(self, *words: str) -> str:
        """Run a command to its end, which must be good, and return what it printed."""
        return subprocess.run(self.command(*words), cwd=PROJECT, check=True, capture_output=True, text=True).stdout

    @contextmanager
    def working(self, *words: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
        """Run a command that stays, and yield it with the address that it says; it is ended by SIGTERM unless it has ended."""
        process = subprocess.Popen(
            self.command(*words), cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        try:
            assert process.stdout is not None
            said = process.stdout.readline()
            assert said.startswith("At work"), (said, process.stderr.read() if process.stderr is not None else "")
            place = re.search(r"on (\S+), port (\d+)", said)
            yield process, f"http://{place[1]}:{place[2]}" if place else ""
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            _out, errors = process.communicate(timeout=60)
            assert process.returncode in {0, -signal.SIGKILL}, errors

    def mails(self, *, least: int) -> list[str]:
        """Wait for so many mails in the outbox, and return their texts."""
        deadline = time.monotonic() + START_SECONDS
        while len(found := sorted((self.folder / "outbox").glob("*.eml"))) < least:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        told = (message_from_bytes(path.read_bytes(), policy=default).get_body(("plain",)) for path in found)
        return [body.get_content() for body in told if body is not None]


@pytest.fixture
def installation(which_database: str, empty_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """A server that was set up, with rows of either kind."""
    for name in ("GDP_DATA", "GDP_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    made = Installation(tmp_path / "data", "" if which_database == "sqlite" else empty_url)
    said = made.say("init", "--operator", "GDP GmbH", "--email", "chef@example.com")
    made.link = said.strip().splitlines()[-1].partition("127.0.0.1:8000")[2]
    return made


def come_in(browser: Browser, link: str) -> None:
    """Use a link and log in."""
    browser.open(link)
    browser.open(link, {"name": "Chef", "password": PASSWORD})
    assert browser.place.endswith("/login"), browser.page
    log_in(browser)


def log_in(browser: Browser) -> None:
    """Log in as the first user."""
    browser.open("/login")
    browser.open("/login", {"email": "chef@example.com", "password": PASSWORD, "next": "/"})
    assert browser.status == 200
    assert "GDP GmbH" in browser.page


def test_from_the_printed_link_to_a_mail_that_lies_in_the_outbox(installation: Installation) -> None:
    """One process serves pages and does the jobs; SIGTERM ends it well."""
    with installation.working("run", "--port", "0") as (process, url):
        browser = Browser(url)
        come_in(browser, installation.link)
        people = re.search(r'href="(/parties/\d+/people)"', browser.page)
        assert people
        browser.open(people[1])
        browser.open(people[1], {"name": "", "email": "neu@example.com", "role": "sales", "language": "de"})
        (text,) = installation.mails(least=1)
        assert re.search(r"http://127\.0\.0\.1:8000/invitation/\S+", text)
        assert "GDP GmbH" in text

        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_who_is_logged_in_stays_so_when_the_server_is_killed(installation: Installation) -> None:
    """Sessions are rows; nothing has to be put right at the next start."""
    with installation.working("run", "--port", "0") as (process, url):
        browser = Browser(url)
        come_in(browser, installation.link)
        process.kill()
        process.wait(60)
    port = url.rpartition(":")[2]
    with installation.working("run", "--port", port):
        browser.open("/")

        assert browser.status == 200
        assert "GDP GmbH" in browser.page


def test_several_webs_and_jobs_work_on_one_database(installation: Installation) -> None:
    """Logged in at one, known at the other; each mail once."""
    with (
        installation.working("web", "--port", "0") as (_first, here),
        installation.working("web", "--port", "0") as (_second, there),
        installation.working("jobs"),
        installation.working("jobs"),
    ):
        browser = Browser(here)
        come_in(browser, installation.link)
        other = Browser(there)
        log_in(other)
        people = re.search(r'href="(/parties/\d+/people)"', other.page)
        assert people
        for number in range(6):
            one = (browser, other)[number % 2]
            one.open(people[1])
            one.open(people[1], {"name": "", "email": f"n{number}@example.com", "role": "sales", "language": "de"})
            assert one.status == 200
        assert len(set(installation.mails(least=6))) == 6

    rows = open_database(installation.url or str(installation.folder / "gdpac.sqlite"))
    assert {row.attempts for row in OutgoingMail.select()} == {1}
    disconnect(rows)


def test_a_port_that_is_taken_is_named(installation: Installation) -> None:
    """With what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            installation.command("run", "--port", port), cwd=PROJECT, capture_output=True, text=True, check=False
        )

    assert ended.returncode == 1
    assert f"Port {port} of 127.0.0.1 cannot be listened on" in ended.stderr
    assert "--port" in ended.stderr.splitlines()[-1]


def test_without_its_packages_it_says_which_to_install() -> None:
    """A plain installation of the Backup Manager has the command, too."""
    script = "import sys; sys.modules['peewee'] = None; from server.__main__ import main; main()"
    ended = subprocess.run([sys.executable, "-c", script, "--help"], cwd=PROJECT, capture_output=True, text=True, check=False)

    assert ended.returncode == 1
    assert "pip install 'globaldataprotect[server]'" in ended.stderr
