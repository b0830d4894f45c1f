"""The daemon of a home folder, reached over its socket. Threads wait for it, so that the screen never does."""

import asyncio
import contextlib
import subprocess
import threading
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gdp.control.client import Client, NoDaemon, connect
from gdp.core.errors import GdpError
from gdp.core.language import LANGUAGE_VARIABLE, N_, current_language

START_SECONDS = 20.0
_PAUSE_SECONDS = 0.1
_LAST_WORDS = "log/daemon.log"


class DaemonLink:
    """See ``ports.Daemon``.

    Args:
        words: the command that is a daemon for this home folder.
        environment: of that command.
    """

    def __init__(self, home: Path, words: Sequence[str], environment: Mapping[str, str]) -> None:
        self._home = home
        self._words = tuple(words)
        self._environment = dict(environment)

    async def ask(self, request: str, **fields: object) -> dict[str, Any]:
        return await asyncio.to_thread(self._ask, request, fields)

    async def watch(self) -> AsyncGenerator[dict[str, Any]]:
        client = await asyncio.to_thread(connect, self._home)
        loop, heard = asyncio.get_running_loop(), asyncio.Queue[dict[str, Any] | GdpError]()
        threading.Thread(target=_listen, args=(client, loop, heard), name="daemon's events", daemon=True).start()
        try:
            while True:
                event = await heard.get()
                if isinstance(event, GdpError):
                    raise event
                yield event
        finally:
            client.close()

    async def start(self) -> None:
        await asyncio.to_thread(self._start)

    def _ask(self, request: str, fields: Mapping[str, object]) -> dict[str, Any]:
        with connect(self._home) as client:
            return client.ask(request, **fields)

    def _start(self) -> None:
        """The daemon outlives us: it belongs to no terminal, and what it says goes to a file."""
        log = self._home / _LAST_WORDS
        log.parent.mkdir(parents=True, exist_ok=True)
        environment = dict(self._environment)
        if LANGUAGE_VARIABLE in environment:  # it may have been changed since
            environment[LANGUAGE_VARIABLE] = current_language()
        with log.open("wb") as output:
            process = subprocess.Popen(
                self._words,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
                cwd="/",
            )
        threading.Thread(target=process.wait, name="daemon's end", daemon=True).start()  # so that it does not stay as a zombie
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            with contextlib.suppress(NoDaemon):
                self._ask("status", {})
                return
            if process.poll() is not None:
                break
            time.sleep(_PAUSE_SECONDS)
        said = log.read_text(errors="replace").strip().splitlines()
        raise GdpError(
            N_("the daemon could not be started: {said}"), N_("All it said is in {log}."), said=said[-1] if said else "", log=log
        )


def _listen(client: Client, loop: asyncio.AbstractEventLoop, heard: "asyncio.Queue[dict[str, Any] | GdpError]") -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody listens any more
        try:
            for event in client.watch():
                loop.call_soon_threadsafe(heard.put_nowait, event)
        except GdpError as error:
            loop.call_soon_threadsafe(heard.put_nowait, error)
