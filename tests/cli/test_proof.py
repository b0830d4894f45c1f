"""``gdp check --sample`` and ``gdp drill`` as a user types them: on a folder, on a real server, on a disk that is full."""

import os
import random
import subprocess
from pathlib import Path

import pytest

from tests.cli.command_line import Gdp, Outcome, here
from tests.sshd import Sshd


@pytest.fixture
def filled(ready: Gdp, source: Path) -> Gdp:
    """A user with a backup."""
    for number in range(5):
        (source / f"random {number}").write_bytes(random.Random(number).randbytes(50_000))
    assert ready("backup", str(source)).code == 0
    return ready


def packs(repository: Path) -> list[Path]:
    """Return the packs, the largest first."""
    found = [path for path in (repository / "data").rglob("*") if path.is_file()]
    return sorted(found, key=lambda path: -path.stat().st_size)


def damage(pack: Path) -> None:
    """Turn a bit in the middle."""
    raw = bytearray(pack.read_bytes())
    raw[len(raw) // 2] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(raw)


def said(outcome: Outcome) -> str:
    return outcome.out + outcome.err


def test_a_sample_says_what_was_read(filled: Gdp) -> None:
    """Chance decides, and that can be followed."""
    shown = filled("check", "--sample", "64M", "-v")
    records = filled("--json", "check", "--sample", "64M").records
    named = {record["id"] for record in records if record["message_type"] == "pack"}

    assert (shown.code, records[-1]["num_errors"]) == (0, 0)
    assert named == {pack.name for pack in packs(filled.repository)}
    assert all(f"{name}  sound" in shown.out for name in named)
    assert "no errors were found" in shown.out
    assert records[-1]["bytes_read"] == sum(pack.stat().st_size for pack in packs(filled.repository))


@pytest.mark.parametrize("harm", ["flipped", "cut", "gone"])
def test_a_sample_of_damaged_packs_fails(filled: Gdp, harm: str) -> None:
    pack = packs(filled.repository)[0]
    if harm == "gone":
        pack.unlink()
    elif harm == "cut":
        os.truncate(pack, pack.stat().st_size - 10)
    else:
        damage(pack)
    outcome = filled("check", "--sample", "64M")

    assert outcome.code == 1
    assert pack.name in outcome.err
    assert "the repository is damaged" in outcome.out


def test_a_sample_keeps_nobody_out(filled: Gdp, source: Path) -> None:
    """Its lock is one that a backup may hold at the same time; nothing of it stays."""
    assert filled("check", "--sample", "1M").code == 0
    assert list((filled.repository / "locks").iterdir()) == []


def test_only_one_way_of_reading_is_asked_for(filled: Gdp) -> None:
    for others in (["--read-data"], ["--read-data-subset", "5%"]):
        assert filled("check", "--sample", "1M", *others).code == 1
    assert filled("check", "--sample", "nonsense").code == 1


def test_a_drill_proves_that_files_come_back(filled: Gdp, source: Path, isolated_home: Path) -> None:
    """With the numbers of a report, and nothing left behind."""
    (source / "a.txt").write_text("written to since\n")
    (source / "random 1").unlink()
    shown = filled("drill", "--seed", "7", "-v")
    summary = filled("--json", "drill", "--seed", "7").summary

    assert shown.code == 0
    assert "--seed 7" in shown.out
    assert "1 file was changed on the disk since" in shown.out
    assert str(source / "a.txt") in shown.out
    assert (summary["files_restored"], summary["files_verified"], summary["mismatches"]) == (8, 8, 0)
    assert (summary["sources_compared"], summary["sources_changed"], summary["sources_gone"]) == (6, 1, 1)
    assert list((isolated_home / "gdp" / "drill").iterdir()) == []


def test_a_drill_on_a_damaged_pack_fails(filled: Gdp, isolated_home: Path) -> None:
    """Which is what it is for."""
    damage(packs(filled.repository)[0])
    outcome = filled("--json", "drill")

    assert outcome.code == 1
    assert outcome.summary["mismatches"] == 1
    assert [error["item"] for error in outcome.errors if error["message_type"] == "error"] != []
    assert list((isolated_home / "gdp" / "drill").iterdir()) == []


def test_a_source_that_only_looks_unchanged_is_a_warning(filled: Gdp, source: Path) -> None:
    """A disk that forgets bits tells nobody."""
    file = source / "random 2"
    found = file.stat()
    damage(file)
    os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))
    outcome = filled("drill")

    assert outcome.code == 3
    assert "all of them are what was backed up" in outcome.out
    assert "random 2" in outcome.err
    assert "disk may be failing" in outcome.err


def test_what_cannot_be_drilled_is_said(ready: Gdp, tmp_path: Path) -> None:
    """No snapshot, nothing in it, and files that are all too large."""
    none = ready("drill")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "file").touch()
    assert ready("backup", str(tmp_path / "empty")).code == 0
    empty = ready("drill")
    (tmp_path / "empty" / "file").write_bytes(random.randbytes(5000))
    assert ready("backup", str(tmp_path / "empty")).code == 0
    large = ready("drill", "--size", "1K")

    assert (none.code, empty.code, large.code) == (1, 0, 1)
    assert "there is no snapshot yet" in none.err
    assert "nothing to restore" in empty.out
    assert "larger than the 1K" in large.err


def test_a_set_says_how_much_is_drilled(filled: Gdp, source: Path) -> None:
    filled.password_file.chmod(0o600)
    added = here(["set", "add", "daten", *filled.options, "--source", str(source), "--drill-files", "2", "--drill-size", "80K"])
    assert added.code == 0, added.err
    assert here(["backup", "daten"]).code == 0
    by_set = here(["--json", "drill", "-S", "daten"]).summary
    typed = here(["--json", "drill", "-S", "daten", "--files", "3"]).summary

    assert (by_set["files_restored"], typed["files_restored"]) == (2, 3)
    assert typed["bytes_restored"] <= 80 << 10


@pytest.mark.root
def test_a_full_temporary_disk_is_named(filled: Gdp, tmp_path: Path) -> None:
    """And the next run can do better."""
    disk = tmp_path / "disk"
    disk.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.strip()}")
    try:
        outcome = filled("drill", "--folder", str(disk))
        left = os.listdir(disk)
    finally:
        subprocess.run(["umount", "-l", disk], check=True)

    assert (outcome.code, left) == (1, [])
    assert f"{disk} has room for" in outcome.err
    assert "--folder" in outcome.err


@pytest.mark.peer
def test_both_on_a_server(server: Sshd, gdp: Gdp, source: Path, tmp_path: Path) -> None:
    """Good at first; then the server's disk loses a bit, and both say so, although the cache has seen better days."""
    (source / "large").write_bytes(random.Random(1).randbytes(400_000))
    options = ["--repo", server.url(tmp_path / "far"), "--password-file", str(gdp.password_file)]
    assert here(["init", *options]).code == 0
    assert here(["backup", *options, str(source)]).code == 0
    good = [here([*words, *options]) for words in (["check", "--sample", "64M"], ["drill"])]
    for pack in packs(tmp_path / "far"):
        damage(pack)
    bad = [here([*words, *options]) for words in (["check", "--sample", "64M"], ["drill"])]

    assert [outcome.code for outcome in good] == [0, 0], [said(outcome) for outcome in good]
    assert [outcome.code for outcome in bad] == [1, 1]
    assert all(pack.name in bad[0].err for pack in packs(tmp_path / "far"))
    assert "not restored as" in bad[1].out
