"""``gdp scan``, as a user meets it: it counts what a backup would read, no more and no less."""

import os
import signal
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import Gdp, Outcome, command, here


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Projects with things that nobody backs up."""
    root = tmp_path / "srv"
    for folder in ("a/node_modules/deep", "b", "empty"):
        (root / folder).mkdir(parents=True)
    (root / "a" / "node_modules" / "deep" / "lib.js").write_bytes(b"x" * 700)
    (root / "a" / "plan").write_bytes(b"x" * 10)
    (root / "b" / "disk.iso").write_bytes(b"x" * 5000)
    (root / "b" / "keep.iso").write_bytes(b"x" * 300)
    (root / "b" / "link").symlink_to("disk.iso")
    return root


def of_kind(outcome: Outcome, kind: str) -> list[dict[str, Any]]:
    """Return the records of one kind, without saying it."""
    assert outcome.code in {0, 3}, outcome.err
    found = [record for record in outcome.records if record["message_type"] == kind]
    return [{name: value for name, value in record.items() if name != "message_type"} for record in found]


def test_each_pattern_says_what_it_leaves_out(sources: Path) -> None:
    """A pattern that hits too much, or nothing, is seen before it costs a file."""
    outcome = here(["--json", "scan", str(sources), "-e", "*.iso", "-e", "!keep.iso", "-e", "node_modules", "-e", "*.none"])

    assert of_kind(outcome, "pattern") == [
        {"pattern": "*.iso", "files": 1, "folders": 0, "bytes": 5000},
        {"pattern": "!keep.iso", "files": 1, "folders": 0, "bytes": 300},
        {"pattern": "node_modules", "files": 1, "folders": 1, "bytes": 700},
        {"pattern": "*.none", "files": 0, "folders": 0, "bytes": 0},
    ]
    assert of_kind(outcome, "source") == [{"path": str(sources), "files": 2, "folders": 4, "bytes": 310}]
    skipped = {"excluded": 2, "too_large": 0, "sockets": 0, "other_file_systems": 0, "kernel_file_systems": 0}
    assert outcome.summary == {
        "message_type": "summary",
        "files": 2,
        "folders": 4,
        "bytes": 310,
        "skipped": skipped,
        "problems": 0,
    }


@pytest.mark.parametrize("rules", ["gitignore", "restic"])
@pytest.mark.parametrize(
    "more",
    [
        [],
        ["-e", "*.iso", "-e", "!keep.iso"],
        ["-e", "a/*", "-e", "!plan"],
        ["--iexclude", "PLAN", "-e", "b"],
        ["--exclude-larger-than", "500"],
        ["--exclude-if-present", "plan"],
    ],
)
def test_the_count_is_what_a_backup_reads(ready: Gdp, sources: Path, more: list[str], rules: str) -> None:
    """It walks as the backup does, with the same patterns."""
    words = [str(sources), "--pattern-rules", rules, *more]
    scanned = ready("--json", "scan", *words).summary
    backed_up = ready("--json", "backup", "--dry-run", *words).summary

    assert scanned["files"] == backed_up["total_files_processed"]
    assert scanned["bytes"] == backed_up["total_bytes_processed"]


def test_sources_are_counted_each_for_itself(sources: Path) -> None:
    """A file may be a source, and one in another counts once."""
    words = [sources / "b" / "disk.iso", sources / "a", sources / "a" / "plan"]
    found = of_kind(here(["--json", "scan", *map(str, words)]), "source")

    assert [(record["files"], record["bytes"]) for record in found] == [(1, 5000), (2, 710), (0, 0)]


def test_relative_sources_count_too(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``.`` stands for what is in it."""
    monkeypatch.chdir(sources / "a")

    assert here(["--json", "scan", "."]).summary["files"] == 2
    assert here(["--json", "scan", "../b"]).summary["files"] == 2


def test_a_set_supplies_sources_and_patterns(gdp: Gdp, sources: Path) -> None:
    """The preview of the set editor is that of the set."""
    gdp.password_file.chmod(0o600)
    words = ["--source", str(sources), "--exclude", "*.iso", "--repo", str(gdp.repository)]
    assert here(["set", "add", "office", *words, "--password-file", str(gdp.password_file)]).code == 0

    assert here(["--json", "scan", "-S", "office"]).summary["files"] == 2
    assert here(["--json", "scan", "office"]).summary["files"] == 2


def test_people_read_it_as_tables(sources: Path) -> None:
    """With the sum as a sentence."""
    out = here(["scan", str(sources), "-e", "node_modules"]).out

    assert "A backup would read 3 files in 4 folders, 5.3 kB." in out
    assert [line.split() for line in out.splitlines() if line.startswith("node_modules")] == [
        ["node_modules", "1", "1", "700", "B"]
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_folder_is_an_error_record(sources: Path) -> None:
    """The count goes on; the exit code is that of a backup that could not read everything."""
    (sources / "b").chmod(0)
    try:
        outcome = here(["--json", "scan", str(sources)])
    finally:
        (sources / "b").chmod(0o700)

    assert outcome.code == 3
    assert [record["item"] for record in outcome.errors] == [f"{sources}/b/"]
    assert outcome.summary["problems"] == 1


def test_a_source_that_is_not_there_is_an_error_record(sources: Path) -> None:
    """One of several; when there is none at all the command fails."""
    outcome = here(["--json", "scan", str(sources), "/nowhere"])

    assert outcome.code == 3
    assert [record["item"] for record in outcome.errors] == ["/nowhere"]
    assert here(["scan", "/nowhere"]).code == 1


def test_a_pattern_without_sense_is_named(sources: Path) -> None:
    """So that whoever types it sees which one it is."""
    outcome = here(["--json", "scan", str(sources), "-e", "*.iso", "-e", "a[", "--pattern-rules", "restic"])

    assert outcome.code == 1
    assert outcome.errors[-1]["facts"]["pattern"] == "a["


def test_ctrl_c_ends_it_in_the_middle(tmp_path: Path) -> None:
    """Whoever changes the choice does not wait for the old count. Here it waits itself: nobody reads its thousands of notes."""
    for number in range(4000):
        os.mknod(tmp_path / f"socket-{number:040d}", stat.S_IFSOCK | 0o600)
    with subprocess.Popen(command(["--json", "scan", str(tmp_path)]), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)

        assert b"is a socket" in first, first + err
        assert process.returncode == 130, err
        assert b'"exit_error"' in err
        assert b'"summary"' not in out
