"""At a real terminal: passwords are asked for and not shown, and what needs a yes is asked."""

import os
import pty
import sys
from pathlib import Path

import pytest

from gdp.core.gotext import encode_json
from gdp.model.files import CONFIG_FILE
from gdp.model.records import RepositoryConfig
from gdp.repo.opening import open_repository
from gdp.repo.unpacked import save_config
from gdp.storage.local import LocalStorage
from tests.cli.command_line import PASSWORD, Gdp

CTRL_C = "\x03"


def talk(arguments: list[str], answers: list[str]) -> tuple[int, str]:
    """Run a command at a terminal, answer each question, and return the exit code and what the terminal showed."""
    process, terminal = pty.fork()
    if process == 0:
        os.execv(sys.executable, [sys.executable, "-m", "gdp", *arguments])
    shown = b""
    for answer in answers:
        shown += _until_question(terminal)
        os.write(terminal, answer.encode() + (b"" if answer == CTRL_C else b"\n"))
    while part := _read(terminal):
        shown += part
    _, status = os.waitpid(process, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), shown.decode()


def _until_question(terminal: int) -> bytes:
    shown = b""
    while not shown.endswith((b": ", b"] ")):
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


@pytest.fixture
def foreign(ready: Gdp, isolated_home: Path) -> Gdp:
    """A user with a repository that looks as if restic had made it."""
    repo = open_repository(LocalStorage(ready.repository), PASSWORD.strip().encode(), isolated_home / "gdp")
    (ready.repository / CONFIG_FILE.path).unlink()
    save_config(repo.storage, repo.key, encode_json(RepositoryConfig(2, repo.config.id, repo.config.chunker_polynomial)))
    return ready


def snapshots(user: Gdp) -> int:
    """Return how many snapshots the user has."""
    found: int = user("--json", "snapshots").summary["snapshots"]
    return found


def test_a_yes_to_foreign_chunking_is_asked_for_once(foreign: Gdp, source: Path) -> None:
    """Whoever sits there need not type the command again with an option; nor be asked at every backup."""
    code, shown = talk([*foreign.options, "backup", str(source)], ["y"])
    assert code == 0
    assert "made by restic" in shown
    code, shown = talk([*foreign.options, "backup", str(source)], [])

    assert (code, "made by restic" in shown) == (0, False)
    assert snapshots(foreign) == 2


def test_the_question_and_its_answer_are_in_the_users_language(foreign: Gdp, source: Path) -> None:
    """A German types j."""
    code, shown = talk([*foreign.options, "--language", "de", "backup", str(source)], ["j"])

    assert code == 0
    assert "Trotzdem dorthin sichern? [j/N] " in shown


@pytest.mark.parametrize("answer", ["", "n", "what?"])
def test_all_but_a_yes_is_a_no(foreign: Gdp, source: Path, answer: str) -> None:
    """The question is about storing gigabytes twice; and a no leaves nothing behind that looks like a yes."""
    code, shown = talk([*foreign.options, "backup", str(source)], [answer])

    assert code == 1
    assert "nothing was backed up, since you did not agree" in shown
    assert snapshots(foreign) == 0
    assert foreign("backup", source).code == 1


def test_ctrl_c_at_the_question_ends_the_run(foreign: Gdp, source: Path) -> None:
    """It is nobody's yes, and leaves no lock behind."""
    code, shown = talk([*foreign.options, "backup", str(source)], [CTRL_C])

    assert code == 130
    assert "interrupted" in shown
    assert snapshots(foreign) == 0
    assert list((foreign.repository / "locks").iterdir()) == []


@pytest.mark.parametrize("option", ["--json", "--quiet"])
def test_scripts_are_not_asked(foreign: Gdp, source: Path, option: str) -> None:
    """They would wait for ever, or read the question as a record; they are told the option."""
    code, shown = talk([*foreign.options, option, "backup", str(source)], [])

    assert code == 1
    assert "--accept-foreign-chunking" in shown
