"""Exit codes are restic's, because scripts and monitoring know them."""

import os
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pytest

from gdp.core.kdf import DEFAULT_COST, ScryptCost
from gdp.repo.lease import Lease
from gdp.repo.locks import LockKeeper
from gdp.repo.opening import open_repository
from gdp.repo.own_locks import OwnLocks
from gdp.storage.local import LocalStorage
from tests.cli.command_line import PASSWORD, Gdp, Outcome, command, here, process


def test_0_when_all_went_well(ready: Gdp) -> None:
    """The usual case."""
    assert ready.process("snapshots").code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["snapshots"],
        ["nonsense"],
        ["snapshots", "--nonsense"],
        ["--repo", "x", "--repo"],
        ["--repo", "ftp://host/folder", "snapshots"],
        ["backup", "--compression", "much", "x"],
        ["restore"],
    ],
)
def test_1_when_the_command_makes_no_sense(arguments: list[str]) -> None:
    """Whatever is wrong with the command line is fatal, and said on stderr in one sentence."""
    outcome = here(arguments)

    assert outcome.code == 1
    assert outcome.out == ""
    assert outcome.err.startswith("Error: ")
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize("unreadable", ["/proc/self/mem", "/does/not/exist"])
def test_3_when_sources_could_not_be_read(ready: Gdp, source: Path, unreadable: str) -> None:
    """A snapshot was made, but not of everything: a script must be able to tell."""
    outcome = ready.process("backup", source, unreadable)

    assert outcome.code == 3
    assert f"{unreadable}: " in outcome.err
    assert len(ready("--json", "snapshots").records) == 2


def test_10_when_there_is_no_repository(gdp: Gdp) -> None:
    """So that a script may run init then."""
    assert gdp.process("snapshots").code == 10


def test_11_when_somebody_holds_a_lock(ready: Gdp, tmp_path: Path) -> None:
    """Trying again later may help."""
    repository = open_repository(LocalStorage(ready.repository), PASSWORD.strip().encode(), tmp_path / "other home")
    keeper = LockKeeper(repository.storage, repository.key, 2, OwnLocks(tmp_path / "other home" / "locks"))
    with keeper.hold(exclusive=True, lease=Lease()):
        outcome = ready.process("--json", "snapshots")
        without_lock = ready.process("--no-lock", "snapshots")

    assert outcome.code == 11
    assert outcome.errors[-1]["code"] == 11
    assert without_lock.code == 0


def test_12_when_the_password_is_wrong(ready: Gdp) -> None:
    """Trying again cannot help."""
    ready.password_file.write_text("another\n")

    assert ready.process("snapshots").code == 12


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_130_when_interrupted_and_the_lock_is_given_back(ready: Gdp, number: signal.Signals) -> None:
    """Whoever stops a backup must not have to unlock the repository afterwards."""
    reader, writer = os.pipe()
    arguments = command([*ready.options, "backup", "--stdin"])
    with subprocess.Popen(arguments, stdin=reader, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        os.close(reader)
        _wait_for(ready.repository / "locks")
        os.write(writer, b"something\n")
        running.send_signal(number)
        _, said = running.communicate(timeout=30)
        os.close(writer)

    assert running.returncode == 130
    assert b"interrupted" in said
    assert b"Traceback" not in said
    assert not list((ready.repository / "locks").iterdir())


def test_errors_are_objects_with_json(gdp: Gdp) -> None:
    """With restic's fields, so that scripts need not read sentences."""
    [error] = gdp("--json", "snapshots").errors

    assert error["message_type"] == "exit_error"
    assert error["code"] == 10
    assert "no repository" in error["message"]


def test_an_error_of_our_own_leaves_a_log_and_no_traceback(
    ready: Gdp, isolated_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A layman cannot do anything with a traceback, but whoever mends the program needs it."""

    def break_down(*_arguments: object) -> None:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr("gdp.repo.repository.Repository.snapshots", break_down)
    outcome = ready("snapshots")
    [log] = (isolated_home / "gdp" / "log").iterdir()

    assert outcome.code == 1
    assert "an error in this program: ZeroDivisionError: on purpose" in outcome.err
    assert str(log) in outcome.err
    assert "Traceback" not in outcome.err
    assert "break_down" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_reader_that_stops_reading_is_no_error_to_complain_about(ready: Gdp) -> None:
    """``gdp --help | head -1``."""
    with subprocess.Popen(command(["--help"]), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.close()
        assert running.stderr is not None
        said = running.stderr.read()

    assert said == b""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_without_our_characters_gets_others(ready: Gdp, source: Path, encoding: str) -> None:
    """A table is not worth an exit code."""
    assert ready("backup", source).code == 0
    outcome = ready.process("snapshots", environment={"PYTHONIOENCODING": encoding, "GDP_LANGUAGE": "de"})

    assert (outcome.code, outcome.err) == (0, "")
    assert source.name in outcome.out


def test_closed_outputs_are_no_reason_to_fail(ready: Gdp, source: Path) -> None:
    """As some starters of services do."""
    words = " ".join(shlex.quote(word) for word in command([*ready.options, "backup", str(source)]))

    assert subprocess.run(["sh", "-c", f"{words} >&- 2>&-"], check=False).returncode == 0
    assert ready("--json", "snapshots").summary["snapshots"] == 1


def test_init_is_never_weaker_than_restic(gdp: Gdp) -> None:
    """The password file is all that protects the key."""
    outcome: Outcome = gdp.process("init")
    assert outcome.code == 0
    [key] = (gdp.repository / "keys").iterdir()
    parameters = process([*gdp.options, "cat", "key", key.name, "--json"]).records[0]

    assert ScryptCost(parameters["N"], parameters["r"], parameters["p"]) == DEFAULT_COST


def _wait_for(folder: Path) -> None:
    """Wait until something is in a folder."""
    deadline = time.monotonic() + 30
    while not list(folder.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert list(folder.iterdir())
