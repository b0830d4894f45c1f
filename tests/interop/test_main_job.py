"""The main job as a stranger does it: each command a process of its own, a key of full cost, the awkward tree, text and JSON."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import awkward
from tests.cli.command_line import Outcome, process
from tests.conftest import PROJECT, require_program
from tests.interop.restic import Restic
from tests.manifest import differences, manifest

pytestmark = pytest.mark.slow


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Path]:
    """Everything we promise to keep, also what restic restores wrongly."""
    top = tmp_path / "tree"
    awkward.build(top)
    yield top
    for folder, _, _ in os.walk(os.fsencode(top)):
        os.chmod(folder, 0o700)


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    """A file with a password, made as the README says."""
    file = tmp_path / "password"
    file.write_text("correct horse battery staple\n")
    file.chmod(0o600)
    return file


def run(password_file: Path, *arguments: str | Path, cwd: Path, code: int = 0) -> Outcome:
    """Run ``gdp`` on the repository beside the password file."""
    options = ["--repo", str(password_file.with_name("repository")), "--password-file", str(password_file)]
    done = process([*options, *map(str, arguments)], cwd=cwd, environment={"PYTHONPATH": str(PROJECT)})
    assert done.code == code, done.err
    return done


def test_init_backup_list_restore_check(tree: Path, password_file: Path, tmp_path: Path) -> None:
    """Everything comes back, and every line of ``--json`` is an object with the same story."""

    def gdp(*arguments: str | Path, code: int = 0) -> Outcome:
        return run(password_file, "--json", *arguments, cwd=tmp_path, code=code)

    made = gdp("init").summary
    first = gdp("backup", "tree", "--tag", "first", "--host", "box").summary
    (tree / "names" / "Case").write_bytes(b"changed since")
    second = gdp("backup", "tree", "--host", "box").summary
    third = gdp("backup", "tree", "--host", "box").summary
    snapshots = gdp("snapshots").records
    listed = gdp("ls", "latest", "/tree/links").records
    restored = gdp("restore", "latest", "--target", tmp_path / "restored", "--verify").summary
    checked = gdp("check", "--read-data").summary

    assert len(made["id"]) == 64
    assert (second["files_new"], second["files_changed"]) == (0, 1)
    assert (third["files_new"], third["files_changed"], third["data_blobs"]) == (0, 0, 0)
    assert first["files_new"] == second["files_unmodified"] + 1 == third["files_unmodified"]
    assert [record["id"] for record in snapshots[:-1]] == [run["snapshot_id"] for run in (first, second, third)]
    assert snapshots[0]["tags"] == ["first"]
    assert {record["name"] for record in listed if record["message_type"] == "node"} >= {"one", "two", "dangling", "elsewhere"}
    assert restored["files_verified"] == sum(entry["type"] == "file" for entry in manifest(tree))
    assert not differences(manifest(tree, without={"socket"}), manifest(tmp_path / "restored" / "tree"))
    assert checked["num_errors"] == 0


def test_every_name_is_valid_json(tree: Path, password_file: Path, tmp_path: Path) -> None:
    """Scripts read each line; one name that breaks one line breaks the script."""
    run(password_file, "init", cwd=tmp_path)
    run(password_file, "backup", "tree", cwd=tmp_path)
    records = run(password_file, "--json", "ls", "latest", cwd=tmp_path).records

    listed = [record for record in records if record["message_type"] == "node"]
    assert len(listed) == len(manifest(tree, without={"socket"})) + 1


def test_the_words_a_person_reads(tree: Path, password_file: Path, tmp_path: Path) -> None:
    """Without ``--json``: what was saved, that a socket was not, and that all is well."""
    run(password_file, "init", cwd=tmp_path)
    saved = run(password_file, "backup", "tree", cwd=tmp_path)
    listed = run(password_file, "ls", "latest", "/tree/links", cwd=tmp_path)
    restored = run(password_file, "restore", "latest", "--target", tmp_path / "restored", "--verify", cwd=tmp_path)
    checked = run(password_file, "check", "--read-data", cwd=tmp_path)

    assert "is saved." in saved.out
    assert "is a socket" in saved.out + saved.err
    assert "/tree/links/one" in listed.out
    assert restored.out
    assert checked.out
    assert "Traceback" not in "".join(done.err for done in (saved, listed, restored, checked))


def test_a_source_that_cannot_be_read_whole_gives_3(password_file: Path, tmp_path: Path) -> None:
    """The exit code that scripts know from restic; the snapshot is there, and the file is named."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "file").write_text("content\n")
    run(password_file, "init", cwd=tmp_path)
    done = run(password_file, "--json", "backup", "source", "missing", cwd=tmp_path, code=3)
    nothing = run(password_file, "--json", "backup", "missing", cwd=tmp_path, code=1)

    assert done.summary["files_new"] == 1
    assert any("missing" in str(error) for error in done.errors)
    assert nothing.records == []
    assert len(run(password_file, "--json", "snapshots", cwd=tmp_path).records) == 2


@pytest.mark.peer
def test_restic_opens_it_with_the_same_password_file(password_file: Path, tmp_path: Path) -> None:
    """Of a real ``init``: key, configuration and folders are restic's to the letter."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "file").write_text("content\n")
    run(password_file, "init", "--block-size", "4M", cwd=tmp_path)
    run(password_file, "backup", "source", cwd=tmp_path)
    restic = Restic(require_program("restic"), str(tmp_path / "repository"), "--password-file", str(password_file))

    restic.check()
    assert "/source/file" in restic("ls", "latest")
    folders = {path.name for path in (tmp_path / "repository").iterdir()}
    assert folders == {"config", "data", "index", "keys", "locks", "snapshots"}
    assert len(list((tmp_path / "repository" / "data").iterdir())) == 256


def test_the_demo_runs(tmp_path: Path) -> None:
    """The first thing that a stranger tries is a script of its own; a copy of it runs here, away from the checkout."""
    copy = tmp_path / "project"
    for name in ("gdp", "docs"):
        shutil.copytree(PROJECT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / ".venv").symlink_to(Path(os.environ.get("VIRTUAL_ENV", PROJECT / ".venv")))
    if not (copy / ".venv" / "bin" / "gdp").exists():
        pytest.skip("gdp is not installed where the demo looks for it")
    done = subprocess.run(
        ["bash", copy / "docs" / "demo.sh"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(copy)},
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "are identical." in done.stdout
