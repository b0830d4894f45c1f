"""``gdp advise``, as a user meets it."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from gdp.engine.advise.estimate import PACK_CHOICES
from gdp.engine.advise.measured import BLOCK_CHOICES
from tests.cli.command_line import Gdp, Outcome, command, here

WIDEST = 80


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A folder with something in it."""
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "letter").write_text("Dear all,\n" * 1000)
    (folder / "picture").write_bytes(os.urandom(3_000_000))
    return folder


@pytest.fixture
def target(gdp: Gdp) -> Path:
    """An empty folder where a repository is to be made."""
    gdp.repository.mkdir()
    return gdp.repository


def summary(outcome: Outcome) -> dict[str, Any]:
    """Return the object that a run wrote."""
    assert outcome.code == 0, outcome.err
    return outcome.summary


def test_it_shows_what_each_choice_costs_and_recommends_one(gdp: Gdp, target: Path, sources: Path) -> None:
    """Before there is a repository, with nothing left where it will be."""
    outcome = gdp("advise", sources)

    assert outcome.code == 0
    assert "Recommended: --block-size 1M --transfer-block-size " in outcome.out  # which one is the measured line's affair
    assert "128K" in outcome.out
    assert "a second, answers after" in outcome.out
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("language", ["en", "de"])
def test_it_fits_a_terminal_of_80_columns(gdp: Gdp, target: Path, sources: Path, language: str) -> None:
    """In both languages."""
    out = gdp("--language", language, "advise", sources).out

    assert max(map(len, out.splitlines())) <= WIDEST
    assert ("Empfohlen" if language == "de" else "Recommended") in out


def test_the_record_has_every_choice(gdp: Gdp, target: Path, sources: Path) -> None:
    """For scripts and for whoever draws the table anew."""
    record = summary(gdp("--json", "advise", sources))

    assert {(cost["block_bytes"], cost["pack_bytes"]) for cost in record["costs"]} == {
        (block, pack) for block in BLOCK_CHOICES for pack in PACK_CHOICES
    }
    assert record["files"] == 2
    assert record["line"]["bytes_per_second"] > 0
    assert record["block_size"] == 1 << 20
    assert len(record["reasons"]) == 2


def test_a_rate_that_is_told_is_not_measured(gdp: Gdp, sources: Path) -> None:
    """The target need not even exist."""
    record = summary(gdp("--json", "advise", sources, "--upload-rate", "100K"))

    assert record["line"] == {"bytes_per_second": 102_400, "seconds_a_file": 0.0, "round_trip_seconds": None}
    assert min(cost["upload_seconds"] for cost in record["costs"]) > 25
    assert record["transfer_block_size"] == 4 << 20
    assert not gdp.repository.exists()


def test_without_a_target_no_times_are_made_up(sources: Path) -> None:
    """What can be said without one is said."""
    record = summary(here(["--json", "advise", str(sources)]))

    assert record["line"] is None
    assert {cost["upload_seconds"] for cost in record["costs"]} == {None}
    assert "no target was named" in here(["advise", str(sources)]).err


@pytest.mark.parametrize("repo", ["missing", "sftp://127.0.0.1:1/srv"])
def test_a_target_that_cannot_be_measured_is_said(tmp_path: Path, sources: Path, repo: str) -> None:
    """With the reason, and what to do."""
    outcome = here(["advise", str(sources), "--repo", repo if ":" in repo else str(tmp_path / repo)])

    assert outcome.code == 0
    assert "the line could not be measured: " in outcome.err
    assert "--upload-rate" in outcome.err
    assert "Line:    not measured" in outcome.out


def test_sources_that_do_not_exist_are_an_error(gdp: Gdp, target: Path) -> None:
    """At once, before anything is measured."""
    assert gdp("advise", "/nowhere").code == 1
    assert "nothing to back up" in gdp("advise").err


def test_empty_sources_get_the_usual_sizes(gdp: Gdp, target: Path, tmp_path: Path) -> None:
    """And the reason that there is nothing to judge by."""
    (tmp_path / "empty").mkdir()
    out = gdp("advise", tmp_path / "empty").out

    assert "Recommended: --block-size 1M --transfer-block-size 16M" in out
    assert "There is nothing in the sources to judge by" in out


def test_excludes_are_those_of_a_backup(gdp: Gdp, target: Path, sources: Path) -> None:
    """A pattern hits what it would hit then."""
    assert summary(gdp("--json", "advise", sources, "--exclude", "picture"))["files"] == 1


def test_a_set_supplies_sources_excludes_and_target(gdp: Gdp, target: Path, sources: Path) -> None:
    """The adviser is asked before the set's repository is made."""
    words = ["--source", str(sources), "--exclude", "picture", "--repo", str(target), "--password-file", str(gdp.password_file)]
    gdp.password_file.chmod(0o600)
    assert here(["set", "add", "office", *words]).code == 0

    record = summary(here(["--json", "advise", "--backup-set", "office"]))
    assert record["files"] == 1
    assert record["line"] is not None


def test_ctrl_c_ends_it_and_leaves_nothing(gdp: Gdp, target: Path, sources: Path) -> None:
    """In the middle of measuring a slow line."""
    words = [*gdp.options, "--limit-upload", "50K", "advise", str(sources)]
    with subprocess.Popen(command(words), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while not any(target.iterdir()) and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)

    assert process.returncode == 130
    assert b"Traceback" not in said
    assert list(target.iterdir()) == []
