"""A run that is ended while it sends: what of it stays, and what it says. tests/daemon ends them again and again."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gdp.model.files import FileKind
from tests.cli.command_line import command
from tests.crash.world import World, fill, process_words

SOURCE_BYTES = 8 << 20
Records = list[dict[str, Any]]
Running = subprocess.Popen[bytes]
Start = Callable[[str, str], Running]


@pytest.fixture
def world(tmp_path: Path, isolated_home: Path) -> World:
    """Much to back up, and nothing backed up so far."""
    made = World(tmp_path / "world", tmp_path / "source")
    made.folder.mkdir()
    made.init()
    fill(made.source, [f"{number}" for number in range(8)], 9, SOURCE_BYTES // 8)
    return made


@pytest.fixture
def start(world: World) -> Start:
    """Starts a backup with a rate limit, in packs of a size."""

    def start_backup(rate: str, size: str) -> Running:
        words = ["--json", "--limit-upload", rate, "backup", "--transfer-block-size", size, str(world.source)]
        words = command(process_words(world, *words))
        return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0)

    return start_backup


def end_after(running: Running, most: int, number: signal.Signals = signal.SIGINT) -> Records:
    """Let a run send so many bytes, end it, and return its records. It must end with 130."""
    assert running.stdout is not None
    records: Records = []
    with running:
        for line in running.stdout:
            records.append(msgspec.json.decode(line))
            if records[-1].get("bytes_sent", 0) >= most:
                running.send_signal(number)
                break
        rest, said = running.communicate(timeout=60)
    assert running.returncode == 130, said
    return records + [msgspec.json.decode(line) for line in [*rest.splitlines(), *said.splitlines()]]


def kill_with_packs(world: World, running: Running) -> set[str]:
    """Kill all processes of a run once it has stored two packs; return all that it stored."""
    before = set(world.names(FileKind.DATA))
    deadline = time.monotonic() + 60
    with running:
        while len(set(world.names(FileKind.DATA)) - before) < 2 and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate(timeout=60)
    return set(world.names(FileKind.DATA)) - before


def test_what_a_killed_run_sent_is_looked_at_once_and_not_by_every_run_after_it(world: World, start: Start) -> None:
    """Each look costs round trips. A run that has little time must not spend it on the packs of all runs before."""
    first = kill_with_packs(world, start("1M", "1M"))
    second = kill_with_packs(world, start("1M", "1M"))
    assert world.backup() == 0

    assert len(first) >= 2
    assert len(second) >= 2
    assert f"found complete and kept: {len(second)} packs" in world.output
    world.require_sound()


def test_what_a_run_sent_is_in_the_index_when_it_has_ended(world: World, start: Start) -> None:
    """So the next one need not look at each pack; there may be thousands, and little time."""
    records = end_after(start("1M", "1M"), 6 << 20)  # more than all that is under way at a time

    assert records[-1]["message"] == "interrupted"
    assert world.names(FileKind.DATA)
    assert world.names(FileKind.INDEX)
    world.require_sound()
    assert world.backup() == 0
    assert "of an interrupted run" not in world.output
    world.require_sound()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_of_which_nothing_stays_says_so(world: World, start: Start, number: signal.Signals) -> None:
    """'Nothing is lost' would be no lie, and no help: the next run begins where this one did."""
    last = end_after(start("200K", "16M"), 100_000, number)[-1]

    assert last["error_class"] == "Interrupted"
    assert "nothing of this run is kept" in last["message"]
    assert "longest-run" in last["hint"]
    assert world.locks() == []


def test_a_run_that_ends_before_it_sends_anything_says_no_such_thing(world: World) -> None:
    """Ctrl-C in the first second: there was nothing to keep."""
    words = process_words(world, "--json", "backup", str(world.source))
    with subprocess.Popen(command(words), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        deadline = time.monotonic() + 60
        while not world.locks() and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)

    assert b"nothing of this run is kept" not in said
    assert world.locks() == []
