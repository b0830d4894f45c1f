"""With the downloaded program alone: install, first set over SSH, backup, restore, daemon, mail, uninstall."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.binary.conftest import FOLDER, PORTABLE, Owner
from tests.binary.terminal import FIRST_QUESTION, at_a_terminal
from tests.installation.world import files_below
from tests.mail.smtp_server import Mailbox, serving
from tests.manifest import differences, manifest
from tests.sshd import Sshd, run_sshd

PATIENCE_SECONDS = 90


@pytest.fixture
def server(tmp_path: Path, installed: Owner) -> Iterator[Sshd]:
    """A server that the owner's ~/.ssh knows how to log in to."""
    with run_sshd(tmp_path / "sshd") as running:
        ssh = installed.home / ".ssh"
        ssh.mkdir(mode=0o700)
        (ssh / "config").write_text(f"Host *\n  IdentityFile {running.client_key}\n")
        yield running


@pytest.fixture
def owner_with_set(installed: Owner, server: Sshd, tmp_path: Path) -> Owner:
    """Somebody who has made a first set, whose target is the server."""
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "ünïcode").write_bytes(os.urandom(100_000))
    (source / "link").symlink_to("sub")
    assert installed("key", "generate", installed.home / "password").code == 0
    made = installed(
        *("set", "add", "daten", "--source", source, "--repo", server.url(tmp_path / "far"), "--init"),
        *("--password-file", installed.home / "password", "--schedule", "hourly", "--mail", "admin@example.com"),
    )
    assert made.code == 0, made.err
    return installed


@contextmanager
def running_daemon(owner: Owner, folder: Path) -> Iterator[None]:
    """Run ``gdp daemon`` as a service manager would, and end it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line, (folder / "said").open("wb") as said:
        line.bind(str(folder / "notify"))
        line.settimeout(PATIENCE_SECONDS)
        environment = {**owner.environment, "NOTIFY_SOCKET": str(folder / "notify")}
        process = subprocess.Popen([owner.gdp, "daemon"], env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        try:
            assert line.recv(1000) == b"READY=1"
            yield
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_SECONDS) == 0
        finally:
            process.kill()
            process.wait()


def test_portable_file_and_folder_install_the_same(installed: Owner) -> None:
    """Whoever upgrades with the other kind of download finds that nothing had to change."""
    again = installed("install", "--user", program=PORTABLE)

    assert again.code == 0, again.err
    assert "Nothing had to change" in again.out


def test_a_portable_file_alone_is_enough(owner: Owner) -> None:
    first = owner("install", "--user", "--json", program=PORTABLE)

    assert first.code == 0, first.err
    assert first.summary["changed"]
    assert (owner.program / "current" / "gdp").read_bytes() == (FOLDER / "gdp").read_bytes()
    assert owner("--version").code == 0


def test_the_terminal_ui_comes_up(installed: Owner) -> None:
    """Its styles and widgets are loaded by name, which no packer sees."""
    shown = at_a_terminal([installed.gdp], installed.environment, (FIRST_QUESTION, b""))

    assert FIRST_QUESTION in shown, shown.decode(errors="replace")[-2000:]
    assert b"not installed" not in shown


def test_a_set_is_backed_up_to_a_server_and_restored(owner_with_set: Owner, tmp_path: Path) -> None:
    backed_up = owner_with_set("backup", "daten")
    restored = owner_with_set("restore", "latest", "-S", "daten", "--target", tmp_path / "back", "--verify")

    assert (backed_up.code, restored.code) == (0, 0), backed_up.err + restored.err
    assert differences(manifest(tmp_path / "source"), manifest(tmp_path / "back" / str(tmp_path / "source")[1:])) == ""
    assert owner_with_set("check", "--read-data", "-S", "daten").code == 0


def test_the_daemon_runs_a_set_and_mails_arrive(owner_with_set: Owner, tmp_path: Path) -> None:
    """Of the backup and of the restore drill that follows a first backup. And the set's command inherits no library of ours."""
    printed = tmp_path / "printed"
    mailbox = Mailbox()
    with serving(mailbox) as port:
        assert owner_with_set("config", "set", "mail.smtp", f"smtp://127.0.0.1:{port}").code == 0
        assert owner_with_set("config", "set", "mail.from", "gdp@example.com").code == 0
        assert owner_with_set("set", "edit", "daten", "--before", f"env > {printed}").code == 0
        with running_daemon(owner_with_set, tmp_path):
            ran = owner_with_set("run", "daten", "--wait")
            until = time.monotonic() + PATIENCE_SECONDS
            while len(mailbox.messages) < 2 and time.monotonic() < until:
                time.sleep(0.1)

    assert ran.code == 0, ran.err
    assert [message["To"] for message in mailbox.messages] == ["admin@example.com"] * 2
    backup, drill = (str(message["Subject"]) for message in mailbox.messages)
    assert "daten" in backup
    assert "restore test" in drill
    assert "LD_LIBRARY_PATH" not in printed.read_text()


def test_uninstall_leaves_nothing(owner_with_set: Owner) -> None:
    """The program removes itself while it runs; what the owner made himself stays."""
    assert owner_with_set("backup", "daten").code == 0
    gone = owner_with_set("uninstall", "--user", "--purge", "--yes")

    assert gone.code == 0, gone.err
    assert files_below(owner_with_set.home) == {"password", ".ssh/config"}
    assert not owner_with_set.program.exists()
    assert not (owner_with_set.home / ".local/share/gdp").exists()
