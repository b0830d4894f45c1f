"""The main job through the command line: backup, look, restore, by text and by records."""

import os
import re
import shutil
import socket
import subprocess
import tarfile
import time
from pathlib import Path

import pytest

from tests.cli.command_line import Gdp, command


@pytest.fixture
def saved(ready: Gdp, source: Path) -> Gdp:
    """A user with one snapshot of the source."""
    assert ready("backup", source, "--tag", "first,small").code == 0
    return ready


def test_backup_reports_with_restics_fields(ready: Gdp, source: Path) -> None:
    """Scripts that read restic's summary read ours."""
    outcome = ready("--json", "backup", source, "--tag", "a,b", "--host", "server01")

    assert outcome.code == 0
    assert outcome.summary["message_type"] == "summary"
    assert outcome.summary["files_new"] == 3
    assert outcome.summary["total_bytes_processed"] == 17
    assert {"data_added", "data_added_packed", "dirs_new", "total_duration", "snapshot_id"} <= outcome.summary.keys()
    [snapshot, summary] = ready("snapshots", "--json").records
    assert snapshot["id"] == outcome.summary["snapshot_id"]
    assert (snapshot["hostname"], snapshot["tags"], snapshot["paths"]) == ("server01", ["a", "b"], [str(source)])
    assert summary == {"message_type": "summary", "snapshots": 1}


def test_backup_says_what_it_did_in_sentences(ready: Gdp, source: Path) -> None:
    """Counts, bytes, and that it is safe."""
    outcome = ready("backup", source)

    assert re.search(r"^Files: +3 new, 0 changed, 0 removed, 0 unchanged$", outcome.out, re.MULTILINE)
    assert re.search(r"^Snapshot [0-9a-f]{8} is saved\.$", outcome.out, re.MULTILINE)


def test_backup_tells_what_changed_by_name(ready: Gdp, source: Path) -> None:
    """One record for each kind of change before the summary, for whoever writes a report."""
    ready("backup", source)
    (source / "new.txt").write_text("new\n")
    (source / "a.txt").write_text("other\n")
    shutil.rmtree(source / "sub")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(source / "socket"))
        outcome = ready("--json", "backup", "-v", source, "--exclude", "*.tmp")
    changes = {record["action"]: record for record in outcome.records if record["message_type"] == "changes"}

    assert list(changes) == ["new", "changed", "removed", "skipped"]
    assert changes["new"]["names"] == [{"path": f"{source}/new.txt", "bytes": 4}]
    assert changes["changed"]["places"] == [{"path": str(source), "files": 1, "bytes": 6}]
    assert [named["path"] for named in changes["removed"]["names"]] == [f"{source}/sub/b.txt", f"{source}/sub/c.tmp"]
    assert changes["skipped"]["names"] == [{"path": f"{source}/socket", "kind": "socket"}]
    assert [outcome.summary[name] for name in ("files_removed", "dirs_removed")] == [2, 1]
    assert outcome.summary["skipped"] == {
        "excluded": 0,
        "too_large": 0,
        "sockets": 1,
        "other_file_systems": 0,
        "kernel_file_systems": 0,
    }
    assert outcome.records[-1] == outcome.summary


def test_a_run_that_begins_anew_tells_changes_anew(saved: Gdp, source: Path) -> None:
    """It finds that the only index file is damaged, and so that nothing is known of the last backup."""
    (index,) = (saved.repository / "index").iterdir()
    index.chmod(0o600)
    index.write_bytes(b"x" * 100)
    (source / "a.txt").unlink()
    (source / "new.txt").write_text("new\n")
    outcome = saved("--json", "backup", "-v", source)
    told = [record["item"] for record in outcome.records if record.get("action") == "removed" and "item" in record]
    changes = {record["action"]: record for record in outcome.records if record["message_type"] == "changes"}

    assert told == [f"{source}/a.txt"]
    assert (outcome.summary["files_removed"], outcome.summary["repository_problems"]) == (0, 1)
    assert {action: change["files"] for action, change in changes.items()} == {"new": outcome.summary["files_new"]}


def test_backup_counts_what_it_finds_damaged(saved: Gdp, source: Path) -> None:
    """The new snapshot is whole, hence 0; a mail report still has a number to watch, and a person the next step."""
    (index,) = (saved.repository / "index").iterdir()
    index.chmod(0o600)
    index.write_bytes(b"x" * 100)
    (source / "new.txt").write_text("new\n")
    outcome = saved("--json", "backup", source)

    assert outcome.code == 0
    assert (outcome.summary["problems"], outcome.summary["repository_problems"]) == (0, 1)
    assert index.name in outcome.errors[0]["error"]["message"]
    (source / "newer.txt").write_text("newer\n")
    assert "One thing in the repository was found damaged: see above, and run 'gdp check'." in saved("backup", source).out


def test_a_trial_stores_nothing(ready: Gdp, source: Path) -> None:
    """--dry-run is for trying out excludes."""
    outcome = ready("--json", "backup", "--dry-run", source)

    assert outcome.summary["dry_run"] is True
    assert "snapshot_id" not in outcome.summary
    assert ready("--json", "snapshots").summary["snapshots"] == 0


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--exclude", "*.tmp"], {"a.txt", "sub", "sub/b.txt"}),
        (["--iexclude", "*.TMP"], {"a.txt", "sub", "sub/b.txt"}),
        (["--exclude", "sub/"], {"a.txt"}),
        (["--exclude", "sub", "--pattern-rules", "restic"], {"a.txt"}),
        (["--exclude-larger-than", "5"], {"sub", "sub/b.txt"}),
        (["--exclude-if-present", "b.txt"], {"a.txt", "sub", "sub/b.txt"}),
        (["--exclude-if-present", "b.txt:other"], {"a.txt", "sub", "sub/b.txt", "sub/c.tmp"}),
    ],
)
def test_what_is_excluded_is_not_in_the_snapshot(ready: Gdp, source: Path, options: list[str], expected: set[str]) -> None:
    """Whether an exclude holds is seen in the snapshot, not in the options."""
    assert ready("backup", source, *options).code == 0

    assert listed(ready, source) == expected


def test_patterns_come_from_files_too(ready: Gdp, source: Path, tmp_path: Path) -> None:
    """Lists grow long."""
    (tmp_path / "list").write_text("# temporary files\n*.tmp\n")
    assert ready("backup", source, "--exclude-file", tmp_path / "list").code == 0

    assert "sub/c.tmp" not in listed(ready, source)


def test_a_pattern_with_two_meanings_is_named(ready: Gdp, source: Path) -> None:
    """Silently leaving out something else is the worst that an exclude can do."""
    outcome = ready("--json", "backup", source, "--exclude", "sub/b.txt")
    [note] = [record for record in outcome.errors if record["message_type"] == "note"]

    assert "'**/sub/b.txt'" in note["message"]


def test_sources_come_from_lists(ready: Gdp, source: Path, tmp_path: Path) -> None:
    """As restic's three kinds."""
    for option, text in (
        ("--files-from", f"# comment\n{source}/*.txt\n"),
        ("--files-from-verbatim", f"{source}/a.txt\n"),
        ("--files-from-raw", f"{source}/a.txt\0"),
    ):
        (tmp_path / "list").write_text(text)
        assert ready("backup", option, tmp_path / "list").code == 0
        assert listed(ready, source) == {"a.txt"}


def test_standard_input_becomes_a_file(ready: Gdp) -> None:
    """For dumps of databases."""
    outcome = ready.process("--json", "backup", "--stdin", "--stdin-filename", "db.sql", input=b"select 1;\n")

    assert outcome.code == 0
    assert ready.process("dump", "latest", "db.sql").out == "select 1;\n"


def test_the_block_size_is_refused_after_init(gdp: Gdp, source: Path) -> None:
    """Changing it would store everything once more; that must not happen by accident."""
    assert "blocks of 256K on average" in gdp("init", "--block-size", "256K").out
    assert gdp("--json", "cat", "config").records[0]["gdp_block_bytes"] == 256 << 10
    refused = gdp("backup", "--block-size", "1M", source)

    assert refused.code == 1
    assert "fixed" in refused.err
    assert "--transfer-block-size" in refused.err
    assert gdp("backup", "--transfer-block-size", "1M", source).code == 0
    assert gdp("backup", "--transfer-block-size", "129M", source).code == 1


@pytest.mark.parametrize("size", ["64K", "8M", "300K", "x"])
def test_a_block_size_out_of_bounds_is_refused(gdp: Gdp, size: str) -> None:
    """Powers of two from 128K to 4M, which is what the chunker and restic's readers can do."""
    assert gdp("init", "--block-size", size).code == 1
    assert not (gdp.repository / "config").exists()


def test_init_never_touches_a_repository(ready: Gdp) -> None:
    """Running a set-up script twice must be harmless."""
    before = sorted(ready.repository.rglob("*"))

    assert ready("init").code == 1
    assert sorted(ready.repository.rglob("*")) == before


def test_restore_brings_everything_back(saved: Gdp, source: Path, tmp_path: Path) -> None:
    """And says so."""
    outcome = saved("--json", "restore", "latest", "--target", tmp_path / "out", "--verify")

    assert outcome.code == 0
    assert outcome.summary["files_verified"] == 3
    assert {"total_files", "files_restored", "bytes_restored", "seconds_elapsed"} <= outcome.summary.keys()
    assert subprocess.run(["diff", "-r", source, f"{tmp_path}/out{source}"], check=False).returncode == 0


@pytest.fixture
def half_indexed(saved: Gdp, source: Path) -> tuple[Gdp, str]:
    """A user whose last snapshot needs two index files, one of which is damaged; and that one's name."""
    (index,) = (saved.repository / "index").iterdir()
    (source / "a.txt").write_text("changed\n")
    assert saved("backup", source).code == 0
    index.chmod(0o600)
    index.write_bytes(b"x" * 100)
    return saved, index.name


def test_restore_gives_what_the_readable_index_files_know(half_indexed: tuple[Gdp, str], source: Path, tmp_path: Path) -> None:
    """Whoever needs a file today must not have to repair the repository first."""
    user, index = half_indexed
    target = tmp_path / "restored"
    outcome = user("restore", "latest", "--target", target)

    assert outcome.code == 1
    assert f"index file {index} is damaged" in outcome.err
    assert "'gdp repair index'" in outcome.err
    assert f"{source}/sub" in outcome.err
    assert Path(f"{target}{source}/a.txt").read_text() == "changed\n"
    assert user("restore", f"latest:{source}", "--target", tmp_path / "one", "/a.txt").code == 0  # nothing of it is missing
    assert user("repair", "index").code == 0
    assert user("restore", "latest", "--target", target).code == 0
    assert Path(f"{target}{source}/sub/b.txt").read_text() == "beta\n"


@pytest.mark.parametrize("words", [("ls", "latest"), ("find", "*"), ("stats",)], ids=lambda words: words[0])
def test_looking_goes_on_without_a_damaged_index_file(half_indexed: tuple[Gdp, str], words: tuple[str, ...]) -> None:
    """The exit code says that it is not all."""
    user, index = half_indexed
    outcome = user(*words)

    assert outcome.code == 1
    assert f"index file {index} is damaged" in outcome.err
    assert words[0] == "stats" or "a.txt" in outcome.out


def test_restore_takes_subfolders_paths_and_patterns(saved: Gdp, source: Path, tmp_path: Path) -> None:
    """Mostly one file is wanted."""
    for number, (name, options, expected) in enumerate(
        [
            (f"latest:{source}", [], {"a.txt", "sub/b.txt", "sub/c.tmp"}),
            (f"latest:{source}/sub", [], {"b.txt", "c.tmp"}),
            (f"latest:{source}", ["sub/b.txt"], {"sub/b.txt"}),
            (f"latest:{source}", ["--include", "*.tmp"], {"sub/c.tmp"}),
            (f"latest:{source}", ["--include", "sub", "--exclude", "*.tmp"], {"sub/b.txt"}),
        ]
    ):
        target = tmp_path / f"out{number}"
        assert saved("restore", name, "--target", target, *options).code == 0
        assert {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()} == expected


def test_restore_rules_for_what_is_there(saved: Gdp, source: Path, tmp_path: Path) -> None:
    """--overwrite, --delete and --dry-run do what they say."""
    name, target = f"latest:{source}", tmp_path / "out"
    assert saved("restore", name, "--target", target).code == 0
    (target / "a.txt").write_text("mine\n")
    (target / "extra").touch()
    saved("restore", name, "--target", target, "--overwrite", "never")
    assert (target / "a.txt").read_text() == "mine\n"
    trial = saved("--json", "restore", name, "--target", target, "--delete", "--dry-run")
    assert trial.summary["files_deleted"] == 1
    assert (target / "extra").exists()
    saved("restore", name, "--target", target, "--delete")

    assert (target / "a.txt").read_text() == "alpha\n"
    assert not (target / "extra").exists()


def test_ls_lists_all_or_one_folder(saved: Gdp, source: Path) -> None:
    """As restic: everything, or what lies in the folder that was named."""
    everything = [record["path"] for record in saved("--json", "ls", "latest").records if record["message_type"] == "node"]
    one = [record["path"] for record in saved("--json", "ls", "latest", source).records if record["message_type"] == "node"]

    assert str(source / "sub" / "b.txt") in everything
    assert one == [str(source), str(source / "a.txt"), str(source / "sub")]
    assert f"{source}/sub/\n" in saved("ls", "latest").out
    assert re.search(r"^-rw-.* 6 .*/a\.txt$", saved("ls", "latest", source, "-l").out, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (["*.txt"], ["a.txt", "b.txt"]),
        (["sub"], ["sub"]),
        (["B.TXT", "--ignore-case"], ["b.txt"]),
        (["--type", "dir", "sub"], ["sub"]),
        (["*", "--larger-than", "6", "--type", "file"], ["a.txt", "c.tmp"]),
        (["*.txt", "--newest", "2001-01-01"], []),
        (["*.txt", "--oldest", "2001-01-01"], ["a.txt", "b.txt"]),
    ],
)
def test_find(saved: Gdp, arguments: list[str], names: list[str]) -> None:
    """By name, kind, size and time."""
    outcome = saved("--json", "find", *arguments)

    assert [record["name"] for record in outcome.records[:-1]] == names
    assert outcome.summary["hits"] == len(names)


def test_diff(saved: Gdp, source: Path) -> None:
    """What changed between two snapshots, with restic's signs."""
    (source / "a.txt").write_text("other contents\n")
    (source / "new").touch()
    (source / "sub" / "c.tmp").unlink()
    assert saved("backup", source).code == 0
    first, second = (record["id"] for record in saved("--json", "snapshots").records[:2])
    outcome = saved("--json", "diff", first, second)
    changes = {record["path"]: record["modifier"] for record in outcome.records[:-1]}

    assert changes == {f"{source}/a.txt": "M", f"{source}/new": "+", f"{source}/sub/c.tmp": "-"}
    assert outcome.summary["message_type"] == "statistics"
    assert outcome.summary["added"]["files"] == 1
    assert f"M    {source}/a.txt" in saved("diff", first[:8], second[:8]).out


def test_dump_writes_files_and_archives(saved: Gdp, source: Path, tmp_path: Path) -> None:
    """Bytes go to stdout unchanged, also with --json."""
    assert saved.process("dump", "latest", source / "a.txt").out == "alpha\n"
    assert saved.process("--json", "dump", f"latest:{source}", "a.txt").out == "alpha\n"
    assert saved("dump", "latest", source, "--target", tmp_path / "x.tar").code == 0
    with tarfile.open(tmp_path / "x.tar") as archive:
        assert "sub/b.txt" in archive.getnames()


@pytest.mark.skipif(not Path("/dev/fuse").exists(), reason="there is no FUSE here")
def test_mount_shows_the_snapshots(saved: Gdp, source: Path, tmp_path: Path) -> None:
    """And unmounts when it is interrupted."""
    folder = tmp_path / "mnt"
    folder.mkdir()
    with subprocess.Popen(command([*saved.options, "mount", str(folder)]), stderr=subprocess.DEVNULL) as running:
        _wait_until(folder / "snapshots")
        found = Path(f"{folder}/snapshots/latest{source}/a.txt").read_text()
        running.terminate()
        running.wait(30)

    assert found == "alpha\n"
    assert not (folder / "snapshots").exists()


def test_unreadable_names_do_not_break_the_output(ready: Gdp, tmp_path: Path) -> None:
    """File names are bytes; the terminal and JSON get text."""
    folder = tmp_path / "odd"
    folder.mkdir()
    Path(os.fsdecode(os.fsencode(folder) + b"/\xff\x1b[2J")).touch()
    assert ready("backup", folder).code == 0
    shown = ready.process("ls", "latest").out

    assert "\\xff\\x1b[2J" in shown
    assert ready("--json", "ls", "latest").records[-2]["name"] == "\ufffd\x1b[2J"


def listed(gdp: Gdp, source: Path) -> set[str]:
    """Return what the latest snapshot has of the source."""
    records = gdp("--json", "ls", "latest").records
    paths = {record["path"] for record in records if record["message_type"] == "node"}
    return {str(Path(path).relative_to(source)) for path in paths if path.startswith(f"{source}/")}


def _wait_until(path: Path, seconds: float = 20) -> None:
    """Wait for a path to exist."""
    deadline = time.monotonic() + seconds
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert path.exists()
