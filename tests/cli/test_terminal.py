"""At a real terminal: passwords are asked for and not shown."""

import os
import pty
import sys
from pathlib import Path

from tests.cli.command_line import Gdp


def talk(arguments: list[str], answers: list[str]) -> tuple[int, str]:
    """Run a command at a terminal, answer each question, and return the exit code and what the terminal showed."""
    process, terminal = pty.fork()
    if process == 0:
        os.execv(sys.executable, [sys.executable, "-m", "gdp", *arguments])
    shown = b""
    for answer in answers:
        shown += _until_question(terminal)
        os.write(terminal, answer.encode() + b"\n")
    while part := _read(terminal):
        shown += part
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), shown.decode()


def _until_question(terminal: int) -> bytes:
    shown = b""
    while not shown.endswith(b": "):
        shown += _read(terminal)
    return shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # so Linux says that the other end is closed
        return b""


def test_the_password_is_asked_for_and_not_shown(ready: Gdp) -> None:
    """For people without a file."""
    code, shown = talk(["--repo", str(ready.repository), "snapshots"], ["a password"])

    assert code == 0
    assert "Password of the repository: " in shown
    assert "a password" not in shown


def test_a_new_password_is_asked_for_twice(tmp_path: Path) -> None:
    """A typing error in it would lock everybody out."""
    target = str(tmp_path / "repository")
    code, shown = talk(["--repo", target, "init"], ["one", "other"])
    assert (code, "differ" in shown) == (1, True)
    assert not (tmp_path / "repository" / "config").exists()
    code, shown = talk(["--repo", target, "init"], ["one", "one"])

    assert code == 0
    assert "Keep it in a second place" in shown


def test_contents_are_not_written_to_a_terminal(ready: Gdp) -> None:
    """A binary file would wreck it."""
    code, shown = talk([*ready.options, "dump", "latest", "/x"], [])

    assert code == 1
    assert "--target" in shown
