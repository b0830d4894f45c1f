"""Keeping a repository in order through the command line."""

from pathlib import Path

import pytest

from tests.cli.command_line import Gdp, here


@pytest.fixture
def twice(ready: Gdp, source: Path) -> Gdp:
    """A user with two different snapshots."""
    assert ready("backup", source, "--tag", "old").code == 0
    (source / "a.txt").write_text("changed\n" * 1000)
    assert ready("backup", source).code == 0
    return ready


def test_check_says_whether_the_repository_is_whole(twice: Gdp) -> None:
    """0 and 1, and which packs are damaged."""
    assert twice("check").code == 0
    assert twice("--json", "check", "--read-data").summary["num_errors"] == 0
    pack = max((twice.repository / "data").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)
    pack.chmod(0o600)
    content = bytearray(pack.read_bytes())
    content[10] ^= 1
    pack.write_bytes(content)
    damaged = twice("--json", "check", "--read-data")

    assert damaged.code == 1
    assert damaged.summary["num_errors"] > 0
    assert damaged.summary["broken_packs"] == [pack.name]
    assert any(record["message_type"] == "error" for record in damaged.errors)


@pytest.mark.parametrize("part", ["1/3", "50%", "1K"])
def test_check_reads_a_part(twice: Gdp, part: str) -> None:
    """Reading everything takes too long for every day."""
    assert twice("check", "--read-data-subset", part).code == 0


def test_check_refuses_parts_that_make_no_sense(twice: Gdp) -> None:
    """A typo must not look like a successful check."""
    assert twice("check", "--read-data-subset", "5/3").code == 1
    assert twice("check", "--read-data", "--read-data-subset", "5%").code == 1


def test_forget_by_rules_says_why(twice: Gdp) -> None:
    """First as a trial, then for good; with --prune the data go as well."""
    trial = twice("--json", "forget", "--keep-last", "1", "--dry-run")
    assert [len(trial.records[0][name]) for name in ("keep", "remove")] == [1, 1]
    assert trial.records[0]["reasons"][0]["matches"] == ["last snapshot"]
    assert twice("--json", "snapshots").summary["snapshots"] == 2
    done = twice("--json", "forget", "--keep-last", "1", "--prune", "--max-unused", "0%")

    assert done.summary["removed"] == 1
    assert done.summary["freed_bytes"] > 0
    assert twice("--json", "snapshots").summary["snapshots"] == 1
    assert twice("check", "--read-data").code == 0


def test_forget_by_name_and_never_by_accident(twice: Gdp) -> None:
    """Without rules nothing goes."""
    assert twice("forget").code == 1
    assert twice("forget", "--unsafe-allow-remove-all").code == 1
    oldest = twice("--json", "snapshots").records[0]["id"]
    assert twice("--json", "forget", oldest[:8]).records[0] == {"message_type": "removed", "id": oldest}

    assert twice("--json", "snapshots").summary["snapshots"] == 1


def test_prune_shows_its_plan(twice: Gdp) -> None:
    """And with --dry-run nothing else."""
    assert twice("forget", "--keep-last", "1").code == 0
    trial = twice("--json", "prune", "--dry-run", "--max-unused", "0")
    assert trial.summary["dry_run"] is True
    assert trial.summary["freed_bytes"] > 0
    done = twice("prune", "--max-unused", "0")

    assert "smaller" in done.out
    assert twice("--json", "prune").summary["freed_bytes"] == 0


def test_tags_change_and_ids_with_them(twice: Gdp) -> None:
    """A snapshot is named by its contents."""
    changed = twice("--json", "tag", "--add", "a,b", "--remove", "old", "--tag", "old")
    [first, _, _] = twice("--json", "snapshots").records

    assert changed.summary["changed_snapshots"] == 1
    assert first["tags"] == ["a", "b"]
    assert first["id"] == changed.records[0]["new_snapshot_id"]
    assert twice("tag").code == 1


def test_stats_counts(twice: Gdp) -> None:
    """Restic's four modes."""
    by_mode = {
        mode: twice("--json", "stats", "--mode", mode).summary
        for mode in ("restore-size", "files-by-contents", "blobs-per-file", "raw-data")
    }

    assert by_mode["restore-size"]["snapshots_count"] == 2
    assert by_mode["files-by-contents"]["total_file_count"] >= 4
    assert by_mode["raw-data"]["total_blob_count"] > 4
    assert "snapshots:" in twice("stats").out


def test_stats_says_ratios_that_its_own_sizes_give(twice: Gdp) -> None:
    """What is saved follows from the two sizes; the compressed part's ratio is said to be a part's. JSON has restic's numbers."""
    numbers = twice("--json", "stats", "--mode", "raw-data").summary
    saved = 100 * (1 - numbers["total_size"] / numbers["total_uncompressed_size"])
    shown = twice("stats", "--mode", "raw-data").out

    assert f"saved:        {saved:,.1f} %" in shown
    assert f"{numbers['compression_progress']:,.1f} % of it, {numbers['compression_ratio']:,.2f} to 1" in shown


def test_one_of_a_kind_is_said_as_one(twice: Gdp) -> None:
    """Nobody trusts a program with his data that says "1 snapshots"."""
    assert "1 snapshot stays, 1 goes\n" in twice("forget", "--keep-last", "1", "--dry-run").out
    assert "2 snapshots stay, 0 go\n" in twice("forget", "--keep-last", "2", "--dry-run").out
    assert "checked 2 snapshots, " in twice("check").out
    assert twice("forget", "--keep-last", "1").code == 0
    assert "checked 1 snapshot, " in twice("check").out
    assert twice("snapshots").out.endswith("1 snapshot\n")
    assert "1 Snapshot bleibt, 0 gehen\n" in twice("forget", "--keep-last", "1", "--dry-run", "--language", "de").out


def test_rewrite_takes_files_out(twice: Gdp, source: Path) -> None:
    """What should never have been backed up."""
    assert twice("rewrite").code == 1
    outcome = twice("--json", "rewrite", "--exclude", "*.tmp", "--forget")
    found = twice("--json", "find", "*.tmp")

    assert outcome.summary["changed_snapshots"] == 2
    assert found.summary["hits"] == 0
    assert source.name in twice("snapshots").out


def test_repair_leaves_a_whole_repository_as_it_is(twice: Gdp) -> None:
    """Running it without need is harmless."""
    assert twice("--json", "repair", "index").summary["changed"] is False
    assert twice("--json", "repair", "snapshots").summary["repaired_snapshots"] == 0


def test_repair_rescues_what_can_be_read(twice: Gdp, tmp_path: Path) -> None:
    """A lost pack, step by step as check says it."""
    pack = twice("--json", "find", "--type", "file", "b.txt")
    assert pack.summary["hits"] == 2
    packs = [path for path in (twice.repository / "data").rglob("*") if path.is_file()]
    victim = min(packs, key=lambda path: path.stat().st_mtime)
    victim.chmod(0o600)
    victim.write_bytes(bytes(len(victim.read_bytes())))
    assert twice("check", "--read-data").code == 1
    assert twice("--json", "repair", "packs", victim.name, "--copies", tmp_path).summary["packs_removed"] == [victim.name]
    assert twice("repair", "index").code == 0
    assert twice("repair", "snapshots", "--forget").code == 0

    assert twice("check", "--read-data").code == 0
    assert (tmp_path / f"pack-{victim.name}").exists()


def test_keys_come_and_go(ready: Gdp, tmp_path: Path) -> None:
    """Passwords change; the data stay."""
    (tmp_path / "second").write_text("second\n")
    (tmp_path / "third").write_text("third\n")
    added = ready("--json", "key", "add", "--new-password-file", tmp_path / "second").summary["id"]
    listed = ready("--json", "key", "list").records
    assert [record["current"] for record in listed[:-1]] == [True, False]
    assert ready("key", "remove", listed[0]["id"]).code == 1
    ready.password_file.write_text("second\n")
    assert ready("key", "passwd", "--new-password-file", tmp_path / "third").code == 0
    assert ready("snapshots").code == 12
    ready.password_file.write_text("third\n")

    assert ready("snapshots").code == 0
    assert added not in [record.get("id") for record in ready("--json", "key", "list").records]


def test_unlock_removes_stale_locks_only(ready: Gdp) -> None:
    """Others' locks go only when that is said."""
    assert ready("--json", "unlock").summary == {"message_type": "summary", "removed_locks": 0}


def test_copy_brings_snapshots_over(twice: Gdp, tmp_path: Path, isolated_home: Path) -> None:
    """Between two targets, with two passwords."""
    (tmp_path / "other").mkdir()
    other = Gdp(tmp_path / "other")
    other.password_file.write_text("another\n")
    assert other("init").code == 0
    source = ["--from-repo", str(twice.repository), "--from-password-file", str(twice.password_file)]
    assert other("--json", "copy", *source).summary["copied_snapshots"] == 2
    again = other("--json", "copy", *source)

    assert again.summary["skipped_snapshots"] == 2
    assert other("check", "--read-data").code == 0


def test_cat_shows_objects(twice: Gdp) -> None:
    """For those who want to know how it is stored."""
    index = next((twice.repository / "index").iterdir()).name
    snapshot = twice("--json", "snapshots").records[0]["id"]

    assert twice("--json", "cat", "config").records[0]["version"] == 2
    assert "packs" in twice("--json", "cat", "index", index[:8]).records[0]
    assert twice("--json", "cat", "snapshot", snapshot[:8]).records[0]["tags"] == ["old"]
    assert twice("cat", "index", "zz").code == 1
    assert twice("cat", "index").code == 1


def test_cat_and_find_know_packs_and_blocks(twice: Gdp) -> None:
    """From a block to the file it belongs to, and back."""
    index = next((twice.repository / "index").iterdir()).name
    [listed] = twice("--json", "cat", "index", index).records
    packs = {pack["id"]: pack["blobs"] for pack in listed["packs"]}
    pack, blobs = next((name, blobs) for name, blobs in packs.items() if blobs[0]["type"] == "data")

    assert twice.process("cat", "pack", pack[:10]).code == 0
    assert twice.process("cat", "blob", blobs[0]["id"]).code == 0
    assert twice("cat", "blob", "x").code == 1
    assert twice("--json", "find", "--blob", blobs[0]["id"][:10]).summary["hits"] >= 1
    assert twice("--json", "find", "--pack", pack[:10]).summary["hits"] >= 1
    assert twice("--json", "find", "--pack", "0" * 64).summary["hits"] == 0
    assert twice("find", "--blob").code == 1
    assert twice("--json", "cat", "masterkey").records[0].keys() == {"mac", "encrypt"}


def test_snapshots_can_be_shortened(twice: Gdp) -> None:
    """The newest of each host and set of paths, or those that were named."""
    [latest, summary] = twice("--json", "snapshots", "--latest", "1").records
    everything = twice("--json", "snapshots").records

    assert summary["snapshots"] == 1
    assert latest["id"] == everything[1]["id"]
    assert twice("--json", "snapshots", everything[0]["id"][:8]).records[0]["tags"] == ["old"]
    assert twice("--json", "snapshots", "--tag", "old", "--tag", "x,y").summary["snapshots"] == 1
    assert twice("--json", "snapshots", "--host", "elsewhere").summary["snapshots"] == 0
    assert len(twice("snapshots", "--compact").out.splitlines()) == 5


def test_a_damaged_snapshot_is_named_and_the_others_are_shown(twice: Gdp) -> None:
    """One bad file must not hide everything else; the exit code says that something is wrong."""
    victim = next((twice.repository / "snapshots").iterdir())
    victim.chmod(0o600)
    victim.write_bytes(b"x" * 100)
    outcome = twice("--json", "snapshots")

    assert outcome.code == 1
    assert outcome.summary["snapshots"] == 1
    assert victim.name[:8] in outcome.errors[0]["error"]["message"]


def test_version() -> None:
    """Both forms."""
    assert here(["--version"]).out.startswith("gdp ")
    assert here(["version"]).out == here(["--version"]).out
    assert here(["version", "--json"]).records[0]["message_type"] == "version"
