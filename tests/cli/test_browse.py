"""``gdp browse``: one open repository and many questions."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import Gdp, command


class Asked:
    """A running ``gdp browse``."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def __call__(self, *words: str) -> list[dict[str, Any]]:
        """Ask, and return the answer; the last record is ``answered``, unless it ended."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        records: list[dict[str, Any]] = []
        while (not records or records[-1]["message_type"] != "answered") and (line := self.process.stdout.readline()):
            records.append(json.loads(line))
        return records


@contextmanager
def asked(gdp: Gdp, *options: str) -> Iterator[Asked]:
    """Have one at work, and end its input afterwards."""
    words = command([*gdp.options, "--json", "browse", *options])
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield Asked(process)
        process.communicate()


@pytest.fixture
def filled(ready: Gdp, source: Path) -> Gdp:
    """A user with two snapshots."""
    assert ready("backup", source).code == 0
    (source / "a.txt").write_text("changed\n")
    assert ready("backup", source).code == 0
    return ready


def locks(gdp: Gdp) -> int:
    """Return how many locks there are."""
    return len(list((gdp.repository / "locks").iterdir()))


def test_answers_are_those_of_the_commands(filled: Gdp, source: Path) -> None:
    """Whoever can read the one can read the other."""
    first, second = (record["id"] for record in filled("--json", "snapshots").records[:2])
    questions = [["snapshots"], ["ls", "latest", str(source)], ["find", "*.txt"], ["diff", first, second, "--metadata"]]
    with asked(filled) as ask:
        for words in questions:
            *answer, end = ask(*words)

            assert answer == filled("--json", *words).records
            assert end == {"message_type": "answered", "code": 0}
    assert ask.process.returncode == 0


def test_the_password_is_needed_only_once(filled: Gdp) -> None:
    """Deriving the key is slow by design; a question is not."""
    with asked(filled) as ask:
        assert ask("snapshots")[-1]["code"] == 0
        filled.password_file.unlink()

        assert ask("ls", "latest")[-1]["code"] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ls", "latest", "/nowhere"], "the snapshot has no /nowhere"),
        (["ls"], "Missing argument"),
        (["forget", "latest"], "'forget' cannot be asked here"),
        (["ls", "latest", "--no-lock"], "options that hold for all questions"),
        ([], "'' cannot be asked here"),
    ],
)
def test_a_wrong_question_is_answered_and_the_next_as_well(filled: Gdp, words: list[str], said: str) -> None:
    """Its error stands in its own answer."""
    with asked(filled) as ask:
        *_before, error, end = ask(*words)

        assert (error["message_type"], error["code"], end["code"]) == ("exit_error", 1, 1)
        assert said in error["message"]
        assert ask("ls", "latest")[-1]["code"] == 0
    assert ask.process.returncode == 0


def test_it_holds_a_lock_as_every_command_that_reads(filled: Gdp) -> None:
    """Nobody may remove what it reads; when it ends, it gives the lock back. Whoever wants none gets none."""
    with asked(filled) as ask:
        ask("snapshots")
        assert locks(filled) == 1
    assert locks(filled) == 0
    with asked(filled, "--no-lock") as ask:
        ask("snapshots")

        assert locks(filled) == 0


def test_who_lists_the_snapshots_sees_those_that_were_made_since(filled: Gdp, source: Path) -> None:
    """And may look into them: the index is read again."""
    with asked(filled) as ask:
        ask("ls", "latest")
        (source / "later.txt").write_text("later\n")
        assert filled("backup", source).code == 0
        assert sum(record["message_type"] == "snapshot" for record in ask("snapshots")) == 3

        assert "later.txt" in {record.get("name") for record in ask("ls", "latest", str(source))}


def test_it_ends_with_a_sentence_when_the_repository_is_gone(filled: Gdp) -> None:
    """The answer is not finished; whoever asks again starts it anew."""
    with asked(filled, "--no-lock") as ask:
        ask("ls", "latest")
        filled.repository.rename(filled.repository.with_name("elsewhere"))

        assert ask("snapshots") == []
        assert ask.process.stderr is not None
        (error,) = map(json.loads, ask.process.stderr)
        assert (error["message_type"], error["error_class"]) == ("exit_error", "NoRepository")
    assert ask.process.returncode == 10


def test_people_may_ask_as_in_a_shell(filled: Gdp, source: Path) -> None:
    """Words are parted by blanks and joined by quotes; what is no question is said."""
    (source / "two words").mkdir()
    filled("backup", source)
    questions = f"ls latest '{source}/two words'\n\nls 'latest\n[1]\n"
    outcome = filled.process("browse", input=questions.encode())

    assert outcome.out.splitlines() == [f"{source}/two words/"]
    assert outcome.err.count("this is no question") == 2
    assert outcome.code == 0


def test_all_means_also_other_sets_and_computers(filled: Gdp, source: Path) -> None:
    """Without it, a set means its own snapshots."""
    settings = ["--source", str(source), "--repo", str(filled.repository), "--password-file", str(filled.password_file)]
    filled.password_file.chmod(0o600)
    assert filled("set", "add", "daten", *settings).code == 0
    own = filled("--json", "snapshots", "-S", "daten")
    every = filled("--json", "snapshots", "-S", "daten", "--all")
    found = filled("--json", "find", "-S", "daten", "--all", "a.txt")

    assert (own.summary["snapshots"], every.summary["snapshots"]) == (0, 2)
    assert found.summary["hits"] == 2


def test_find_begins_with_the_newest_and_stops(filled: Gdp) -> None:
    """Of a file that was found in a thousand snapshots, the last is the one that is wanted."""
    newest = filled("--json", "snapshots").records[1]["id"]
    found = filled("--json", "find", "--newest-first", "--most", "1", "*.txt")

    assert found.summary["hits"] == 1
    assert found.records[0]["snapshot"] == newest
