"""A daemon as a user has it: the real program in a process of its own, a real repository, sets in real files."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from gdp.control.client import Client, connect
from gdp.core.kdf import ScryptCost
from gdp.daemon.journal import open_journal
from gdp.daemon.service import JOURNAL
from gdp.model.runs import Kind, Run, State
from gdp.repo.opening import init_repository
from gdp.storage.local import LocalStorage

CHEAP = ScryptCost(1 << 14, 8, 1)
PASSWORD = "a password"
PATIENCE_SECONDS = 60  # for an event that must come; no test measures time
SLOW = "up 40K"


class World:
    """A home folder, a repository and a folder to back up."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir(mode=0o700)
        self.repository = folder / "repository"
        self.source = folder / "source"
        self.source.mkdir()
        (self.source / "a.txt").write_text("alpha\n")
        self.password_file = folder / "password"
        self.password_file.write_text(PASSWORD)
        self.password_file.chmod(0o600)
        self.notify = folder / "notify"
        init_repository(LocalStorage(self.repository), PASSWORD.encode(), folder / "other home", cost=CHEAP)

    def write_set(self, name: str = "daten", **sections: str) -> None:
        """Write a set's file; each section is given as its lines."""
        sections = {
            "source": f'paths = ["{self.source}"]',
            "target": f'repo = "{self.repository}"',
            "encryption": f'password-file = "{self.password_file}"\nrecovery-confirmed = true',
            "proof": 'read-back = "0"\ndrill-files = 0',
            **sections,
        }
        folder = self.home / "sets"
        folder.mkdir(mode=0o700, exist_ok=True)
        temporary = folder / f".{name}"
        temporary.write_text("".join(f"[{section}]\n{lines}\n\n" for section, lines in sections.items()))
        temporary.chmod(0o600)
        temporary.replace(folder / f"{name}.toml")

    def make_large(self) -> None:
        """Give the source so much that a slow run takes as long as a test may want."""
        for number in range(40):
            (self.source / f"large {number}").write_bytes(os.urandom(200_000))

    def runs(self) -> list[Run]:
        """Return every run in the journal, oldest first. No daemon may be at work."""
        journal = open_journal(self.home / JOURNAL)
        found = journal.runs(most=100)
        journal.close()
        return found[::-1]

    def gdp(self, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Run a command."""
        command = [sys.executable, "-m", "gdp", "--home", str(self.home), *words]
        return subprocess.run(
            command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )  # fmt: skip

    @contextmanager
    def daemon(self, **environment: str) -> Iterator["Running"]:
        """Have a daemon at work while the block runs."""
        running = Running(self, environment)
        try:
            yield running
        finally:
            running.process.kill()
            running.process.wait()
            running.close()


class Running:
    """A daemon at work."""

    def __init__(self, world: World, environment: dict[str, str], words: Sequence[str] = ()) -> None:
        """``words`` start another program than ours, which is a daemon as well."""
        self._home = world.home
        world.notify.unlink(missing_ok=True)
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._line.bind(str(world.notify))
        self._line.settimeout(PATIENCE_SECONDS)
        self.said = (world.home.parent / "said").open("ab+")
        self.process = subprocess.Popen(
            words or [sys.executable, "-m", "gdp", "--home", str(world.home), "daemon"],
            env={**os.environ, "NOTIFY_SOCKET": str(world.notify), **environment},
            stdout=self.said,
            stderr=self.said,
        )
        assert self.next_notice() == "READY=1"

    def close(self) -> None:
        """Give everything back."""
        self.said.close()
        self._line.close()

    def next_notice(self) -> str:
        """Return what systemd would be told next."""
        return self._line.recv(1000).decode()

    def client(self) -> Client:
        """Return a connection."""
        return connect(self._home)

    def kill(self) -> None:
        """Kill it, as nobody should."""
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        """End it as systemd does, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)


def events_of(client: Client) -> Iterator[dict[str, Any]]:
    """Watch, and pass over what it was before."""
    events = client.watch()
    next(events)
    return events


def wait_for_run(events: Iterator[dict[str, Any]], *states: State, kind: Kind = Kind.BACKUP) -> Run:
    """Return the next run that is told of in one of these states."""
    for event in events:
        if event["event"] == "run":
            run = msgspec.convert(event["run"], Run)
            if run.state in states and run.kind is kind:
                return run
    raise AssertionError("the daemon went away")


def wait_for_data(world: World) -> None:
    """Wait until the run sends data; the system tells nobody of new files, short of inotify, so we look again and again."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not any(path.is_file() for path in (world.repository / "data").rglob("*")):
        assert time.monotonic() < until, "nothing was sent"
        time.sleep(0.05)


def process_of(world: World) -> int:
    """Return the process that makes the only unfinished run, once it is noted. The daemon may be at work: this only reads."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        journal = open_journal(world.home / JOURNAL)
        unfinished = journal.unfinished()
        journal.close()
        if len(unfinished) == 1 and (identity := unfinished[0][1]):
            return int(identity.split()[0])
        assert time.monotonic() < until, "no process was noted"
        time.sleep(0.05)


def wait_for_end(pid: int) -> bool:
    """Wait until a process that is no child of ours has ended; say whether it has."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], PATIENCE_SECONDS)[0])
    finally:
        os.close(handle)
