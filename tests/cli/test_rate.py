"""A rate limit as the user is promised it: within a tenth over any ten seconds, seen at the server, whatever runs in parallel."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.cli.command_line import Gdp, process
from tests.sshd import Sshd
from tests.storage.relay import Relay, run_relay

pytestmark = [pytest.mark.slow, pytest.mark.peer, pytest.mark.timeout(120)]

RATE = 512 << 10
SECONDS = 12  # so that there are many windows, and the test is short
WINDOW_SECONDS = 10.0
MOST = 1.1
LEAST = 0.6  # of the whole: a computer under load may well be slower than it is allowed to be


@pytest.fixture
def relay(server: Sshd) -> Iterator[Relay]:
    with run_relay(server.port) as running:
        yield running


@pytest.fixture
def run(gdp: Gdp, server: Sshd, relay: Relay) -> Callable[..., None]:
    """Runs a command over the relay, in a process of its own."""
    target = f"sftp://{server.user}@127.0.0.1:{relay.port}{gdp.repository}"

    def run_command(*arguments: str | Path) -> None:
        ended = process(["--repo", target, "--password-file", str(gdp.password_file), *map(str, arguments)])
        assert ended.code == 0, ended.err

    return run_command


def check_rate(carried: Sequence[tuple[float, int]]) -> None:
    """Look at the ten seconds that begin with each arrival."""
    end = amount = 0
    most = 0
    for begin, (time, count) in enumerate(carried):
        while end < len(carried) and carried[end][0] < time + WINDOW_SECONDS:
            amount += carried[end][1]
            end += 1
        most = max(most, amount)
        amount -= count
        assert begin < end
    whole = sum(count for _, count in carried)
    duration = carried[-1][0] - carried[0][0]

    assert most <= MOST * RATE * WINDOW_SECONDS
    assert whole >= RATE * (SECONDS - 1)
    assert whole / duration >= LEAST * RATE


def make_noise(folder: Path) -> Path:
    """Write what cannot be compressed, in files for several workers."""
    folder.mkdir()
    for number in range(4):
        (folder / str(number)).write_bytes(os.urandom(RATE * SECONDS // 4))
    return folder


def test_an_upload_keeps_to_its_rate_as_the_server_sees_it(run: Callable[..., None], relay: Relay, tmp_path: Path) -> None:
    """An office telephones over the same line."""
    source = make_noise(tmp_path / "source")
    run("init")
    relay.carried.clear()
    run("--limit-upload", f"{RATE >> 10}K", "backup", source)

    check_rate([(time, up) for time, up, _down in relay.carried if up])


def test_a_download_keeps_to_its_rate_as_the_server_sees_it(run: Callable[..., None], relay: Relay, tmp_path: Path) -> None:
    """The monthly restore drill runs in office hours, too."""
    source = make_noise(tmp_path / "source")
    run("init")
    run("backup", source)
    relay.carried.clear()
    run("--limit-download", f"{RATE >> 10}K", "restore", "latest", "--target", tmp_path / "out")

    check_rate([(time, down) for time, _up, down in relay.carried if down])
