"""The benchmark's own parts: a wrong ruler would praise or blame the wrong program."""

import hashlib
import os
import socket
import sys
import threading
import time
from pathlib import Path

import pytest

from bench import data as data_sets
from bench.measure import measure
from bench.report import Run, as_markdown, summarise
from bench.target import Line


def run(tool: str, row: str, number: int, wall: float, *, memory: float = 1.0, target: str = "local") -> Run:
    return Run("small", target, row, tool, number, wall, wall, memory, size=10.0)


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_ratio_is_the_median_of_pairs_and_judged_by_the_rows_limit() -> None:
    """Neither one noisy run nor a machine that is slow in one repetition must decide."""
    runs = [run("restic", "first", number, wall) for number, wall in enumerate((10.0, 20.0, 10.0, 7.0))]
    runs += [run("gdp", "first", number, wall) for number, wall in enumerate((5.0, 10.0, 9.9))]
    runs += [run("restic", "check", 0, 1.0), run("gdp", "check", 0, 0.9)]

    lines = {line.title: line for line in summarise(runs)["small", "local"]}

    assert lines["first backup, wall"].ratio == pytest.approx(0.5)
    assert lines["first backup, wall"].verdict == "ok"
    assert lines["check --read-data"].verdict == "MISSED"
    assert "unchanged second backup" not in lines


def test_memory_is_the_highest_of_a_repetitions_rows() -> None:
    """A program that is modest in the backup and greedy in the restore is greedy."""
    runs = [run("restic", row, 0, 1.0, memory=memory) for row, memory in (("first", 100.0), ("restore", 300.0))]
    runs += [run("gdp", row, 0, 1.0, memory=memory) for row, memory in (("first", 240.0), ("restore", 30.0))]

    memory = next(line for line in summarise(runs)["small", "local"] if line.title == "peak memory")

    assert memory.medians == {"restic": 300.0, "gdp": 240.0}


def test_table_shows_who_missed_what() -> None:
    """The table is published as it is printed."""
    text = as_markdown("small", summarise([run("restic", "first", 0, 10.0), run("gdp", "first", 0, 9.0)])["small", "local"])

    row = next(line for line in text.splitlines() if "first backup, wall" in line)
    assert [cell.strip() for cell in row.strip("|").split("|")] == [
        "first backup, wall", "10.00 s", "9.00 s", "0.90", "<= 0.55", "MISSED",
    ]  # fmt: skip


def test_data_is_the_same_each_time_and_one_in_a_hundred_changes(tmp_path: Path) -> None:
    """Figures of two days can only be compared over the same bytes."""
    first = data_sets.ensure(tmp_path / "a", "small", 0.01)
    second = data_sets.ensure(tmp_path / "b", "small", 0.01)
    before = digests(first)

    assert len(before) == 500
    assert before == digests(second)

    changed = data_sets.change(first, 0)
    after = digests(first)

    assert changed == 5
    assert sum(after[path] != digest for path, digest in before.items()) == 5


def test_children_are_measured_too(tmp_path: Path) -> None:
    """Much of the work is done by worker processes."""
    child = "x = bytearray(60_000_000); x[::4096] = b'1' * len(x[::4096]); import time; end = time.process_time() + 0.3\n"
    child += "while time.process_time() < end: pass"
    parent = f"import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', {child!r}]) or 3)"

    cost = measure([sys.executable, "-c", parent], os.environ, tmp_path, tmp_path / "log")

    assert cost.exit_code == 3
    assert cost.cpu_seconds >= 0.3
    assert cost.peak_bytes >= 60_000_000


def test_line_delays_and_counts_what_it_carries() -> None:
    """Both ends see the same bytes, later."""
    sent = os.urandom(3_000_000)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_echo, args=(listener,), daemon=True).start()
        line = Line([sys.executable, "-m", "bench.link", str(listener.getsockname()[1]), "--delay-ms", "50"])
        try:
            line.carried_bytes()
            began = time.monotonic()
            with socket.create_connection(("127.0.0.1", line.port)) as connection:
                threading.Thread(target=connection.sendall, args=(sent,), daemon=True).start()
                received = b""
                while len(received) < len(sent):
                    received += connection.recv(1 << 20)
            took = time.monotonic() - began

            assert received == sent
            assert took >= 0.1
            assert line.carried_bytes() == 2 * len(sent)
        finally:
            line.close()


def _echo(listener: socket.socket) -> None:
    """Answer every connection with what it sends; the first one is only the relay being waited for."""
    while True:
        try:
            connection, _address = listener.accept()
        except OSError:
            return
        threading.Thread(target=_echo_one, args=(connection,), daemon=True).start()


def _echo_one(connection: socket.socket) -> None:
    with connection:
        while part := connection.recv(1 << 16):
            connection.sendall(part)
