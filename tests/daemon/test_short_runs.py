"""``longest-run`` is shorter than the backup takes, and than a transfer block takes: run after run gets further all the same."""

import random
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from bench.target import Line
from gdp.engine.check import CheckOptions, check_repository
from gdp.engine.check.options import ALL_PACKS
from gdp.model.events import ignore_events
from gdp.model.files import FileKind
from gdp.model.runs import Reason, Run, State
from gdp.repo.opening import open_repository
from gdp.storage.local import LocalStorage
from tests.daemon.running import PASSWORD, World, events_of, wait_for_run
from tests.sshd import run_sshd

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

MOST_RUNS = 10
ENDS = (State.OK, State.ATTENTION, State.ERROR, State.INTERRUPTED)


@pytest.fixture
def world(tmp_path: Path, isolated_home: Path) -> World:
    """Eighteen seconds of a line of a megabyte a second, in packs that are larger than all of it."""
    made = World(tmp_path)
    for number in range(18):
        (made.source / f"large {number}").write_bytes(random.Random(number).randbytes(1 << 20))
    return made


@pytest.fixture
def link(world: World, tmp_path: Path, isolated_home: Path) -> Iterator[str]:
    """A real server with the repository, behind a real line of eight megabits; as a target."""
    with run_sshd(tmp_path / "sshd") as server:
        (isolated_home / ".ssh").mkdir(mode=0o700)
        (isolated_home / ".ssh" / "config").write_text(f"Host *\n  IdentityFile {server.client_key}\n")
        line = Line([sys.executable, "-m", "bench.link", str(server.port), "--rate-mbit", "8"])
        try:
            yield f"sftp://{server.user}@127.0.0.1:{line.port}{world.repository}"
        finally:
            line.close()


def run_until_done(world: World) -> list[tuple[Run, int]]:
    """Have the set run until a run is done; return each with the number of whole packs there were after it."""
    done: list[tuple[Run, int]] = []
    with world.daemon() as running, running.client() as watching, running.client() as asking:
        events = events_of(watching)
        while len(done) < MOST_RUNS:
            asking.ask("run", set="daten")
            run = wait_for_run(events, *ENDS)
            done.append((run, len(list(LocalStorage(world.repository).list(FileKind.DATA)))))
            if run.state.is_done:
                return done
    raise AssertionError(f"not done: {done}")


def check(world: World, done: list[tuple[Run, int]]) -> None:
    """Look at the runs and at every byte of what they made."""
    broken_off, (last, _) = done[:-1], done[-1]
    packs = [count for _, count in done]

    assert last.state is State.OK
    assert len(broken_off) >= 2
    assert {(run.state, run.reason) for run, _ in broken_off} == {(State.INTERRUPTED, Reason.LONGEST_RUN)}
    assert packs[0] > 1, "the first one has sent more than folders"
    assert all(before < after for before, after in pairwise(packs))
    repo = open_repository(LocalStorage(world.repository), PASSWORD.encode(), world.home)
    assert check_repository(repo, CheckOptions(ALL_PACKS), ignore_events).errors == ()


def test_short_runs_finish_what_none_of_them_could(world: World) -> None:
    """Packs are small enough to arrive in time, one after the other, as soon as it is seen how slow the line is."""
    world.write_set(schedule='longest-run = "8s"', bandwidth='limits = ["up 1M"]')
    done = run_until_done(world)

    check(world, done)


@pytest.mark.peer
def test_short_runs_finish_over_a_real_line(world: World, link: str) -> None:
    """What lies in buffers has not arrived, and the server's acknowledgements say how fast it is."""
    world.write_set(target=f'repo = "{link}"', schedule='longest-run = "8s"')
    done = run_until_done(world)

    check(world, done)


def test_a_run_with_too_little_time_says_so_in_status_and_report(world: World) -> None:
    """At 40 KB a second not even a block arrives in six seconds, run after run: somebody has to change that."""
    world.write_set(schedule='longest-run = "6s"', bandwidth='limits = ["up 40K"]')
    with world.daemon() as running, running.client() as watching, running.client() as asking:
        events = events_of(watching)
        asking.ask("run", set="daten")
        run = wait_for_run(events, *ENDS)
        status = world.gdp("status").stdout
        report = world.gdp("report", "show", str(run.id)).stdout
        deutsch = world.gdp("--language", "de", "status").stdout

    assert (run.state, run.reason) == (State.INTERRUPTED, Reason.LONGEST_RUN)
    assert "nothing of this run is kept" in status
    assert f"gdp report show {run.id}" in status
    assert "ended before anything that lasts had been sent" in report
    assert "longest-run" in report
    assert "bleibt nichts" in deutsch
