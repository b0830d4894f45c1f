"""A repository that restic made, through our command line."""

import subprocess
from pathlib import Path

import pytest

from tests.cli.command_line import Gdp


@pytest.mark.peer
def test_a_repository_of_restics_is_backed_up_to_after_an_explicit_yes(gdp: Gdp, source: Path, peer_restic: Path) -> None:
    """Large files are cut elsewhere than restic cuts them: said once, before anything is stored twice."""
    restic = [str(peer_restic), "-r", str(gdp.repository), "-p", str(gdp.password_file), "--no-cache", "-q"]
    subprocess.run([*restic, "init"], check=True)
    subprocess.run([*restic, "backup", str(source)], check=True)
    refused = gdp("backup", source)
    assert refused.code == 1
    assert "--accept-foreign-chunking" in refused.err
    assert gdp("--json", "snapshots").summary["snapshots"] == 1
    accepted = gdp("--json", "backup", source, "--accept-foreign-chunking")
    assert accepted.code == 0
    assert accepted.summary["files_unmodified"] == 3
    assert gdp("backup", source).code == 0

    assert subprocess.run([*restic, "check", "--read-data"], check=False).returncode == 0
