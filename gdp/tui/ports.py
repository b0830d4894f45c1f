"""What the UI needs from outside. The command line supplies the real things, a test supplies others."""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any, Protocol

Record = Mapping[str, Any]
"""One object of the command line's ``--json``, or an event of the daemon."""


class Daemon(Protocol):
    """The daemon of the home folder."""

    async def ask(self, request: str, **fields: object) -> dict[str, Any]:
        """Return the answer to a request of ``docs/daemon.md``. Raises NoDaemon, and what it refuses as the error it names."""

    def watch(self) -> AsyncGenerator[dict[str, Any]]:
        """Yield the answer to ``watch``, then events without end. Raises NoDaemon."""

    async def start(self) -> None:
        """Start it in the background, and return once it answers. Raises GdpError, with what it said, when it does not."""


class Answering(Protocol):
    """Whoever answers the words of a command with its records."""

    def run(self, *words: str) -> AsyncGenerator[Record]:
        """Yield the objects that a command writes with ``--json`` as they come, errors and notes too. Raises GdpError."""


class Browser(Answering, Protocol):
    """A repository that stays open: ``gdp browse``. It is asked ``snapshots``, ``ls``, ``find`` and ``diff``, one at a time.

    Whoever stops listening ends it; the next question opens the repository again.
    """

    async def close(self) -> None:
        """End it; a question that waits for its answer is cancelled. Another question opens the repository again."""


class Commands(Answering, Protocol):
    """The commands of this program, each run in a process of its own."""

    def run(self, *words: str, typed: str = "") -> AsyncGenerator[Record]:
        """Run a command with ``--json`` and yield its objects as they come, errors and notes too.

        Whoever stops listening (``aclose``) interrupts it, and waits for its end.

        Args:
            words: the command and its options; never a secret.
            typed: what it reads from its standard input, such as a password.

        Raises:
            GdpError: it ended with an ``exit_error``.
        """

    def browser(self, *options: str) -> Browser:
        """Return a repository that stays open; nothing begins before the first question.

        Args:
            options: of ``gdp browse``, such as the set.
        """


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything that the UI works on."""

    home: Path
    host: str
    """the computer's name"""
    daemon: Daemon
    commands: Commands
    now: Callable[[], datetime]
    zone: tzinfo | None = None
    """of the person at the screen; None: the computer's"""


async def last_of(commands: Commands, *words: str, typed: str = "") -> Record:
    """Run a command to its end and return its last object, the summary. Raises GdpError."""
    last: Record = {}
    async for record in commands.run(*words, typed=typed):
        if record.get("message_type") not in {"status", "note", "error"}:
            last = record
    return last


async def all_of(commands: Answering, kind: str, *words: str, tell: Callable[[str], None] = lambda _words: None) -> list[Record]:
    """Run a command to its end and return its objects of one ``message_type``. Raises GdpError.

    Args:
        tell: is given what it notes meanwhile, such as that it tries to reach a server once more.
    """
    found: list[Record] = []
    async for record in commands.run(*words):
        if record.get("message_type") == kind:
            found.append(record)
        elif record.get("message_type") == "note":
            tell(str(record.get("message", "")))
    return found
