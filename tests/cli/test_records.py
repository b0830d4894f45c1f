"""What ``docs/json.md`` promises about ``--json``, checked against what the commands write."""

import re
from pathlib import Path

import pytest

from tests.cli.command_line import Gdp, Outcome
from tests.conftest import PROJECT

DOCUMENT = (PROJECT / "docs" / "json.md").read_text()
WORDS = set(re.findall(r"`([A-Za-z_]+)`", DOCUMENT))


@pytest.fixture
def outcomes(ready: Gdp, source: Path, tmp_path: Path) -> dict[str, Outcome]:
    """Every command that writes records, once, by its name."""
    json = ("--json", "-v")
    done = {"backup": ready(*json, "backup", source, "--tag", "a")}
    (source / "a.txt").write_text("changed\n")
    ready("backup", source)
    first, second = (record["id"] for record in ready("--json", "snapshots").records[:2])
    (tmp_path / "second").write_text("second\n")
    commands: dict[str, list[str]] = {
        "snapshots": [],
        "ls": ["latest"],
        "find": ["*.txt"],
        "diff": [first, second],
        "restore": ["latest", "--target", str(tmp_path / "out")],
        "check": [],
        "stats": [],
        "tag": ["--add", "b"],
        "rewrite": ["--exclude", "*.tmp"],
        "forget": ["--keep-last", "1", "--prune"],
        "prune": [],
        "repair index": [],
        "repair snapshots": [],
        "key list": [],
        "key add": ["--new-password-file", str(tmp_path / "second")],
        "unlock": [],
        "mail queue": [],
        "version": [],
    }
    return done | {name: ready(*json, *name.split(), *arguments) for name, arguments in commands.items()}


def test_every_line_is_a_documented_object_and_the_summary_comes_last(outcomes: dict[str, Outcome]) -> None:
    """A script that is written from the document must work."""
    last = {"diff": "statistics", "version": "version"}
    for name, outcome in outcomes.items():
        assert outcome.code == 0, (name, outcome.err)
        assert outcome.summary["message_type"] == last.get(name, "summary"), name
        for record in outcome.records:
            assert record.keys() <= WORDS | {"message_type"}, name
            assert record["message_type"] in WORDS, name


def test_every_command_is_documented(outcomes: dict[str, Outcome]) -> None:
    """Nothing is left for guessing."""
    assert {name for name in outcomes if f"`{name}`" not in DOCUMENT} == set()


def test_errors_are_documented_objects(ready: Gdp, source: Path) -> None:
    """On stderr, beside the records."""
    outcome = ready("--json", "backup", source, "/proc/self/mem", "--exclude", "a/b")

    assert {record["message_type"] for record in outcome.errors} == {"error", "note"}
    for record in outcome.errors:
        assert record.keys() <= {
            "message_type",
            "message",
            "error",
            "during",
            "item",
            "hint",
            "template",
            "facts",
            "hint_template",
        }
