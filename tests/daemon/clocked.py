"""A daemon whose clock a test sets: the real one, in a process of its own, which asks a file how much later it is than it is.

``python -m tests.daemon.clocked HOME FILE``. What it runs, and what the system says of files, go by the real clock.
"""

import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from gdp.bootstrap.reach import ask_conditions
from gdp.bootstrap.service import environment_of_runs, program_words
from gdp.control.client import Client
from gdp.daemon.answers import ANSWERS
from gdp.daemon.service import Service
from gdp.model.events import ignore_events
from gdp.model.service import ServiceStatus
from tests.daemon.running import PATIENCE_SECONDS, Running, World


class Clock:
    """The clock of a daemon, set by a test."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def set(self, moment: datetime) -> None:
        """Let it be a moment now; it goes on from there."""
        new = self._file.with_suffix(".new")
        new.write_text(repr((moment - datetime.now(UTC)).total_seconds()))
        new.replace(self._file)

    def now(self) -> datetime:
        """Return the time."""
        return datetime.now(UTC) + timedelta(seconds=float(self._file.read_text()))


class LaterDaemon:
    """A daemon at work at another time."""

    def __init__(self, clock: Clock, client: Client) -> None:
        self._clock, self._client = clock, client

    def is_at(self, moment: datetime) -> None:
        """Let it be a moment, and let the daemon look at the clock at once; it would by itself within seconds."""
        self._clock.set(moment)
        self._client.ask("reload")

    def wait_until_idle(self, also: Collection[str] = ()) -> None:
        """Wait until nothing runs, and what comes waits for its time alone, or for something that it may wait for ``also``."""
        until = time.monotonic() + PATIENCE_SECONDS
        while any(
            one.at_work or any(coming.waits_for not in {"time", *also} for coming in one.coming) for one in self._status().sets
        ):
            assert time.monotonic() < until, "something never ended"
            time.sleep(0.05)

    def _status(self) -> ServiceStatus:
        return msgspec.convert(self._client.ask("status")["status"], ServiceStatus)


@contextmanager
def daemon_at(world: World, moment: datetime, *within: str, **environment: str) -> Iterator[LaterDaemon]:
    """Have a daemon at work for which it is a moment, while the block runs; ``within`` are words of what starts it."""
    file = world.home.parent / "clock"
    clock = Clock(file)
    clock.set(moment)
    words = [*within, sys.executable, "-m", "tests.daemon.clocked", str(world.home), str(file)]
    running = Running(world, environment, words)
    try:
        with running.client() as client:
            yield LaterDaemon(clock, client)
        running.end()
    finally:
        running.process.kill()
        running.process.wait()
        running.close()


def main(home: Path, file: Path) -> None:
    """Be the daemon."""
    Service(
        home,
        program=(*program_words(), "--json", "--home", str(home)),
        environment=environment_of_runs,
        ask=lambda one: ask_conditions(one, home),
        emit=ignore_events,
        clock=Clock(file).now,
    ).run(ANSWERS)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
