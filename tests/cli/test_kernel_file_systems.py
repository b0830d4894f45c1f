"""``/proc`` and its like: nobody wants them in a backup, and whoever backs up ``/`` does not think of them."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import PASSWORD, Gdp, command, here
from tests.conftest import require_program
from tests.interop.restic import Restic

ONLY_THESE = ["-e", "/*", "-e", "!/proc", "-e", "!/sys"]
NOTHING = {"excluded": 0, "too_large": 0, "sockets": 0, "other_file_systems": 0, "kernel_file_systems": 0}


def test_advice_is_not_about_them() -> None:
    """A sample of ``/proc/kcore`` would say that all is 128 TB and cannot be compressed."""
    outcome = here(["--json", "advise", "/", *ONLY_THESE, "--upload-rate", "2M"])

    assert (outcome.summary["files"], outcome.summary["directories"]) == (0, 2)


@pytest.fixture
def mounted(tmp_path: Path) -> list[str]:
    """Return the words that run a command where the source has mounts, which nobody else sees."""
    source = tmp_path / "srv"
    for folder in ("proc", "ours", "deep/kernel"):
        (source / folder).mkdir(parents=True)
    (source / "deep" / "version").write_text("covered\n")
    (source / "plain").write_text("plain\n")
    script = f"""
        mount -t proc proc {source}/proc
        mount -t tmpfs tmpfs {source}/ours
        echo kept > {source}/ours/file
        mount --bind /proc/sys/fs {source}/deep/kernel
        mount --bind /proc/version {source}/deep/version
        exec "$@"
    """
    words = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", script, "sh"]
    if not shutil.which("unshare") or subprocess.run([*words, "true"], capture_output=True, check=False).returncode:
        pytest.skip("mounts are not permitted here")
    return words


def ran(words: list[str]) -> dict[str, Any]:
    """Return the summary of a command that read all of its sources."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    summary: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return summary


@pytest.mark.root
def test_each_stays_as_an_empty_folder(mounted: list[str], ready: Gdp, tmp_path: Path) -> None:
    """To mount on after a restore. A tmpfs is no such file system; a file of one over ours is, and restic reads it all."""
    source = str(tmp_path / "srv")
    summary = ran([*mounted, *command([*ready.options, "--json", "backup", source])])
    scanned = ran([*mounted, *command(["--json", "scan", source])])
    everything = ran([*mounted, *command(["--json", "scan", source, "--include-kernel-file-systems", "-e", "/**/proc/*"])])
    listed = ready("--json", "ls", "latest").records
    paths = {record["path"].removeprefix(f"{tmp_path}/srv") for record in listed if record["message_type"] == "node"}

    assert summary["skipped"] == scanned["skipped"] == {**NOTHING, "kernel_file_systems": 3}
    assert scanned["files"] == summary["total_files_processed"] == 2
    assert everything["files"] > 4
    assert everything["skipped"]["kernel_file_systems"] == 0
    assert paths >= {"/proc", "/deep/kernel", "/ours/file", "/plain"}
    assert not [path for path in paths if path.startswith(("/proc/", "/deep/kernel/", "/deep/version"))]
    theirs, opens = Restic(require_program("restic"), str(ready.repository)), {"RESTIC_PASSWORD": PASSWORD.strip()}
    names = {line.removeprefix(f"{tmp_path}/srv") for line in theirs("ls", "latest", environment=opens).splitlines()}
    assert {"/proc", "/deep/kernel", "/ours/file"} <= names
    theirs("check", "--read-data", environment=opens)
