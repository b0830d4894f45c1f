"""Passwords are where they belong and nowhere else: not in logs, journal, mails, what the daemon says, nor lists of processes."""

import gzip
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest

from gdp.model.runs import Kind, State
from tests.daemon.running import PASSWORD, World, events_of, wait_for_data, wait_for_run
from tests.daemon.test_reports import Waiting, mailbox
from tests.mail import smtp_server
from tests.mail.smtp_server import Authority, serving

__all__ = ["mailbox"]
VARIABLE = "a variable's secret"
NEW = "the passphrase that nobody may see"
SECRETS = {"passphrase": NEW, "mail": smtp_server.PASSWORD, "variable": VARIABLE}


@contextmanager
def looking_at_processes() -> Iterator[set[tuple[str, str]]]:
    """Collect which secrets stand in the lists of processes while the block runs: by secret and file."""
    found: set[tuple[str, str]] = set()
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(0.05):
            for folder in Path("/proc").glob("[0-9]*"):
                for name in ("cmdline", "environ"):
                    try:
                        raw = (folder / name).read_bytes()
                    except OSError:  # it has ended, or is somebody else's
                        continue
                    found.update((secret, name) for secret, text in SECRETS.items() if text.encode() in raw)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        is_over.set()
        thread.join()


def parts_of(mail: EmailMessage) -> Iterator[bytes]:
    """Yield what a mail holds, the log among it."""
    for part in mail.walk():
        raw = part.get_payload(decode=True)
        if isinstance(raw, bytes):
            yield gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw


def found_in(texts: Mapping[str, bytes]) -> set[tuple[str, str]]:
    """Return which secrets stand where."""
    return {(secret, name) for name, raw in texts.items() for secret, text in SECRETS.items() if text.encode() in raw}


@pytest.mark.slow
def test_no_password_leaves_its_file(world: World, mailbox: Waiting, tmp_path: Path) -> None:
    """While runs go on, fail for a wrong passphrase, and mails are refused for a wrong password, with commands around them."""
    world.make_large()
    password = tmp_path / "mail-password"
    password.write_text(smtp_server.PASSWORD)
    for file in (password, tmp_path / "new"):
        file.touch(mode=0o600)
        file.chmod(0o600)
    (tmp_path / "new").write_text(NEW)
    changed = world.gdp(
        "-r", str(world.repository), "-p", str(world.password_file), "key", "passwd", "--new-password-file", str(tmp_path / "new")
    )
    assert changed.returncode == 0, changed.stderr
    world.password_file.write_text(NEW)
    world.write_set(
        bandwidth='limits = ["up 2M"]',
        retention="keep-last = 1",
        proof='read-back = "64M"\nread-back-pause = "0s"\ndrill-files = 3',
        commands='before = ["test -n \\"$SECRET\\"", "false"]\nbefore-on-error = "ignore"\nafter = ["false"]',
        schedule="retry-pauses = []",
        **{"[report]": 'to = "admin@example.com"'},
    )
    said = []
    authority = Authority(tmp_path)
    with serving(mailbox, tls=authority.context("mail.test")) as port:
        world.gdp("config", "set", "mail.smtp", f"smtp://{smtp_server.USER}@127.0.0.1:{port}")
        world.gdp("config", "set", "mail.password-file", str(password))
        with looking_at_processes() as in_processes, world.daemon(SECRET=VARIABLE) as daemon, daemon.client() as client:
            events = events_of(client)
            world.gdp("run", "daten")
            wait_for_data(world)
            said += [world.gdp("--json", "status")]
            wait_for_run(events, State.OK, kind=Kind.DRILL)
            mailbox.next_mail(), mailbox.next_mail()
            world.password_file.write_text("another")
            world.gdp("run", "daten", "--wait")
            mailbox.next_mail()
            SECRETS["wrong mail"] = "a wrong password of mail"
            password.write_text(SECRETS["wrong mail"])
            world.gdp("run", "daten", "--wait")
            next(event for event in events if event["event"] == "mails" and event["mails"]["waiting"])
            said += [
                world.gdp(*words) for words in (("status",), ("mail", "queue"), ("report", "list"), ("report", "show", "latest"))
            ]
            daemon.end()
    texts = {f"answer {number}": (one.stdout + one.stderr).encode() for number, one in enumerate(said)}
    texts |= {str(file): file.read_bytes() for file in world.home.rglob("*") if file.is_file()}
    texts |= {f"mail {n} part {m}": raw for n, mail in enumerate(mailbox.messages) for m, raw in enumerate(parts_of(mail))}
    texts["said"] = (world.home.parent / "said").read_bytes()

    assert {run.state for run in world.runs()} == {State.OK, State.ERROR}
    assert len([name for name in texts if name.startswith("mail")]) > 6
    assert in_processes == {("variable", "environ")}, "the daemon's and what it starts, which only their user may read"
    assert found_in(texts) == set()
    assert PASSWORD.encode() not in b"".join(texts.values())
    assert os.stat(world.password_file).st_mode & 0o77 == 0
