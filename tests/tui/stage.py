"""The UI on a stage: a daemon and commands that say what the test wants, a clock that stands, a home folder of its own."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from textual.pilot import Pilot

from gdp.control.client import NoDaemon
from gdp.core.errors import GdpError
from gdp.model.service import ServiceStatus
from gdp.tui.app import BackupManager
from gdp.tui.ports import Ports, Record

NOW = datetime(2026, 11, 24, 13, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
SIZES = {"80x24": (80, 24), "120x36": (120, 36)}
LANGUAGES = ("de", "en")


class StagedDaemon:
    """Says what it is given.

    Args:
        status: None: there is no daemon.
        answers: to other requests; an error is raised.
    """

    def __init__(
        self, status: ServiceStatus | None = None, answers: Mapping[str, dict[str, Any] | GdpError] | None = None
    ) -> None:
        self.status = status
        self.answers = dict(answers or {})
        self.asked: list[tuple[str, dict[str, object]]] = []
        self.was_started = False
        self._events = asyncio.Queue[dict[str, Any]]()

    def tell(self, event: dict[str, Any]) -> None:
        """Let an event happen."""
        self._events.put_nowait(event)

    async def ask(self, request: str, **fields: object) -> dict[str, Any]:
        self.asked.append((request, fields))
        if self.status is None:
            raise NoDaemon("no daemon is running for {home}", home="/home")
        answer = self.answers.get(request, {})
        if isinstance(answer, GdpError):
            raise answer
        return self._standing() if request == "status" else answer

    async def watch(self) -> AsyncGenerator[dict[str, Any]]:
        if self.status is None:
            raise NoDaemon("no daemon is running for {home}", home="/home")
        yield self._standing()
        while True:
            event = await self._events.get()
            if event.get("event") == "gone":
                self.status = None
                raise NoDaemon("no daemon is running for {home}", home="/home")
            yield event

    async def start(self) -> None:
        self.was_started = True

    def _standing(self) -> dict[str, Any]:
        answer: dict[str, Any] = msgspec.json.decode(msgspec.json.encode({"status": self.status}))  # as it travels
        return answer


Script = Callable[[tuple[str, ...]], Iterable[Record] | GdpError]
"""From the words of a command to what it writes, or the error it ends with"""


class StagedCommands:
    """Commands that write what a script says."""

    def __init__(self, script: Script = lambda _words: ()) -> None:
        self.script = script
        self.run_words: list[tuple[str, ...]] = []
        self.typed: list[str] = []

    async def run(self, *words: str, typed: str = "") -> AsyncGenerator[Record]:
        self.run_words.append(words)
        self.typed.append(typed)
        said = self.script(words)
        if isinstance(said, GdpError):
            raise said
        for record in said:
            await asyncio.sleep(0)
            yield record


def ports(home: Path, daemon: StagedDaemon | None = None, commands: StagedCommands | None = None) -> Ports:
    """Return a stage."""
    return Ports(
        home=home,
        host="server01",
        daemon=daemon or StagedDaemon(),
        commands=commands or StagedCommands(),
        now=lambda: NOW,
        zone=BERLIN,
    )


@asynccontextmanager
async def shown(
    stage: Ports, *, size: tuple[int, int] = (80, 24), language: str = "en", theme: str | None = None, notifies: bool = False
) -> AsyncIterator[tuple[BackupManager, Pilot[int]]]:
    """Show the UI and wait until it has drawn itself.

    Args:
        notifies: what is notified is drawn too.
    """
    was = os.environ.get("GDP_LANGUAGE")
    os.environ["GDP_LANGUAGE"] = language
    try:
        app = BackupManager(stage, theme=theme)
        async with app.run_test(size=size, notifications=notifies) as pilot:
            await settle(pilot)
            yield app, pilot
    finally:
        if was is None:
            os.environ.pop("GDP_LANGUAGE")
        else:
            os.environ["GDP_LANGUAGE"] = was


async def settle(pilot: Pilot[int]) -> None:
    """Wait until everything that was begun is drawn."""
    for _round in range(3):
        await pilot.pause()


def ago(**span: float) -> datetime:
    """Return a moment before now."""
    return NOW - timedelta(**span)
